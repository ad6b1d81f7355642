using System.Globalization;

namespace GatewayKit.Configuration;

/// <summary>What a host is, in conditions and addresses.</summary>
internal static class HostNames
{
    /// <summary>A host with or without a port; <c>*</c> for the first label or, with a port, for the whole.</summary>
    public static bool IsPattern(string text)
    {
        if (!TrySplit(text, out var host, out var hasPort))
        {
            return false;
        }

        return host == "*" ? hasPort : IsHost(host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host);
    }

    /// <summary>A host with or without a port.</summary>
    public static bool IsAuthority(string text) => TrySplit(text, out var host, out _) && IsHost(host);

    /// <summary>A host without a port.</summary>
    public static bool IsHost(string text) => Uri.CheckHostName(text) is not UriHostNameType.Unknown;

    private static bool TrySplit(string text, out string host, out bool hasPort)
    {
        var colon = text.LastIndexOf(':');
        hasPort = colon >= 0 && !(text.StartsWith('[') && text.EndsWith(']'));
        host = hasPort ? text[..colon] : text;
        return !hasPort || (int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65_535);
    }
}
