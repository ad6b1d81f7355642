using GatewayKit.Clusters.Balancing;

namespace GatewayKit.Clusters.Health;

/// <summary>
/// The destinations that may be picked, until something changes or a share grows with time. A pick reads one reference and, where nothing changes by
/// time alone, no clock.
/// </summary>
internal sealed class Availability(DestinationSet set, long expires)
{
    private long _expires = expires;

    public DestinationSet Set { get; } = set;

    /// <summary>How many get requests.</summary>
    public int Count => Set.Count;

    /// <summary>Why there is no destination when there is none.</summary>
    public PickRefusal Refusal { get; init; } = PickRefusal.NoneHealthy;

    /// <summary>Whether health checks and ejections are ignored.</summary>
    public bool IsPanic { get; init; }

    /// <summary>How many destinations take part, and how many of them health checks and ejections leave.</summary>
    public (int Count, int Fit) Members { get; init; }

    /// <summary>Whether all of them are recovering: then there is nobody to leave the rest of their shares to.</summary>
    public bool IsRecovering { get; init; }

    /// <summary>Whether it is time to look again.</summary>
    public bool IsOver(TimeProvider time) => Volatile.Read(ref _expires) is not long.MaxValue and var expires && (expires == long.MinValue || time.GetTimestamp() >= expires);

    /// <summary>Something has changed.</summary>
    public void Expire() => Volatile.Write(ref _expires, long.MinValue);
}
