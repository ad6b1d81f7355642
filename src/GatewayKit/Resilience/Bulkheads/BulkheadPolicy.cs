using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace GatewayKit.Resilience.Bulkheads;

/// <summary>
/// Limits how many requests are in flight at an endpoint at once, so that a slow one cannot take all threads, connections and memory. A place is
/// held until the answer is written, however slowly the client reads. More are answered 503 <c>overloaded</c> with <c>Retry-After</c>.
/// </summary>
public sealed record BulkheadPolicy : IGuardPolicy, IValidatableObject
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    /// <summary>How many may be in flight at once, 1 to 1,000,000. Streams are not among them.</summary>
    [Range(1, 1_000_000)]
    public required int MaxInFlight { get; init; }

    /// <summary>
    /// How many more may wait for a place, first come first served, 0 to 1,000,000. Default 0; with <see cref="Adaptive"/> a tenth of the places
    /// that there are, at least 8.
    /// </summary>
    [Range(0, 1_000_000)]
    public int? Queue { get; init; }

    /// <summary>How long one waits, at most until its deadline: more than zero, at most a minute. Default 100 ms, enough for a burst.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// How many streams may be open besides, 1 to 1,000,000: WebSockets, gRPC calls, and answers of <c>text/event-stream</c>, which are requests until their head
    /// is there. Streams do not wait. Default: as many as <see cref="MaxInFlight"/>.
    /// </summary>
    [Range(1, 1_000_000)]
    public int? MaxStreams { get; init; }

    /// <summary>
    /// The name of a bulkhead that endpoints share, such as that of the database they use; case is ignored. Each is let in while fewer than its
    /// own <see cref="MaxInFlight"/> are in flight at all of them, so that the one with the lower number gives way first. Default: the endpoint's own.
    /// </summary>
    public string? Name { get; init; }

    /// <summary>
    /// Lets the number of places follow what the endpoint can do, up to <see cref="MaxInFlight"/>. Default <see langword="null"/>: the number is fixed.
    /// </summary>
    [ValidateObjectMembers]
    public AdaptiveLimit? Adaptive { get; init; }

    /// <summary>
    /// Lets classes of requests share the places, so that those that matter less give way first. Default <see langword="null"/>: all are alike.
    /// </summary>
    [ValidateObjectMembers]
    public PriorityShares? Priorities { get; init; }

    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    /// <summary>What is tried beside it on every request: another one in <see cref="PolicyMode.Shadow"/> of the same name, with places of its own. Default <see langword="null"/>: nothing.</summary>
#pragma warning disable SYSLIB1212 // What is inside is checked at the start and on reload, with its path.
    public BulkheadPolicy? Candidate { get; init; }
#pragma warning restore SYSLIB1212

    IGatewayPolicy? IGatewayPolicy.Candidate => Candidate;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    GatewayStage IGatewayPolicy.Stage => GatewayStage.Protect;

    GuardPlace IGuardPolicy.Guard => GuardPlace.Bulkhead;

    // A shared one adds to the endpoint's own.
    object IGatewayPolicy.Slot => (typeof(BulkheadPolicy), Name?.ToUpperInvariant());

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (MaxWait <= TimeSpan.Zero || MaxWait > LongestWait)
        {
            yield return new($"MaxWait is {MaxWait:c}; it must be more than zero and at most {LongestWait:c}. Who should not wait at all has Queue 0.", [nameof(MaxWait)]);
        }

        if (Name is { } name && string.IsNullOrWhiteSpace(name))
        {
            yield return new("Name is empty. Give the shared bulkhead a name or leave it out.", [nameof(Name)]);
        }
    }
}
