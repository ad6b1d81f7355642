namespace GatewayKit.Chaos;

/// <summary>Something that is wrong with the connections through a proxy. Several act at once, always in the order of this file.</summary>
public abstract record Toxic
{
    /// <summary>Which way it acts. Default both.</summary>
    public Flow Flow { get; init; } = Flow.Both;

    /// <summary>Which share of the connections has it, 0 to 1, drawn once for each under the seed of the proxy. Default all.</summary>
    public double Share { get; init; } = 1;
}

/// <summary>Nothing passes while it is there; what has come is held, and goes on when it is removed, as after a partition that heals.</summary>
public sealed record BlackHole : Toxic
{
    /// <summary>How long something is held before the connection is closed. Default for ever.</summary>
    public TimeSpan CloseAfter { get; init; } = Timeout.InfiniteTimeSpan;
}

/// <summary>Everything comes later, the end too. Order is kept.</summary>
/// <param name="Delay">By how much.</param>
public sealed record Latency(TimeSpan Delay) : Toxic
{
    /// <summary>Each chunk is up to this much later or earlier. Default none.</summary>
    public TimeSpan Jitter { get; init; }
}

/// <summary>So much passes in a second.</summary>
/// <param name="BytesPerSecond">At least 1.</param>
public sealed record Bandwidth(long BytesPerSecond) : Toxic;

/// <summary>Bytes come in small pieces, each in a segment of its own.</summary>
/// <param name="Size">Of a piece, at least 1.</param>
public sealed record Slicer(int Size) : Toxic
{
    /// <summary>A piece is up to this much smaller or larger. Default none.</summary>
    public int Variation { get; init; }

    /// <summary>Between two pieces. Default none.</summary>
    public TimeSpan Delay { get; init; }
}

/// <summary>The connection ends on both sides after so many bytes of this way: whole segments, then FIN.</summary>
/// <param name="Bytes">How many still pass. With 0 it ends as soon as it is made.</param>
public sealed record DataLimit(long Bytes) : Toxic;

/// <summary>The connection is reset (RST) on both sides after so many bytes of this way.</summary>
public sealed record Reset : Toxic
{
    /// <summary>How many still pass. With 0, the default, it is reset as soon as it is made.</summary>
    public long Bytes { get; init; }

    /// <summary>How long after. Default at once.</summary>
    public TimeSpan Delay { get; init; }
}

/// <summary>Who ended their side is found out later: FIN is passed on after a while.</summary>
/// <param name="Delay">After how long.</param>
public sealed record SlowClose(TimeSpan Delay) : Toxic;
