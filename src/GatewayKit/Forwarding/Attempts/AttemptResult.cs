namespace GatewayKit.Forwarding.Attempts;

/// <summary>What came of one attempt at a destination, as resilience strategies see it: an answer whose body is unread, or an error.</summary>
public readonly struct AttemptResult
{
    private readonly HttpResponseMessage? _answer;
    private readonly ForwardError _error;

    internal AttemptResult(Exchange exchange) => Exchange = exchange;

    internal AttemptResult(ForwardError error, TimeSpan? retryAfter = null) => (_error, RetryAfter) = (error, retryAfter);

    private AttemptResult(HttpResponseMessage answer) => _answer = answer;

    /// <summary>The answer; <see langword="null"/> if there is none.</summary>
    public HttpResponseMessage? Answer => _answer ?? (Error is ForwardError.None ? Exchange?.Response : null);

    /// <summary>How it failed; <see cref="ForwardError.None"/> if there is an answer.</summary>
    public ForwardError Error => Exchange?.Error ?? _error;

    /// <summary>The destination that was asked; <see langword="null"/> if none was.</summary>
    public string? DestinationId => Exchange?.Destination.Id;

    /// <summary>When it is worth trying again, if the gateway itself knows.</summary>
    internal TimeSpan? RetryAfter { get; }

    /// <summary>The attempt; <see langword="null"/> if there was no destination for it.</summary>
    internal Exchange? Exchange { get; }

    /// <summary>An answer that a strategy makes in place of the destination's.</summary>
    public static AttemptResult FromAnswer(HttpResponseMessage answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return new(answer);
    }
}
