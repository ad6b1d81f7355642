namespace GatewayKit.AuditTests.Load;

/// <summary>What a load goes to.</summary>
/// <param name="Port">Where HTTP/1.1 is spoken.</param>
/// <param name="Http2">Where HTTP/2 is; <see langword="null"/> if nowhere.</param>
/// <param name="IsMixed">Whether it takes all kinds of requests, or plain ones only.</param>
internal sealed record LoadTarget(int Port, Http2Client? Http2 = null, bool IsMixed = false);
