using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Clusters.Health;

/// <summary>How it is found out which destinations of a cluster are well, and what follows from it. Immutable, with value equality.</summary>
public sealed record ClusterHealth
{
    /// <summary>Whether destinations are asked how they are. Default <see langword="null"/>: only the requests show it.</summary>
    public ActiveHealth? Active { get; init; }

    /// <summary>When a destination that does worse than the others is left alone for a while.</summary>
    public OutlierEjection Outliers { get; init; } = new();

    /// <summary>
    /// Panic: when health checks and ejections together leave fewer than this many percent of the destinations, both are ignored, because then it is
    /// more likely that the checks are wrong than that all the destinations are. 0 to 100; 0 switches it off, and requests are answered 503 once
    /// none is left. Default 50.
    /// </summary>
    [Range(0, 100)]
    public double PanicThreshold { get; init; } = 50;

    /// <summary>
    /// Whether a destination gets no requests before <see cref="Active"/>, which this needs, has found it well once. Default no: one of which
    /// nothing is known gets its share.
    /// </summary>
    public bool RequireFirstProbe { get; init; }

    /// <summary>How a destination that joins a cluster in service gets its share little by little.</summary>
    public SlowStart SlowStart { get; init; } = new();

    /// <summary>Whether health checks have found a destination ill, and are in force.</summary>
    internal bool KeepsOut(DestinationHealth destination) => Active is { Mode: PolicyMode.Enforce } && destination.Probes.State is HealthState.Unhealthy;

    /// <summary>Whether a destination has to be found well first.</summary>
    internal bool Awaits(DestinationHealth destination) => RequireFirstProbe && Active is { Mode: PolicyMode.Enforce } && destination.Probes.State is HealthState.Unknown;

    /// <summary>
    /// Whether a destination counts among those that there are. One that awaits its first check is no part of the cluster yet: it must not count as ill, or
    /// a start would be a panic.
    /// </summary>
    internal bool TakesPart(DestinationState destination) => destination is { Weight: > 0, IsDraining: false, Health: { } health } && !Awaits(health);

    internal DestinationHealth[] MembersOf(IEnumerable<DestinationState> destinations) => [.. destinations.Where(TakesPart).Select(static destination => destination.Health!)];

    /// <summary>Whether so few of them are fit that health checks and ejections are not to be believed.</summary>
    internal bool IsPanic(int fit, int count) => fit * 100.0 < PanicThreshold * count;
}
