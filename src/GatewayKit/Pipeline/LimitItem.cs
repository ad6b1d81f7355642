using System.Runtime.CompilerServices;

namespace GatewayKit.Pipeline;

/// <summary>A <see cref="LimitReading"/> as it is told: times in whole seconds, rounded up, 0 where there is none.</summary>
internal readonly struct LimitItem(in LimitReading reading)
{
    public string Name { get; } = reading.Name;

    public long Quota { get; } = reading.Quota;

    public long Remaining { get; } = Math.Max(0, reading.Remaining);

    public int WindowSeconds { get; } = ToSeconds(reading.Window);

    public int ResetSeconds { get; } = ToSeconds(reading.Reset);

    public LimitUnit Unit { get; } = reading.Unit;

    /// <summary>Whether a fifth is left, or less.</summary>
    public bool IsLow => Remaining <= Quota / 5;

    public bool IsOfSameLimitAs(in LimitItem other) =>
        Quota == other.Quota && WindowSeconds == other.WindowSeconds && Unit == other.Unit && Name == other.Name;

    private static int ToSeconds(TimeSpan? time) => time is { } known ? RetryTimes.ToSeconds(known) : 0;
}

/// <summary>As many as requests have, side by side with what else is known of them.</summary>
[InlineArray(Length)]
internal struct FewLimitItems
{
    public const int Length = 4;

    private LimitItem _first;
}
