namespace GatewayKit.Admin;

/// <summary>The port that the admin API is kept to.</summary>
/// <param name="Port">The port of this host.</param>
internal sealed record AdminPort(int Port);
