using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Resilience.Admission;

/// <summary>
/// Sends on only a part of the requests while what is behind fails: the more fail, the fewer are sent, drawn one by one. There is no state that opens and
/// closes, and some always get through, so that it is seen at once when all is well again. The rest is answered 503 <c>overloaded</c> with <c>Retry-After</c>. On a
/// cluster each attempt counts, on an endpoint each request; only those that were sent do.
/// </summary>
public sealed record AdmissionPolicy : IGuardPolicy, IValidatableObject
{
    private static readonly TimeSpan ShortestWindow = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWindow = TimeSpan.FromMinutes(10);

    /// <summary>How many of a hundred must succeed for all to be sent, 1 to 100. Default 95.</summary>
    [Range(1, 100)]
    public double SuccessPercent { get; init; } = 95;

    /// <summary>How far back results count, 1 s to 10 min, in ten steps. Default 30 s.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How hard a few failures are taken, 1 to 10: the share that is held back is raised to 1 divided by it. Default 1, in proportion.</summary>
    [Range(1.0, 10.0)]
    public double Aggression { get; init; } = 1;

    /// <summary>How many of a hundred requests are held back at most, 1 to 95. Default 80: a fifth gets through to see how it goes.</summary>
    [Range(1, 95)]
    public double MaxRejectPercent { get; init; } = 80;

    /// <summary>How many requests a second must come, on average of the window, before any is held back, 0 to 1,000,000; attempts are not counted. Default 5: three failures at night say nothing.</summary>
    [Range(0, 1_000_000)]
    public double MinRequestRate { get; init; } = 5;

    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }

    /// <summary>
    /// On an endpoint, of how many of a hundred callers requests are held back, 1 to 100; for the others it runs as in <see cref="PolicyMode.Shadow"/>. Default 100, all
    /// of them, as it must be on a cluster.
    /// </summary>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    GatewayStage IGatewayPolicy.Stage => GatewayStage.Protect;

    GuardPlace IGuardPolicy.Guard => GuardPlace.Admission;

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (Window < ShortestWindow || Window > LongestWindow)
        {
            yield return new($"Window is {Window:c}; it must be from {ShortestWindow:c} to {LongestWindow:c}.", [nameof(Window)]);
        }
    }
}
