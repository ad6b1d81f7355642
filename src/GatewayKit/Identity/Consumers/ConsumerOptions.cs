using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.Consumers;

/// <summary>Host-wide settings of how consumers are found. Nothing here lets anybody in while a store is away: that is always refused.</summary>
public sealed class ConsumerOptions : IValidatableObject
{
    private static readonly TimeSpan MinKeep = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxKeep = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan MinTimeout = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan MaxTimeout = TimeSpan.FromSeconds(3);

    /// <summary>
    /// How many credentials of each kind are kept ready, 64 to 10,000,000. Default 100,000. Each takes about 1 KiB; those that are used least make room.
    /// </summary>
    [Range(64, 10_000_000)]
    public int MaxKnown { get; set; } = 100_000;

    /// <summary>How many credentials of each kind that no store has are remembered, 64 to 10,000,000. Default 50,000. Each takes about 250 bytes; the oldest make room.</summary>
    [Range(64, 10_000_000)]
    public int MaxUnknown { get; set; } = 50_000;

    /// <summary>
    /// How long an answer of a store is kept, 1 second to 30 seconds. Default 30 seconds. Changes are followed beside that: what is withdrawn is refused within 5 s.
    /// </summary>
    public TimeSpan KeepFor { get; set; } = MaxKeep;

    /// <summary>How long a store may take, 1 millisecond to 3 seconds. Default 1 second. Then requests are refused with 503 <c>auth-unavailable</c>.</summary>
    public TimeSpan StoreTimeout { get; set; } = TimeSpan.FromSeconds(1);

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (KeepFor < MinKeep || KeepFor > MaxKeep)
        {
            yield return new($"KeepFor is {KeepFor:c}; it must be from {MinKeep:c} to {MaxKeep:c}.", [nameof(KeepFor)]);
        }

        if (StoreTimeout < MinTimeout || StoreTimeout > MaxTimeout)
        {
            yield return new($"StoreTimeout is {StoreTimeout:c}; it must be from {MinTimeout:c} to {MaxTimeout:c}.", [nameof(StoreTimeout)]);
        }
    }
}

[OptionsValidator]
internal sealed partial class ConsumerOptionsValidator : IValidateOptions<ConsumerOptions>;
