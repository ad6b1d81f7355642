using System.ComponentModel.DataAnnotations;
using GatewayKit.Throttling.Sharing;
using Microsoft.Extensions.Options;

namespace GatewayKit.Throttling;

/// <summary>Host-wide settings of throttling. What a route wants lives in its <see cref="ThrottlePolicy"/>.</summary>
public sealed class ThrottlingOptions : IValidatableObject
{
    private static readonly TimeSpan MinTimeout = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan MaxTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How many partition keys, such as client addresses, each throttle tells apart at once, 64 to 10,000,000. Default 100,000. A key counts
    /// while its allowance is not full. Memory grows as keys appear, up to 48 bytes for each of this number, and 64 with <see cref="RateAlgorithm.SlidingWindow"/> or <see cref="ThrottlePolicy.CostName"/>; further keys share an allowance.
    /// </summary>
    [Range(64, 10_000_000)]
    public int MaxKeys { get; set; } = 100_000;

    /// <summary>
    /// How long the store of rates that instances share may take, 1 millisecond to 10 seconds. Default 50 milliseconds. What becomes of a request then says <see cref="ThrottlePolicy.OnStoreFailure"/>.
    /// </summary>
    public TimeSpan StoreTimeout { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// How many instances share the store, 1 to 1,000. A rate is divided by it while the store does not answer, and with <see cref="RateSharing.Leased"/> a burst is exact up to so many.
    /// Default <see langword="null"/>: what the store says, which is 1 if it does not know.
    /// </summary>
    [Range(1, 1_000)]
    public int? Instances { get; set; }

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (StoreTimeout < MinTimeout || StoreTimeout > MaxTimeout)
        {
            yield return new($"StoreTimeout is {StoreTimeout:c}; it must be from {MinTimeout:c} to {MaxTimeout:c}.", [nameof(StoreTimeout)]);
        }
    }
}

[OptionsValidator]
internal sealed partial class ThrottlingOptionsValidator : IValidateOptions<ThrottlingOptions>;
