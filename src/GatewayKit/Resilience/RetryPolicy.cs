using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Resilience;

/// <summary>
/// When a request of a cluster is sent again. Whatever it says, a request that could have been processed is sent again only if sending it
/// twice is the same as once (RFC 9110 §9.2.2), or if the client has numbered it and <see cref="HonorIdempotencyKey"/> says that
/// destinations look at the number.
/// </summary>
public sealed record RetryPolicy
{
    /// <summary>Off, watching, or in force. Default <see cref="PolicyMode.Enforce"/>. In shadow each retry that would be made is counted, and requests go on to other destinations as without a policy.</summary>
    public PolicyMode Mode { get; init; } = PolicyMode.Enforce;

    /// <summary>
    /// Attempts after the first, 0 to 2; 0 is none at all. Default 1: each one more multiplies what a destination in trouble gets. Unless it is 0, up
    /// to two are made while destinations cannot be reached: those got nothing.
    /// </summary>
    [Range(0, 2)]
    public int MaxRetries { get; init; } = 1;

    /// <summary>
    /// The answers that are asked for again: of 408, 425, 429, 500, 502, 503 and 504. Default 502, 503 and 504. Whatever is no answer,
    /// such as a connection that is refused or reset, is retried in any case.
    /// </summary>
    public IReadOnlyList<int> Statuses { get; init => field = ValueList<int>.From(value); } = ValueList<int>.From([502, 503, 504]);

    /// <summary>The most that is waited before the first retry; the wait is drawn evenly from zero to it, and it doubles each time. Default 25 ms.</summary>
    public TimeSpan BaseDelay { get; init; } = TimeSpan.FromMilliseconds(25);

    /// <summary>The most that is waited before any retry, unless a destination asks for more by <c>Retry-After</c>. Default 250 ms.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// The longest <c>Retry-After</c> that is waited for, as far as the deadline allows. An answer that asks for more goes to the client as it is.
    /// Default 10 s.
    /// </summary>
    public TimeSpan MaxRetryAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How much of a request's body is kept so that it can be sent again, in bytes, 0 to 65,536. Default 0: only a request of whose body
    /// nothing was read is sent again. A larger body goes on its way as ever and cannot be retried.
    /// </summary>
    [Range(0, 65_536)]
    public int ReplayBufferBytes { get; init; }

    /// <summary>
    /// Whether <c>Idempotency-Key</c> makes a POST or PATCH repeatable. Default no: say yes where every destination keeps the keys it has seen.
    /// </summary>
    public bool HonorIdempotencyKey { get; init; }

    /// <summary>How many retries there may be for the requests that come.</summary>
    public RetryBudgetPolicy Budget { get; init; } = new();
}
