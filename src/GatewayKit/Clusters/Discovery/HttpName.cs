using System.Diagnostics.CodeAnalysis;

namespace GatewayKit.Clusters.Discovery;

/// <summary>Names that are addresses.</summary>
internal static class HttpName
{
    /// <summary>Whether a name is an http or https address with nothing in it but host, port and path.</summary>
    public static bool TryParse(string name, [NotNullWhen(true)] out Uri? address) =>
        Uri.TryCreate(name, UriKind.Absolute, out address) && address.Scheme is "http" or "https"
            && address is { Port: not 0, UserInfo.Length: 0, Query.Length: 0, Fragment.Length: 0 };

    /// <summary>The host of a name that is an address of any scheme; <see langword="null"/> if it is none.</summary>
    public static string? HostOf(string name) => Uri.TryCreate(name, UriKind.Absolute, out var address) && address.IdnHost is { Length: > 0 } host ? host : null;
}
