namespace GatewayKit.Resilience.Shedding;

/// <summary>What is done about load, each with all before it.</summary>
internal enum LoadLevel
{
    /// <summary>Nothing.</summary>
    Normal,

    /// <summary>One connection in ten is closed with its next answer, so that its client connects anew, which may be elsewhere.</summary>
    CloseConnections,

    /// <summary>A quarter as many may wait for places.</summary>
    ShrinkQueues,

    /// <summary>The lowest class is refused, and those that are in none.</summary>
    ShedLowest,

    /// <summary>Only the highest class passes.</summary>
    ShedAllButHighest,

    /// <summary>Nobody does.</summary>
    ShedAll,
}
