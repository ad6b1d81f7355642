namespace GatewayKit.Auditing.Shipping;

/// <summary>How a sink is served. Immutable.</summary>
public sealed record AuditSinkOptions
{
    /// <summary>How many records are in a batch at most, 1 to 100,000. Default 2,000.</summary>
    public int BatchRecords { get; init; } = 2_000;

    /// <summary>How many bytes of lines are in a batch at most, 4 KiB to 64 MiB, unless one alone is longer. Default 1 MiB.</summary>
    public int BatchBytes { get; init; } = 1024 * 1024;

    /// <summary>How often the journal is looked at when the sink has all of it, 10 milliseconds to 1 second: so long records collect. Default 250 milliseconds.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long the sink may take for a batch, 1 second to 10 minutes. Default 30 seconds.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Up to how long a sink that fails is left alone, 500 milliseconds to 5 minutes: so long it may take until one that is well again gets something. Default 30 seconds.</summary>
    public TimeSpan LongestPause { get; init; } = PatientCalls.LongestPause;

    /// <summary>
    /// How far the sink may be behind before it counts as down, 1 second to 1 day: then the journal says so (<c>audit.degraded</c>), and the health check. Default 5 minutes.
    /// </summary>
    public TimeSpan DegradedAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether segments are kept until this sink has them, however long that takes. Default yes.</summary>
    public bool IsRequired { get; init; } = true;

    internal void Check(string name)
    {
        Require(BatchRecords is >= 1 and <= 100_000, nameof(BatchRecords), "from 1 to 100,000");
        Require(BatchBytes is >= 4 * 1024 and <= 64 * 1024 * 1024, nameof(BatchBytes), "from 4 KiB to 64 MiB");
        Require(Interval >= TimeSpan.FromMilliseconds(10) && Interval <= TimeSpan.FromSeconds(1), nameof(Interval), "from 10 milliseconds to 1 second");
        Require(Timeout >= TimeSpan.FromSeconds(1) && Timeout <= TimeSpan.FromMinutes(10), nameof(Timeout), "from 1 second to 10 minutes");
        Require(LongestPause >= TimeSpan.FromMilliseconds(500) && LongestPause <= TimeSpan.FromMinutes(5), nameof(LongestPause), "from 500 milliseconds to 5 minutes");
        Require(DegradedAfter >= TimeSpan.FromSeconds(1) && DegradedAfter <= TimeSpan.FromDays(1), nameof(DegradedAfter), "from 1 second to 1 day");

        void Require(bool isFine, string setting, string range)
        {
            if (!isFine)
            {
                throw new ArgumentException($"Audit sink '{name}': {setting} must be {range}.");
            }
        }
    }
}
