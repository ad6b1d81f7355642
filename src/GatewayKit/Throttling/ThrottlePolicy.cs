using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;
using GatewayKit.Throttling.Sharing;

namespace GatewayKit.Throttling;

/// <summary>Limits how fast requests may arrive: by <see cref="RequestsPerSecond"/>, or by <see cref="Limit"/> and <see cref="Window"/>.</summary>
public sealed record ThrottlePolicy : IGatewayPolicy, IValidatableObject, IPartitionedPolicy, INeedsConsumer, IPlanLimit
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>Sustained rate in requests per second, 0.001 to 1,000,000. Default none: <see cref="Limit"/> and <see cref="Window"/> say it.</summary>
    [Range(0.001, 1_000_000)]
    public double? RequestsPerSecond { get; init; }

    /// <summary>Units in each <see cref="Window"/>, 1 to 1,000,000,000, and at most 100,000,000 a second. Default none: <see cref="RequestsPerSecond"/> says it.</summary>
    [Range(1, ThrottleRules.MaxUnits)]
    public int? Limit { get; init; }

    /// <summary>The time of <see cref="Limit"/>, 1 s to 365 days. Default none.</summary>
    public TimeSpan? Window { get; init; }

    /// <summary>
    /// Units accepted at once after an idle spell, 1 to 1,000,000,000. Default a tenth of the limit, but at least 10, and not more than the limit itself, which is
    /// <see cref="Limit"/> or <see cref="RequestsPerSecond"/>. Not with <see cref="RateAlgorithm.SlidingWindow"/>, which accepts all of it.
    /// </summary>
    [Range(1, ThrottleRules.MaxUnits)]
    public int? Burst { get; init; }

    /// <summary>How it is counted. Default <see cref="RateAlgorithm.TokenBucket"/>.</summary>
    public RateAlgorithm Algorithm { get; init; }

    /// <summary>Units that a request takes; 0 only with <see cref="CostName"/> or <see cref="CostHeader"/>. Default <see cref="RequestCost.One"/>.</summary>
    public RequestCost Cost { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = RequestCost.One;

    /// <summary>
    /// The name of a cost that is known when a request is done: a token of at most 64 characters. <see cref="Cost"/> is taken until
    /// <see cref="Microsoft.AspNetCore.Http.QuotaHttpContextExtensions.ReportCost"/> says the true one; what was too little is owed, up to <see cref="Burst"/>. Default none.
    /// </summary>
    public string? CostName { get; init; }

    /// <summary>
    /// A field of the answer that says what a request has cost, as a whole number. Default none. What is reported in code as <see cref="CostName"/> counts more. The field is sent on to
    /// the client.
    /// </summary>
    public string? CostHeader { get; init; }

    /// <summary>
    /// How long a request that comes too early may be held back instead of being refused, 0 to 1 minute. Default 0: it is refused. Only with <see cref="RateAlgorithm.TokenBucket"/>.
    /// </summary>
    public TimeSpan MaxDelay { get; init; }

    /// <summary>What shares one allowance. Default <see cref="ThrottlePartition.ClientAddress"/>.</summary>
    public ThrottlePartition Partition { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = ThrottlePartition.ClientAddress;

    /// <summary>
    /// What clients know it by, in <c>RateLimit</c> and in problems: 1 to 64 printable ASCII characters. Default <c>address</c>, <c>route</c>,
    /// <c>shared</c> (by <see cref="ThrottlePartition.Constant"/>) or the name of the header, claim or function in lower case; of several parts all of them.
    /// </summary>
    public string? Name { get; init; }

    /// <summary>
    /// How the instances of the gateway share the rate. Default <see cref="RateSharing.Local"/>: each has all of it. Other ways need an <see cref="IRateStore"/>, and do not go with
    /// <see cref="MaxDelay"/>.
    /// </summary>
    public RateSharing Sharing { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = RateSharing.Local;

    /// <summary>What becomes of requests while the store of a shared rate does not answer. Default <see cref="StoreFailureAction.FallBackToLocal"/>.</summary>
    public StoreFailureAction OnStoreFailure { get; init; }

    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    /// <summary>What is tried beside it on every request: another one in <see cref="PolicyMode.Shadow"/> of the same partition, window and kind of cost, with an allowance of its own. Default <see langword="null"/>: nothing.</summary>
#pragma warning disable SYSLIB1212 // What is inside is checked at the start and on reload, with its path.
    public ThrottlePolicy? Candidate { get; init; }
#pragma warning restore SYSLIB1212

    IGatewayPolicy? IGatewayPolicy.Candidate => Candidate;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    /// <summary>Whether the true cost is known when the request is done.</summary>
    internal bool IsSettled => CostName is not null || CostHeader is not null;

    internal string EffectiveName => Name ?? Partition.DefaultName;

    /// <summary>What it counts, to be compared: two rates of different things have nothing to do with each other.</summary>
    internal object Unit => CostName is not null ? (nameof(CostName), CostName.ToUpperInvariant())
        : CostHeader is not null ? (nameof(CostHeader), CostHeader.ToUpperInvariant())
        : Cost.Fixed is not null ? RequestCost.One
        : Cost;

    /// <summary>The numbers that decide, in one form.</summary>
    internal RateRule Rule => ThrottleRules.Of(this);

    // An address is known before identity: refuse it before a key is looked up.
    GatewayStage IGatewayPolicy.Stage => Partition.IsOfAddress ? GatewayStage.Admit : GatewayStage.Limit;

    // Another limit of the same purpose overrides; a minute beside an hour adds up, and so do bytes beside requests.
    object IGatewayPolicy.Slot => (typeof(ThrottlePolicy), Partition, Window ?? Second, Unit);

    ICallerKey? IPartitionedPolicy.CallerKey => Partition.CallerKey;

    string? INeedsConsumer.NeedsConsumerFor => Partition.NeedsConsumer ? "Partition is Consumer" : null;

    string? IPlanLimit.FaultInPlan => Partition == ThrottlePartition.ClientAddress ? null : "A limit of a plan counts by subscription. Remove Partition.";

    IGatewayPolicy IPlanLimit.PerSubscription() => this with { Partition = ThrottlePartition.Subscription };

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext) => ThrottleRules.Errors(this);
}
