using System.Collections.Frozen;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Routing;

/// <summary>
/// The hosts that gateway routes are for. A request for another one has reached the wrong server, or wants to be taken for one of its own:
/// 421 lets an honest client try a connection of its own (RFC 9110 §15.5.20).
/// </summary>
internal sealed class ServedHosts
{
    private static readonly GatewayProblem Unknown = new(RejectionReason.UnknownHost);
    private static readonly int[] EveryPort = [];

    private readonly FrozenDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _names;
    private readonly FrozenDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _suffixes;
    private readonly int[]? _everyName;

    public ServedHosts(IReadOnlyList<HostPattern> patterns)
    {
        _names = Lookup(patterns.Where(static pattern => pattern is { Name: not null, IsWildcard: false }));
        _suffixes = Lookup(patterns.Where(static pattern => pattern is { Name: not null, IsWildcard: true }));
        _everyName = patterns.Any(static pattern => pattern.Name is null) ? Ports(patterns.Where(static pattern => pattern.Name is null)) : null;
    }

    /// <summary>Puts the question in front of a terminal, unless every host is served.</summary>
    public static EndpointFilterDelegate Guard(EndpointFilterDelegate terminal, IReadOnlyList<string> hosts)
    {
        if (hosts.Count == 0)
        {
            return terminal;
        }

        var served = new ServedHosts([.. hosts.Select(static host => HostPattern.TryParse(host, out var pattern) ? pattern : default).Where(static pattern => pattern != default)]);
        return context => served.Contains(context.HttpContext.Request) ? terminal(context) : new(Unknown);
    }

    /// <summary>Whether the request is for one of the hosts, or for no host at all: that is another matter, and another answer.</summary>
    public bool Contains(HttpRequest request)
    {
        // The field itself: the framework's reading turns the ASCII form of an international name back.
        var value = request.Headers.Host.ToString();
        return !HostPattern.TrySplit(value, out var name, out var port)
            || Contains(name, port ?? (request.IsHttps ? 443 : 80))
            || !RequestHost.IsValid(request);
    }

    private bool Contains(ReadOnlySpan<char> name, int port)
    {
        if ((_names.TryGetValue(name, out var ports) && Has(ports, port)) || (_everyName is not null && Has(_everyName, port)))
        {
            return true;
        }

        if (_suffixes.Dictionary.Count > 0)
        {
            for (var rest = name; rest.IndexOf('.') is var dot and >= 0;)
            {
                rest = rest[(dot + 1)..];
                if (_suffixes.TryGetValue(rest, out ports) && Has(ports, port))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool Has(int[] ports, int port) => ports.Length == 0 || ports.AsSpan().Contains(port);

    private static FrozenDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> Lookup(IEnumerable<HostPattern> patterns) => patterns
        .GroupBy(static pattern => pattern.Name!, StringComparer.OrdinalIgnoreCase)
        .ToFrozenDictionary(static group => group.Key, Ports, StringComparer.OrdinalIgnoreCase)
        .GetAlternateLookup<ReadOnlySpan<char>>();

    private static int[] Ports(IEnumerable<HostPattern> patterns) =>
        patterns.Any(static pattern => pattern.Port is null) ? EveryPort : [.. patterns.Select(static pattern => pattern.Port!.Value).Distinct()];
}
