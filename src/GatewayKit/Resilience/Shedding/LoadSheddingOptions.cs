using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace GatewayKit.Resilience.Shedding;

/// <summary>
/// Host-wide settings of load shedding: when this process has too much to do. A signal whose limit is <see langword="null"/> is not looked at. Where it
/// counts lives in <see cref="LoadSheddingPolicy"/>.
/// </summary>
public sealed class LoadSheddingOptions : IValidatableObject
{
    private static readonly TimeSpan LongestHold = TimeSpan.FromMinutes(10);

    /// <summary>How many work items may wait for a thread of the pool, for each processor, 1 to 1,000,000. Default 500.</summary>
    [Range(1, 1_000_000)]
    public int? MaxQueuedWorkItems { get; set; } = 500;

    /// <summary>
    /// How much of the memory that this process may have can be in use, in hundredths, 1 to 100: as the garbage collector last found it, not longer than ten seconds
    /// ago. Default 90.
    /// </summary>
    [Range(1, 100)]
    public double? MaxMemoryPercent { get; set; } = 90;

    /// <summary>How much of the time threads may stand still for the garbage collector, in hundredths, 1 to 100. Default 20.</summary>
    [Range(1, 100)]
    public double? MaxGcPausePercent { get; set; } = 20;

    /// <summary>How much of the processors that it may have this process can use, in hundredths, 1 to 100; a quota of its control group counts. Default 95.</summary>
    [Range(1, 100)]
    public double? MaxCpuPercent { get; set; } = 95;

    /// <summary>How long a signal must be at its limit for the level to rise by one step, 500 ms to 10 min. Default 1 s.</summary>
    public TimeSpan RiseAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long all signals must be below four fifths of their limits for it to fall by one, 500 ms to 10 min. Default 5 s. It also falls when they have been below their
    /// limits for four times as long.
    /// </summary>
    public TimeSpan FallAfter { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Whether anything follows from the level. Default <see cref="PolicyMode.Enforce"/>. In <see cref="PolicyMode.Shadow"/> it rises, falls and is told, and
    /// nothing is done.
    /// </summary>
    public PolicyMode Mode { get; set; }

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        foreach (var (name, time) in new[] { (nameof(RiseAfter), RiseAfter), (nameof(FallAfter), FallAfter) })
        {
            if (time < HostLoad.Period || time > LongestHold)
            {
                yield return new($"{name} is {time:c}; it must be from {HostLoad.Period:c} to {LongestHold:c}.", [name]);
            }
        }
    }
}

[OptionsValidator]
internal sealed partial class LoadSheddingOptionsValidator : IValidateOptions<LoadSheddingOptions>;
