using System.Globalization;

namespace GatewayKit.Chaos;

/// <summary>Commands and when to give them. The same seed gives the same schedule, and its text can be given again by hand.</summary>
public sealed class ChaosSchedule(IReadOnlyList<ChaosStep> steps)
{
    /// <summary>In the order of time.</summary>
    public IReadOnlyList<ChaosStep> Steps { get; } = [.. steps.OrderBy(static step => step.At)];

    /// <summary>Up and down in turn, half of each period down at the end of it.</summary>
    public static ChaosSchedule Flapping(TimeSpan period, int periods) =>
        new([.. Enumerable.Range(0, periods).SelectMany(turn => new ChaosStep[] { new(period * (turn + 0.5), "down"), new(period * (turn + 1), "up") })]);

    /// <summary>Spells of trouble one after another, each drawn from a list, with quiet between them; ends quiet.</summary>
    /// <param name="seed">Of the draws.</param>
    /// <param name="length">Of all.</param>
    /// <param name="spell">The mean of a spell, and of a quiet time: each lasts half to one and a half times that.</param>
    /// <param name="troubles">What <c>add</c> is given after the name, such as <c>latency delay=50</c>; or <c>down</c>.</param>
    public static ChaosSchedule Random(int seed, TimeSpan length, TimeSpan spell, IReadOnlyList<string> troubles)
    {
        var (random, steps) = (new Random(seed), new List<ChaosStep>());
        var at = spell * (0.5 + random.NextDouble());
        while (at < length)
        {
            var trouble = troubles[random.Next(troubles.Count)];
            var end = at + (spell * (0.5 + random.NextDouble()));
            end = end < length ? end : length;
            steps.Add(new(at, trouble is "down" ? trouble : $"add trouble {trouble}"));
            steps.Add(new(end, trouble is "down" ? "up" : "remove trouble"));
            at = end + (spell * (0.5 + random.NextDouble()));
        }

        return new(steps);
    }

    /// <summary>Gives the commands to a proxy when they are due.</summary>
    /// <param name="proxy">Whom.</param>
    /// <param name="time">By which clock. Default the system's.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task RunAsync(ChaosProxy proxy, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        var clock = time ?? TimeProvider.System;
        var start = clock.GetTimestamp();
        foreach (var step in Steps)
        {
            // Against the start, not one after another: lateness does not add up.
            if (step.At - clock.GetElapsedTime(start) is var wait && wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, clock, cancellationToken);
            }

            ChaosCommand.Run(proxy, step.Command);
        }
    }

    /// <inheritdoc/>
    public override string ToString() =>
        string.Join(Environment.NewLine, Steps.Select(static step => string.Create(CultureInfo.InvariantCulture, $"{step.At.TotalMilliseconds:0} {step.Command}")));
}

/// <summary>One command of a schedule.</summary>
/// <param name="At">Time since its start.</param>
/// <param name="Command">A <see cref="ChaosCommand"/>.</param>
public readonly record struct ChaosStep(TimeSpan At, string Command);
