namespace GatewayKit.Resilience;

/// <summary>
/// The share that one has who recovers: a tenth at first, all at the end, in ten steps, so that what others compute from it holds for a while.
/// In ticks of the monotonic clock and whole numbers: the moment that it gives for the next step is the one at which the share changes.
/// </summary>
internal sealed class RecoveryRamp(TimeSpan length, TimeProvider time)
{
    /// <summary>The share at the bottom.</summary>
    public const double Least = 0.1;

    private const int Steps = 10;

    /// <summary>How long it takes.</summary>
    public long Length { get; } = (long)Math.Round(length.TotalSeconds * time.TimestampFrequency);

    /// <summary>Whether it takes no time at all.</summary>
    public bool IsNone => Length <= 0;

    public bool IsOver(long elapsed) => elapsed >= Length;

    public double ShareAfter(long elapsed) => IsOver(elapsed) ? 1 : Math.Max(Least, (double)StepAt(elapsed) / Steps);

    /// <summary>How long after its beginning the share changes next.</summary>
    public long NextStepAfter(long elapsed)
    {
        var next = StepAt(elapsed) + 1;

        // Rounded up: the first tick at which the division gives that step.
        return ((next * Length) + Steps - 1) / Steps;
    }

    private long StepAt(long elapsed) => Math.Max(0, elapsed) * Steps / Length;
}
