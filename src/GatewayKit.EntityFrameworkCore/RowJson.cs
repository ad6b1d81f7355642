using System.Text.Json.Serialization;

namespace GatewayKit.EntityFrameworkCore;

/// <summary>What stands in columns as JSON, apart from limits.</summary>
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
internal sealed partial class RowJson : JsonSerializerContext;
