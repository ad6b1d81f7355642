namespace GatewayKit.Clusters.Health;

/// <summary>What came of asking a destination how it is.</summary>
internal enum ProbeOutcome
{
    /// <summary>It is well.</summary>
    Passed,

    /// <summary>It answered, and not that it is well.</summary>
    BadAnswer,

    /// <summary>There was no whole answer in time.</summary>
    TimedOut,

    /// <summary>There was no connection, or it broke.</summary>
    Unreachable,

    /// <summary>It was not asked: all its connections are in use, and waiting for one would say nothing.</summary>
    Skipped,
}
