using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace GatewayKit.Redis;

/// <summary>How the gateway uses Redis. Read at start.</summary>
public sealed class RedisOptions : IValidatableObject
{
    /// <summary>
    /// Where Redis is, in the form of StackExchange.Redis: <c>host:6379,password=…,ssl=true</c>, several hosts for a cluster or replicas. Without it, the
    /// <see cref="IConnectionMultiplexer"/> in DI is used. It is never logged.
    /// </summary>
    public string? ConnectionString { get; set; }

    /// <summary>
    /// How long Redis may take for an answer, 1 millisecond to 10 seconds, and not longer than <see cref="Throttling.Quotas.QuotaOptions.StoreTimeout"/>. Default 50 milliseconds; 20 is
    /// enough in one data center.
    /// </summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>After how many failures in a row requests no longer wait for Redis, 1 to 1,000. Default 3.</summary>
    [Range(1, 1_000)]
    public int FailuresToOpen { get; set; } = 3;

    /// <summary>How often Redis is tried meanwhile, by one command beside the requests, 10 milliseconds to 1 minute. Default 1 second.</summary>
    public TimeSpan ProbeInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// What all keys start with: 1 to 32 letters, digits, dots, dashes, underscores or colons. Default <c>gk</c>. Gateways that count apart in one Redis have different ones.
    /// </summary>
    [Required]
    [RegularExpression("[A-Za-z0-9._:-]{1,32}", ErrorMessage = "{0} must be 1 to 32 letters, digits, dots, dashes, underscores or colons.")]
    public string KeyPrefix { get; set; } = "gk";

    /// <summary>
    /// What partition keys are hashed with, 32 to 1,000 characters, the same for all instances. Default: made at random by the first of them and kept in Redis, where whoever may read it
    /// can guess the addresses behind keys.
    /// </summary>
    [StringLength(1_000, MinimumLength = 32)]
    public string? Secret { get; set; }

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext) =>
    [
        .. Check(nameof(Timeout), Timeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(10)),
        .. Check(nameof(ProbeInterval), ProbeInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1)),
    ];

    private static IEnumerable<ValidationResult> Check(string name, TimeSpan value, TimeSpan least, TimeSpan most) =>
        value < least || value > most ? [new($"{name} is {value:c}; it must be from {least:c} to {most:c}.", [name])] : [];
}

[OptionsValidator]
internal sealed partial class RedisOptionsValidator : IValidateOptions<RedisOptions>;
