namespace GatewayKit.OpenTelemetry;

/// <summary>A request with log records as the SDK has written it.</summary>
/// <param name="Headers">Its headers, those of the content too.</param>
/// <param name="Body">What is sent.</param>
internal sealed record LogRequest(IReadOnlyList<KeyValuePair<string, IEnumerable<string>>> Headers, ReadOnlyMemory<byte> Body);
