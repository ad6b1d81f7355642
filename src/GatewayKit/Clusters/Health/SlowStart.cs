using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Clusters.Health;

/// <summary>
/// Gives a destination that joins a cluster in service, or that health checks have brought back, its share little by little: its caches are cold.
/// Not while more than half of the destinations are starting, nor below one request a second for each: then it would only distort.
/// </summary>
public sealed record SlowStart
{
    /// <summary>Off, watching, or in force. Default <see cref="PolicyMode.Enforce"/>. In shadow the starts are counted, and every share is whole.</summary>
    public PolicyMode Mode { get; init; } = PolicyMode.Enforce;

    /// <summary>How long it takes, 1 s to 1 h. Default 10 s.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How steeply the share grows, 0.1 to 10: 1 is a straight line, more is faster at first. Default 1.</summary>
    [Range(0.1, 10)]
    public double Aggression { get; init; } = 1;

    /// <summary>The least share, in percent, 1 to 100. Default 10.</summary>
    [Range(1, 100)]
    public double MinPercent { get; init; } = 10;

    /// <summary>The share of its weight that a destination has, 0 to 1.</summary>
    /// <param name="age">Since it began.</param>
    internal double ShareAt(TimeSpan age)
    {
        if (age >= Window)
        {
            return 1;
        }

        var elapsed = Math.Max(1, age.TotalSeconds) / Window.TotalSeconds;
        return Math.Clamp(Math.Pow(elapsed, 1 / Aggression), MinPercent / 100, 1);
    }
}
