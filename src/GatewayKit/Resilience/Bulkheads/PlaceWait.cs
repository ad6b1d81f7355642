namespace GatewayKit.Resilience.Bulkheads;

/// <summary>What came of waiting for a place.</summary>
internal enum PlaceWait
{
    /// <summary>One came free.</summary>
    Taken,

    /// <summary>Too many wait already.</summary>
    QueueFull,

    /// <summary>None came free in time, or none would.</summary>
    TooLate,
}
