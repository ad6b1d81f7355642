using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace GatewayKit.Throttling.Quotas;

/// <summary>Host-wide settings of quotas. What a route wants lives in its <see cref="QuotaPolicy"/>.</summary>
public sealed class QuotaOptions : IValidatableObject
{
    /// <summary>
    /// Where the embedded store keeps its files, of which one process may use them at a time. Default <c>gatewaykit-data</c> in the content root of the host. It is not touched before an
    /// endpoint has a quota.
    /// </summary>
    [Required]
    public string Directory { get; set; } = "gatewaykit-data";

    /// <summary>
    /// How long the embedded store collects changes before it writes them, 10 milliseconds to 1 minute. Default 1 second. What a process that is
    /// killed may forget is what it has counted in this time, and while the last write took.
    /// </summary>
    public TimeSpan CommitInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How many keys, such as a client address in one quota, the store tells apart at once, 64 to 10,000,000. Default 100,000. A key counts while its window
    /// lasts. Each takes about 200 bytes, and 8 more for each bucket of a rolling window; further keys share a quota.
    /// </summary>
    [Range(64, 10_000_000)]
    public int MaxKeys { get; set; } = 100_000;

    /// <summary>
    /// How long after a request was admitted its quota may be corrected downwards, 1 second to 1 day. Default 10 minutes. A request that is not done by then has used what
    /// was reserved for it, or more.
    /// </summary>
    public TimeSpan SettleWithin { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long another store than the embedded one may take, 1 millisecond to 10 seconds. Default 50 milliseconds. After that, and when it fails, requests are counted in
    /// the memory of this process.
    /// </summary>
    public TimeSpan StoreTimeout { get; set; } = TimeSpan.FromMilliseconds(50);

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext) =>
    [
        .. Check(nameof(CommitInterval), CommitInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1)),
        .. Check(nameof(SettleWithin), SettleWithin, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
        .. Check(nameof(StoreTimeout), StoreTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(10)),
    ];

    private static IEnumerable<ValidationResult> Check(string name, TimeSpan value, TimeSpan least, TimeSpan most) =>
        value < least || value > most ? [new($"{name} is {value:c}; it must be from {least:c} to {most:c}.", [name])] : [];
}

[OptionsValidator]
internal sealed partial class QuotaOptionsValidator : IValidateOptions<QuotaOptions>;
