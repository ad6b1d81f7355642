namespace GatewayKit.Identity.Upstream;

/// <summary>
/// The gateway's own token (RFC 6749 §4.4), whoever the caller is. One for all endpoints with equal settings, renewed in the background before it is void.
/// </summary>
public sealed record ClientCredentials : TokenGrant;
