using GatewayKit.Pipeline;

namespace GatewayKit.Identity.ExternalAuthorization;

/// <summary>What a service said of a request.</summary>
internal enum AuthorizationVerdict
{
    /// <summary>Nothing that counts: there is no answer, or one that says neither yes nor no.</summary>
    Unavailable,

    Allowed,
    Unauthenticated,
    Forbidden,

    /// <summary>The person is to go elsewhere first, such as to a page to sign in.</summary>
    Redirected,
}

/// <summary>An answer of the service, as far as it is of use. Immutable, so that it can be kept.</summary>
/// <param name="Verdict">What it says.</param>
/// <param name="Outcome">The same in a word for logs and metrics, or why there is none.</param>
internal sealed record AuthorizationAnswer(AuthorizationVerdict Verdict, string Outcome)
{
    public static AuthorizationAnswer Malformed { get; } = new(AuthorizationVerdict.Unavailable, "malformed");

    public static AuthorizationAnswer GivenUp { get; } = new(AuthorizationVerdict.Unavailable, "given-up");

    public static AuthorizationAnswer WithoutConsumer { get; } = new(AuthorizationVerdict.Unavailable, "no-consumer");

    /// <summary>What takes the place of a client's fields in what goes to the destination; <see langword="null"/> if nothing does.</summary>
    public AnswerTransform? ForDestination { get; init; }

    /// <summary>The fields that go to the client.</summary>
    public AnswerField[] ForClient { get; init; } = [];

    /// <summary>How the client may say who it is, of a refusal.</summary>
    public string[] Challenges { get; init; } = [];

    /// <summary>Who is calling, if the service was to say.</summary>
    public string? Consumer { get; init; }

    /// <summary>The status of the answer.</summary>
    public int Status { get; init; }

    /// <summary>Where to, if the person is to go elsewhere.</summary>
    public string? Location { get; init; }

    /// <summary>How long it may be kept.</summary>
    public TimeSpan KeepFor { get; init; }

    /// <summary>Whether it may serve others that ask the same: what the client gets may be made for one, such as the cookie of a sign-in that has just begun.</summary>
    public bool IsForAll => ForClient.Length == 0 && Verdict is not AuthorizationVerdict.Redirected;
}

/// <summary>A field of an answer.</summary>
internal readonly record struct AnswerField(string Name, string[] Values);

/// <summary>Removes what clients send in the fields that the service fills, then writes what it said.</summary>
internal sealed class AnswerTransform(FieldNames names, AnswerField[] fields) : IForwardTransform
{
    public void TransformRequest(ForwardRequest request)
    {
        request.RemoveAliases(names);
        foreach (var (name, values) in fields)
        {
            request.AppendHeader(name, values);
        }
    }

    /// <summary>The same for what serves the request in this process.</summary>
    public void Apply(Microsoft.AspNetCore.Http.HttpRequest request)
    {
        foreach (var name in request.Headers.Keys.Where(names.Contain).ToArray())
        {
            request.Headers.Remove(name);
        }

        foreach (var (name, values) in fields)
        {
            request.Headers[name] = values;
        }
    }
}
