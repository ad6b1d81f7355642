using System.Buffers;
using System.Globalization;

namespace GatewayKit.Routing;

/// <summary>One entry of <see cref="RouteMatch.Hosts"/>: a name, or any name under a suffix, or any name at all; at one port or at every port.</summary>
/// <param name="Name">In lower case and ASCII, as it travels in <c>Host</c>; <see langword="null"/> for every name.</param>
/// <param name="IsWildcard">Whether at least one label must stand in front of <paramref name="Name"/>.</param>
/// <param name="Port">The port; <see langword="null"/> for every port.</param>
internal readonly record struct HostPattern(string? Name, bool IsWildcard, int? Port)
{
    private static readonly IdnMapping Idn = new();
    private static readonly SearchValues<char> NeverInNames = SearchValues.Create("*:/?#@[]\\ ");

    /// <summary>How closely it fits: an exact name over a wildcard, a longer wildcard over a shorter, a port alone over nothing; with a port over without.</summary>
    public int Rank => (Name is null ? 0 : IsWildcard ? 2 + (2 * Name.Length) : 2 * short.MaxValue) + (Port is null ? 0 : 1);

    /// <summary>Reads <c>name</c>, <c>*.name</c>, <c>*</c>, <c>[::1]</c>, each with or without <c>:port</c>.</summary>
    public static bool TryParse(string text, out HostPattern pattern)
    {
        pattern = default;
        if (!TrySplit(text, out var name, out var port))
        {
            return false;
        }

        var isWildcard = name.StartsWith("*.", StringComparison.Ordinal);
        if (name is "*" && !text.StartsWith("*.", StringComparison.Ordinal))
        {
            pattern = new(null, false, port);
            return true;
        }

        name = name[(isWildcard ? 2 : 0)..];
        return TryToAscii(ref name) && Accept(new(name, isWildcard, port), out pattern);
    }

    /// <summary>Splits the value of <c>Host</c> (RFC 9110 §7.2). A dot at the end of a name is the root and says nothing.</summary>
    /// <returns>Whether it has the form of a host and, if there is one, a port.</returns>
    public static bool TrySplit(ReadOnlySpan<char> value, out ReadOnlySpan<char> name, out int? port)
    {
        name = value;
        port = null;

        // The colons of an IPv6 address are inside brackets.
        var colon = value[(value.LastIndexOf(']') + 1)..].LastIndexOf(':');
        if (colon >= 0)
        {
            colon += value.LastIndexOf(']') + 1;
            if (!int.TryParse(value[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > 65535)
            {
                return false;
            }

            name = value[..colon];
            port = number;
        }

        name = name is [.. var rooted, '.'] ? rooted : name;
        return name.Length > 0;
    }

    /// <summary>Whether every request that the other pattern takes is taken by this one.</summary>
    public bool Covers(HostPattern other)
    {
        if (Port is not null && Port != other.Port)
        {
            return false;
        }

        return (Name, other.Name) switch
        {
            (null, _) => true,
            (_, null) => false,
            var (name, narrower) when IsWildcard == other.IsWildcard && name == narrower => true,
            var (name, narrower) => IsWildcard && narrower.Length > name.Length && narrower.EndsWith(name, StringComparison.Ordinal) && narrower[^(name.Length + 1)] is '.',
        };
    }

    public override string ToString() =>
        (Name is null ? "*" : IsWildcard ? $"*.{Name}" : Name) + (Port is { } port ? string.Create(CultureInfo.InvariantCulture, $":{port}") : string.Empty);

    private static bool TrySplit(string text, out string name, out int? port)
    {
        var valid = TrySplit(text.AsSpan(), out var span, out port);
        name = span.ToString();
        return valid;
    }

    private static bool TryToAscii(ref string name)
    {
        if (name.StartsWith('['))
        {
            // In the one form that clients send (RFC 5952), whatever zeros were written.
            var valid = name.EndsWith(']') && System.Net.IPAddress.TryParse(name, out var address) && address is { AddressFamily: System.Net.Sockets.AddressFamily.InterNetworkV6, ScopeId: 0 };
            name = valid ? $"[{System.Net.IPAddress.Parse(name)}]" : name;
            return valid;
        }

        try
        {
            name = Idn.GetAscii(name).ToLowerInvariant();
        }
        catch (ArgumentException)
        {
            return false;
        }

        return !name.AsSpan().ContainsAny(NeverInNames);
    }

    private static bool Accept(HostPattern parsed, out HostPattern pattern)
    {
        pattern = parsed;
        return true;
    }
}
