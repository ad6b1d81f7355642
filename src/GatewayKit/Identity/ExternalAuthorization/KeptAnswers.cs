using GatewayKit.Identity.OwnCalls;

namespace GatewayKit.Identity.ExternalAuthorization;

/// <summary>Answers that allow, for as long as they hold. Bounded, and safe for concurrent use.</summary>
/// <param name="most">How many there may be.</param>
/// <param name="time">The clock.</param>
internal sealed class KeptAnswers(int most, TimeProvider time)
{
    private readonly TokenCache<Kept> _answers = new(most);

    /// <summary>How many there are, including some that hold no longer.</summary>
    public int Count => _answers.Count;

    /// <summary>An answer that still holds.</summary>
    public AuthorizationAnswer? Find(in TokenHash question) => _answers.Find(question) is { } kept && time.GetTimestamp() < kept.Until ? kept.Answer : null;

    /// <summary>Keeps an answer for as long as it says.</summary>
    /// <param name="question">Of what.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="asked">When the question went out: the service may have thought otherwise since.</param>
    public void Keep(in TokenHash question, AuthorizationAnswer answer, long asked) =>
        _answers.Set(question, new(answer, asked + (long)(answer.KeepFor.TotalSeconds * time.TimestampFrequency)));

    private sealed record Kept(AuthorizationAnswer Answer, long Until);
}
