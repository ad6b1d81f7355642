using GatewayKit.Routing;

namespace GatewayKit.Configuration;

/// <summary>What the host of an address is.</summary>
internal static class HostNames
{
    /// <summary>A host with or without a port, and no pattern.</summary>
    public static bool IsAuthority(string text) => HostPattern.TryParse(text, out var host) && host is { Name: not null, IsWildcard: false };
}
