using System.ComponentModel.DataAnnotations;
using System.Globalization;
using GatewayKit.Pipeline;

namespace GatewayKit.Throttling.Quotas;

/// <summary>Limits how much may be used in a window of time, such as a month.</summary>
public sealed record QuotaPolicy : IOrderedPolicy, IValidatableObject, IPartitionedPolicy, INeedsConsumer, IPlanLimit
{
    private const long MaxLimit = 1_000_000_000_000_000;

    /// <summary>Units in each window, 1 to 1,000,000,000,000,000.</summary>
    public required long Limit { get; init; }

    /// <summary>The time that is counted over.</summary>
    public required QuotaWindow Window { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); }

    /// <summary>What is counted. Default <see cref="QuotaUnit.Requests"/>.</summary>
    public QuotaUnit Unit { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = QuotaUnit.Requests;

    /// <summary>What shares one count. Default <see cref="ThrottlePartition.ClientAddress"/>.</summary>
    public ThrottlePartition Partition { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = ThrottlePartition.ClientAddress;

    /// <summary>
    /// Units that a request takes, 0 to <see cref="Limit"/>. Default 1. Of a named cost, what is reserved until the true one is known; of bytes, not used.
    /// </summary>
    public long Cost { get; init; } = 1;

    /// <summary>
    /// A field of the answer that says what a request has cost, as a whole number. Default none. Only with <see cref="QuotaUnit.Cost"/>; what is reported in code counts
    /// more. The field is sent on to the client.
    /// </summary>
    public string? CostHeader { get; init; }

    /// <summary>Which requests are counted. Default <see cref="QuotaCountWhen.Served"/>.</summary>
    public QuotaCountWhen CountWhen { get; init; }

    /// <summary>Units beyond <see cref="Limit"/> that are let through and metered, 0 to 1,000,000,000,000,000. Default 0: nothing is.</summary>
    public long MaxOverage { get; init; }

    /// <summary>The share of <see cref="Limit"/> in percent at which an event says so once in each window, 1 to 100. Default 80. At the limit there is another.</summary>
    [Range(1, 100)]
    public int WarnAtPercent { get; init; } = 80;

    /// <summary>
    /// What clients, events and metrics call it: 1 to 64 printable ASCII characters. Default by the window: <c>day</c>, <c>week</c>, <c>month</c>, <c>year</c>, <c>rolling</c>,
    /// <c>first-use</c> or <c>lifetime</c>.
    /// </summary>
    public string? Name { get; init; }

    /// <summary>
    /// What becomes of requests while a store does not answer that is not the embedded one. Default <see cref="StoreFailureAction.FallBackToLocal"/>: they are counted in the memory of the instance,
    /// with the whole limit. Those that <see cref="StoreFailureAction.Allow"/> lets pass are not counted.
    /// </summary>
    public StoreFailureAction OnStoreFailure { get; init; }

    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    /// <summary>What is tried beside it on every request: another one in <see cref="PolicyMode.Shadow"/> of the same partition, unit and window, with a count of its own. Default <see langword="null"/>: nothing.</summary>
#pragma warning disable SYSLIB1212 // What is inside is checked at the start and on reload, with its path.
    public QuotaPolicy? Candidate { get; init; }
#pragma warning restore SYSLIB1212

    internal string EffectiveName => Name ?? Window.DefaultName;

    IGatewayPolicy? IGatewayPolicy.Candidate => Candidate;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    // Rates refuse first: what they refuse needs no reservation.
    GatewayStage IGatewayPolicy.Stage => GatewayStage.Limit;

    int IOrderedPolicy.Order => 1;

    // Another limit of the same purpose overrides; a day beside a month adds up.
    object IGatewayPolicy.Slot => (typeof(QuotaPolicy), Partition, Unit, Window);

    ICallerKey? IPartitionedPolicy.CallerKey => Partition.CallerKey;

    string? INeedsConsumer.NeedsConsumerFor => Partition.NeedsConsumer ? "Partition is Consumer" : null;

    string? IPlanLimit.FaultInPlan => Partition == ThrottlePartition.ClientAddress ? null : "A limit of a plan counts by subscription. Remove Partition.";

    IGatewayPolicy IPlanLimit.PerSubscription() => this with { Partition = ThrottlePartition.Subscription };

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        foreach (var error in Window.Errors)
        {
            yield return new(error, [nameof(Window)]);
        }

        foreach (var (name, value, least) in ((string, long, long)[])[(nameof(Limit), Limit, 1), (nameof(Cost), Cost, 0), (nameof(MaxOverage), MaxOverage, 0)])
        {
            if (value < least || value > MaxLimit)
            {
                yield return new(string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; it must be from {least} to {MaxLimit}."), [name]);
            }
        }

        if (Name is not null && !LimitNames.Is(Name))
        {
            yield return new($"Name is '{Name}'; it must be 1 to {LimitNames.MaxLength} printable ASCII characters, because it stands in a header.", [nameof(Name)]);
        }

        if (Limit >= 1 && Cost > Limit)
        {
            yield return new(string.Create(CultureInfo.InvariantCulture, $"Cost is {Cost} and Limit {Limit}: no request could ever pass. Lower Cost or raise Limit."), [nameof(Cost)]);
        }

        if (Unit == QuotaUnit.Requests && Cost == 0)
        {
            yield return new("Cost is 0, so that no request would ever count. It must be at least 1; only a named cost may be known later.", [nameof(Cost)]);
        }

        if (CostHeader is not null && Unit.CostName is null)
        {
            yield return new($"CostHeader is of no use with {Unit}, which is counted by the gateway. Set Unit to Cost:<name>, or remove it.", [nameof(CostHeader)]);
        }
        else if (CostHeader is not null && !HttpToken.Is(CostHeader))
        {
            yield return new($"'{CostHeader}' is not a header name.", [nameof(CostHeader)]);
        }
    }
}
