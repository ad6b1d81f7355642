using System.Text.Json.Serialization;

namespace GatewayKit.Throttling.Replay;

/// <summary>How reports stand in JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(ReplayReport))]
[JsonSerializable(typeof(ReplayComparison))]
internal sealed partial class ReplayJson : JsonSerializerContext;
