using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.ApiKeys;

/// <summary>Host-wide settings of API keys. What a route wants lives in its <see cref="ApiKeyPolicy"/>.</summary>
public sealed class ApiKeyOptions : IValidatableObject
{
    /// <summary>
    /// What all keys begin with: up to 32 letters and digits, with single underscores between them. Default <c>gk_live</c>. Keys with another prefix are refused, such as those of a test
    /// system.
    /// </summary>
    [Required]
    public string Prefix { get; set; } = ApiKeyText.DefaultPrefix;

    /// <summary>
    /// How many wrong keys a minute a client address may send, IPv6 by /64, 0 to 100,000. Default 20; 0 does not count them. Beyond that and <see cref="FailureBurst"/>, wrong keys and keys that
    /// were not seen before are refused with 429 <c>rate-limited</c>, and no store is asked. Keys in use pass. Wrong tokens of <see cref="Introspection.IntrospectionPolicy"/> and
    /// wrong signatures of <see cref="RequestSignatures.SignaturePolicy"/> count with them. What nobody knows yet counts while it is asked about, and is given back if it holds.
    /// </summary>
    [Range(0, 100_000)]
    public int FailuresPerMinute { get; set; } = 20;

    /// <summary>How many wrong keys an address may send at once, 1 to 100,000. Default 50.</summary>
    [Range(1, 100_000)]
    public int FailureBurst { get; set; } = 50;

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (!ApiKeyText.IsPrefix(Prefix))
        {
            yield return new($"Prefix is '{Prefix}'; it must be up to {ApiKeyText.MaxPrefixLength} letters and digits, with single underscores between them.", [nameof(Prefix)]);
        }
    }
}

[OptionsValidator]
internal sealed partial class ApiKeyOptionsValidator : IValidateOptions<ApiKeyOptions>;
