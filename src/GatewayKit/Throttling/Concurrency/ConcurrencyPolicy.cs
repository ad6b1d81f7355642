using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Throttling.Concurrency;

/// <summary>
/// Limits how many requests of one caller are in flight at an endpoint at once, so that slow ones of one do not take what others need. A place is held until the
/// answer is written; WebSockets and streams hold one as long as they are open. More are answered 429 <c>concurrency-limited</c> with <c>Retry-After</c>; nobody waits.
/// </summary>
public sealed record ConcurrencyPolicy : IGatewayPolicy, IValidatableObject, IPartitionedPolicy, INeedsConsumer, IPlanLimit
{
    /// <summary>How many of one caller may be in flight at once, 1 to 1,000,000.</summary>
    [Range(1, 1_000_000)]
    public required int MaxInFlight { get; init; }

    /// <summary>Whose requests count together. Default <see cref="ThrottlePartition.ClientAddress"/>. Requests that cannot be told apart share the places of one caller.</summary>
    public ThrottlePartition Partition { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = ThrottlePartition.ClientAddress;

    /// <summary>What clients know it by, in <c>RateLimit</c> and in problems: 1 to 64 printable ASCII characters. Default <c>inflight</c>.</summary>
    public string? Name { get; init; }

    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    /// <summary>What is tried beside it on every request: another one in <see cref="PolicyMode.Shadow"/> of the same partition, with places of its own. Default <see langword="null"/>: nothing.</summary>
#pragma warning disable SYSLIB1212 // What is inside is checked at the start and on reload, with its path.
    public ConcurrencyPolicy? Candidate { get; init; }
#pragma warning restore SYSLIB1212

    IGatewayPolicy? IGatewayPolicy.Candidate => Candidate;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    // An address is known before identity.
    GatewayStage IGatewayPolicy.Stage => Partition.IsOfAddress ? GatewayStage.Admit : GatewayStage.Limit;

    object IGatewayPolicy.Slot => (typeof(ConcurrencyPolicy), Partition);

    ICallerKey? IPartitionedPolicy.CallerKey => Partition.CallerKey;

    string? INeedsConsumer.NeedsConsumerFor => Partition.NeedsConsumer ? "Partition is Consumer" : null;

    string? IPlanLimit.FaultInPlan => Partition == ThrottlePartition.ClientAddress ? null : "A limit of a plan counts by subscription. Remove Partition.";

    IGatewayPolicy IPlanLimit.PerSubscription() => this with { Partition = ThrottlePartition.Subscription };

    internal string EffectiveName => Name ?? "inflight";

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (Name is not null && !LimitNames.Is(Name))
        {
            yield return new($"Name is '{Name}'; it must be 1 to {LimitNames.MaxLength} printable ASCII characters, because it stands in a header.", [nameof(Name)]);
        }
    }
}
