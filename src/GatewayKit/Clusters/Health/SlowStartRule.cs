namespace GatewayKit.Clusters.Health;

/// <summary>Which destinations have only a part of their share because they have just come, and which part.</summary>
internal readonly struct SlowStartRule
{
    /// <summary>In how many steps a share grows: fine enough that none is felt, and few enough that picks are rarely prepared anew.</summary>
    public const int Steps = 20;

    private readonly SlowStart _settings;
    private readonly TimeProvider _time;
    private readonly long _now;

    /// <param name="settings">How long and how steep.</param>
    /// <param name="members">The destinations that take part.</param>
    /// <param name="callsPerSecond">What the cluster gets.</param>
    /// <param name="time">The clock.</param>
    public SlowStartRule(SlowStart settings, IReadOnlyCollection<DestinationHealth> members, double callsPerSecond, TimeProvider time)
    {
        (_settings, _time, _now) = (settings, time, Now(time));
        var starting = 0;
        foreach (var member in members)
        {
            starting += IsStarting(member) ? 1 : 0;
        }

        // Among many that start there is nobody to take their part; and where little comes, one request is more than a part.
        HasPlace = starting > 0 && starting * 2 <= members.Count && callsPerSecond >= members.Count;
        NextStep = starting == 0 ? long.MaxValue : _now + (long)(settings.Window.TotalSeconds / Steps * time.TimestampFrequency);
    }

    /// <summary>Whether some destinations start and others can take their part, be it in shadow.</summary>
    public bool HasPlace { get; }

    /// <summary>Whether it is a part of its share that a destination has, or would have.</summary>
    public bool IsStarting(DestinationHealth health) =>
        health.JoinedAt is not 0 && _settings.Mode is not Pipeline.PolicyMode.Off && Age(health) < _settings.Window;

    /// <summary>The share a destination has, 0 to 1.</summary>
    public double ShareOf(DestinationHealth health) => !HasPlace || _settings.Mode is not Pipeline.PolicyMode.Enforce || health.JoinedAt is 0 ? 1 : _settings.ShareAt(Age(health));

    /// <summary>When shares are others, or could be.</summary>
    public long NextStep { get; }

    /// <summary>The moment as <see cref="DestinationHealth.JoinedAt"/> has it: never 0.</summary>
    public static long Now(TimeProvider time) => time.GetTimestamp() is not 0 and var now ? now : 1;

    private TimeSpan Age(DestinationHealth health) => _time.GetElapsedTime(health.JoinedAt, _now);
}
