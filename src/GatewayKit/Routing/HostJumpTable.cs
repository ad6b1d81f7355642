using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing.Matching;

namespace GatewayKit.Routing;

/// <summary>Finds the edge of a request's host: the name itself, then its suffixes label by label, then any name; at its port first.</summary>
internal sealed class HostJumpTable : PolicyJumpTable
{
    private readonly Dictionary<string, Destinations> _exact = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Destinations> _wildcards = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Destinations>.AlternateLookup<ReadOnlySpan<char>> _byName;
    private readonly Dictionary<string, Destinations>.AlternateLookup<ReadOnlySpan<char>> _bySuffix;
    private readonly Destinations _anyName = new();
    private readonly int _exit;

    public HostJumpTable(int exitDestination, IReadOnlyList<PolicyJumpTableEdge> edges)
    {
        _exit = exitDestination;
        foreach (var edge in edges)
        {
            var host = (HostPattern)edge.State;
            var destinations = _anyName;
            if (host.Name is not null)
            {
                ref var named = ref CollectionsMarshal.GetValueRefOrAddDefault(host.IsWildcard ? _wildcards : _exact, host.Name, out _);
                destinations = named ??= new Destinations();
            }

            destinations.Add(host.Port, edge.Destination);
        }

        _byName = _exact.GetAlternateLookup<ReadOnlySpan<char>>();
        _bySuffix = _wildcards.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public override int GetDestination(HttpContext httpContext)
    {
        // The field as it travels: HostString decodes international names and cuts the port off by copying, on every read.
        var request = httpContext.Request;
        if (request.Headers.Host is not [{ Length: > 0 } host] || !HostPattern.TrySplit(host, out var name, out var given))
        {
            return _anyName.EveryPort ?? _exit;
        }

        var port = given ?? (request.IsHttps ? 443 : 80);
        if (_byName.TryGetValue(name, out var destinations) && destinations.At(port) is { } byName)
        {
            return byName;
        }

        if (_wildcards.Count > 0)
        {
            for (var dot = name.IndexOf('.'); dot >= 0; dot = name.IndexOf('.'))
            {
                name = name[(dot + 1)..];
                if (_bySuffix.TryGetValue(name, out destinations) && destinations.At(port) is { } bySuffix)
                {
                    return bySuffix;
                }
            }
        }

        return _anyName.At(port) ?? _exit;
    }

    private sealed class Destinations
    {
        private Dictionary<int, int>? _ports;

        public int? EveryPort { get; private set; }

        public void Add(int? port, int destination)
        {
            if (port is { } number)
            {
                (_ports ??= []).Add(number, destination);
            }
            else
            {
                EveryPort = destination;
            }
        }

        public int? At(int port) => _ports is not null && _ports.TryGetValue(port, out var destination) ? destination : EveryPort;
    }
}
