using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace GatewayKit.Throttling;

/// <summary>Host-wide settings of throttling. What a route wants lives in its <see cref="ThrottlePolicy"/>.</summary>
public sealed class ThrottlingOptions
{
    /// <summary>
    /// How many partition keys, such as client addresses, each throttle tells apart at once, 64 to 10,000,000. Default 100,000. A key counts
    /// while its allowance is not full. Memory grows as keys appear, up to 48 bytes for each of this number, and 64 with <see cref="RateAlgorithm.SlidingWindow"/> or <see cref="ThrottlePolicy.CostName"/>; further keys share an allowance.
    /// </summary>
    [Range(64, 10_000_000)]
    public int MaxKeys { get; set; } = 100_000;
}

[OptionsValidator]
internal sealed partial class ThrottlingOptionsValidator : IValidateOptions<ThrottlingOptions>;
