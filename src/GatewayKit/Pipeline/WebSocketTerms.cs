namespace GatewayKit.Pipeline;

/// <summary>What a policy has decided about the WebSocket that a request asks for; a feature of the request. Without it the defaults apply.</summary>
/// <param name="MaxDuration">How long it may last.</param>
internal sealed record WebSocketTerms(TimeSpan MaxDuration);
