using System.ComponentModel.DataAnnotations;

namespace GatewayKit.Rollout;

/// <summary>How much of a split's keys a canary takes. A percent of the keys is not a percent of the traffic: some callers call more than others.</summary>
public sealed record CanaryShare
{
    /// <summary>Percent of the keys, 0 to 100, in steps of 0.01. Default 0.</summary>
    [Range(0d, 100d)]
    public double Percent { get; init; }

    /// <summary>A share that changes by itself, in place of <see cref="Percent"/>. Default <see langword="null"/>.</summary>
    public CanaryRamp? Ramp { get; init; }

    // The most it ever takes.
    internal double Highest => Ramp is { } ramp ? Math.Max(ramp.From, ramp.To) : Percent;
}

/// <summary>
/// A share that goes from one value to another in equal steps, by the wall clock, so that all instances of a gateway agree. It goes one way only, also
/// when the clock does not.
/// </summary>
public sealed record CanaryRamp
{
    /// <summary>Percent of the keys up to the end of the first step, 0 to 100. Default 0.</summary>
    [Range(0d, 100d)]
    public double From { get; init; }

    /// <summary>Percent of the keys after the last step, 0 to 100. Default 100.</summary>
    [Range(0d, 100d)]
    public double To { get; init; } = 100;

    /// <summary>When the first step begins, as in <c>2026-03-01T09:00:00Z</c>. A new start is a new attempt: it forgets what a guard has decided.</summary>
    public required DateTimeOffset Start { get; init; }

    /// <summary>From the start to the end of the last step: 1 s to 365 days.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>How many steps, 1 to 10,000. Default 10.</summary>
    [Range(1, 10_000)]
    public int Steps { get; init; } = 10;

    // The steps that are over.
    internal int StepAt(DateTimeOffset now) =>
        now <= Start ? 0 : now >= Start + Duration ? Steps : (int)((Int128)(now - Start).Ticks * Steps / Duration.Ticks);

    internal double PercentAt(int step) => step >= Steps ? To : From + ((To - From) * step / Steps);
}
