using System.ComponentModel.DataAnnotations;
using System.Globalization;
using GatewayKit.Pipeline;

namespace GatewayKit.Throttling;

/// <summary>Limits how fast requests may arrive.</summary>
public sealed record ThrottlePolicy : IGatewayPolicy, IValidatableObject
{
    /// <summary>The longest time that an empty allowance may take to refill: one year. Longer ones are quotas, and would not fit the clock.</summary>
    private const double MaxRefillSeconds = 365 * 86_400d;

    private const double MinRequestsPerSecond = 0.001;

    /// <summary>Sustained rate in requests per second, 0.001 to 1,000,000.</summary>
    [Range(MinRequestsPerSecond, 1_000_000)]
    public required double RequestsPerSecond { get; init; }

    /// <summary>Requests accepted at once after an idle spell, 1 to 1,000,000. Default 1.</summary>
    [Range(1, 1_000_000)]
    public int Burst { get; init; } = 1;

    /// <summary>What shares one allowance. Default <see cref="ThrottlePartition.ClientAddress"/>.</summary>
    public ThrottlePartition Partition { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = ThrottlePartition.ClientAddress;

    /// <summary>
    /// What clients know it by, in <c>RateLimit</c> and in problems: 1 to 64 printable ASCII characters. Default <c>address</c>, <c>route</c>,
    /// <c>shared</c> (by <see cref="ThrottlePartition.Constant"/>) or the name of the header in lower case.
    /// </summary>
    public string? Name { get; init; }

    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    /// <summary>What is tried beside it on every request: another one in <see cref="PolicyMode.Shadow"/> of the same partition, with an allowance of its own. Default <see langword="null"/>: nothing.</summary>
#pragma warning disable SYSLIB1212 // What is inside is checked at the start and on reload, with its path.
    public ThrottlePolicy? Candidate { get; init; }
#pragma warning restore SYSLIB1212

    IGatewayPolicy? IGatewayPolicy.Candidate => Candidate;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    // An address is known before identity: refuse it before a key is looked up.
    GatewayStage IGatewayPolicy.Stage => Partition == ThrottlePartition.ClientAddress ? GatewayStage.Admit : GatewayStage.Limit;

    object IGatewayPolicy.Slot => (typeof(ThrottlePolicy), Partition);

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        // What is outside its own range is told by its range.
        if (RequestsPerSecond >= MinRequestsPerSecond && Burst / RequestsPerSecond > MaxRefillSeconds)
        {
            yield return new(
                string.Create(CultureInfo.InvariantCulture, $"A burst of {Burst} at {RequestsPerSecond} requests per second takes more than a year to refill. Lower Burst or raise RequestsPerSecond."),
                [nameof(Burst)]);
        }

        if (Name is not null && !LimitNames.Is(Name))
        {
            yield return new($"Name is '{Name}'; it must be 1 to {LimitNames.MaxLength} printable ASCII characters, because it stands in a header.", [nameof(Name)]);
        }
    }
}
