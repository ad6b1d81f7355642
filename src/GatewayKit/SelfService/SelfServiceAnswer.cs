using System.Text.Json.Serialization;

namespace GatewayKit.SelfService;

/// <summary>What callers are told of themselves. Names are part of the contract with them, whatever the host writes JSON like.</summary>
internal sealed record SelfServiceAnswer(
    [property: JsonPropertyName("consumer")] SelfServiceConsumer Consumer,
    [property: JsonPropertyName("application"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Application,
    [property: JsonPropertyName("credential")] SelfServiceCredential Credential,
    [property: JsonPropertyName("otherKeys")] IReadOnlyList<SelfServiceKey> OtherKeys,
    [property: JsonPropertyName("subscriptions")] IReadOnlyList<SelfServiceGrant> Subscriptions,
    [property: JsonPropertyName("general"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] SelfServiceGrant? General);

/// <summary>Who is calling.</summary>
internal sealed record SelfServiceConsumer(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("name"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Name);

/// <summary>What the caller has shown: its public part.</summary>
internal sealed record SelfServiceCredential(
    [property: JsonPropertyName("kind")] string Kind,
    [property: JsonPropertyName("id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Id,
    [property: JsonPropertyName("expiresAt"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? ExpiresAt,
    [property: JsonPropertyName("scopes")] IReadOnlyList<string> Scopes);

/// <summary>Another key of the caller that works.</summary>
internal sealed record SelfServiceKey(
    [property: JsonPropertyName("kind")] string Kind,
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("expiresAt"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? ExpiresAt);

/// <summary>What the caller may call by one subscription, or without any, and how much.</summary>
internal sealed record SelfServiceGrant(
    [property: JsonPropertyName("product"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Product,
    [property: JsonPropertyName("expiresAt"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? ExpiresAt,
    [property: JsonPropertyName("plan"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Plan,
    [property: JsonPropertyName("limits")] IReadOnlyList<SelfServiceLimit> Limits,
    [property: JsonPropertyName("routes")] IReadOnlyList<SelfServiceRoute> Routes);

/// <summary>What the caller may call. Without methods it is all of them, without hosts all of those.</summary>
internal sealed record SelfServiceRoute(
    [property: JsonPropertyName("paths")] IReadOnlyList<string> Paths,
    [property: JsonPropertyName("methods"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Methods,
    [property: JsonPropertyName("hosts"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Hosts,
    [property: JsonPropertyName("limits"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<SelfServiceLimit>? Limits);

/// <summary>A limit, and how it stands. What is not known is said to be so, and has no numbers.</summary>
internal sealed record SelfServiceLimit(
    [property: JsonPropertyName("kind")] string Kind,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("unit")] string Unit,
    [property: JsonPropertyName("limit")] double Limit,
    [property: JsonPropertyName("window"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Window,
    [property: JsonPropertyName("windowSeconds"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? WindowSeconds,
    [property: JsonPropertyName("burst"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Burst,
    [property: JsonPropertyName("isKnown")] bool IsKnown,
    [property: JsonPropertyName("remaining"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Remaining,
    [property: JsonPropertyName("moreAfterSeconds"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? MoreAfterSeconds,
    [property: JsonPropertyName("resetsAt"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? ResetsAt);

/// <summary>How answers are written, also without reflection.</summary>
[JsonSerializable(typeof(SelfServiceAnswer))]
internal sealed partial class SelfServiceJsonContext : JsonSerializerContext;
