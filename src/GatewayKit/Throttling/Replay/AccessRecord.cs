using System.Collections.Frozen;
using System.Net;
using System.Text.Json.Serialization;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.Replay;

/// <summary>
/// One request that came at some time, as far as limits ask. In a log it is one JSON object on one line, with the names below in camel case; names that are not
/// known are ignored, so that a log may say more. Immutable.
/// </summary>
public sealed record AccessRecord
{
    private static readonly FrozenSet<string> LimitReasons = FrozenSet.Create(
        RejectionReason.RateLimited.Code,
        RejectionReason.QuotaExceeded.Code,
        RejectionReason.ConcurrencyLimited.Code,
        RejectionReason.CostExceedsLimit.Code,
        RejectionReason.AbnormalUsage.Code,
        RejectionReason.LimiterUnavailable.Code,
        RejectionReason.Overloaded.Code);

    /// <summary>When the request came, not when it was done: ISO 8601 with an offset, such as <c>2026-03-01T09:30:00.125+01:00</c>. Required.</summary>
    [JsonRequired]
    [JsonConverter(typeof(InstantConverter))]
    public required DateTimeOffset Time { get; init; }

    /// <summary>The id of its route; case is ignored. Default <see langword="null"/>: it had none.</summary>
    public string? Route { get; init; }

    /// <summary>The address of the client, behind trusted proxies the one that they name. Default <see langword="null"/>: unknown.</summary>
    [JsonConverter(typeof(AddressConverter))]
    public IPAddress? Client { get; init; }

    /// <summary>Who called, by the id that tells consumers apart. Default <see langword="null"/>: unknown.</summary>
    public string? Consumer { get; init; }

    /// <summary>The application of the consumer that called, by its id. Default <see langword="null"/>: none.</summary>
    public string? Application { get; init; }

    /// <summary>The product that the caller was subscribed to, by its id. Default <see langword="null"/>: none.</summary>
    public string? Product { get; init; }

    /// <summary>The plan whose limits held for the caller, by its id. Default <see langword="null"/>: none.</summary>
    public string? Plan { get; init; }

    /// <summary>Fields of the request, one value each; case of names is ignored. Those are needed that partitions, costs and <c>Accept: text/event-stream</c> read. Default none.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>Claims of the caller, by type. Default none.</summary>
    public IReadOnlyDictionary<string, string>? Claims { get; init; }

    /// <summary>The class of the request, where bulkheads have <c>Priorities</c>. Default <see langword="null"/>: <c>Standard</c>.</summary>
    public string? Priority { get; init; }

    /// <summary>Bytes of the request's content, 0 or more. Default <see langword="null"/>: no content.</summary>
    public long? RequestBytes { get; init; }

    /// <summary>Bytes of the answer's content, 0 or more. Default <see langword="null"/>: no content, or not known.</summary>
    public long? ResponseBytes { get; init; }

    /// <summary>What the request has used of named costs, by name, or by the field of the answer that says it; 0 or more. Default none.</summary>
    public IReadOnlyDictionary<string, long>? Costs { get; init; }

    /// <summary>The status it was answered with, 100 to 599. Default <see langword="null"/>: 200.</summary>
    public int? Status { get; init; }

    /// <summary>Why the gateway did not serve it, such as <c>rate-limited</c> or <c>upstream-timeout</c>. Default <see langword="null"/>: it did.</summary>
    public string? Reason { get; init; }

    /// <summary>How long it took until the answer was written, 0 to 1 day; in JSON as seconds. Default zero.</summary>
    [JsonConverter(typeof(SecondsConverter))]
    public TimeSpan Duration { get; init; }

    /// <summary>
    /// Whether a limit refused it when it was recorded: by its reason, and without one by the status 429. What it would have been answered is not known.
    /// </summary>
    [JsonIgnore]
    public bool WasRefused => Reason is null ? Status == StatusCodes.Status429TooManyRequests : LimitReasons.Contains(Reason);

    /// <summary>What is wrong with its values; <see langword="null"/> if nothing is.</summary>
    internal string? Fault =>
        RequestBytes < 0 ? "requestBytes is negative"
        : ResponseBytes < 0 ? "responseBytes is negative"
        : Status is < 100 or > 599 ? "status is not from 100 to 599"
        : Duration < TimeSpan.Zero || Duration > TimeSpan.FromDays(1) ? "duration is not from 0 to 86400 seconds"
        : Costs is not null && Costs.Any(static cost => cost.Value < 0) ? "a cost is negative"
        : HasNull(Headers) ? "a header is null"
        : HasNull(Claims) ? "a claim is null"
        : null;

    // What JSON is read into does not keep to what its type says of null.
    private static bool HasNull(IReadOnlyDictionary<string, string>? values) => values is not null && values.Any(static entry => entry.Value is null);
}
