using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;

namespace GatewayKit.Routing;

/// <summary>
/// Sorts the endpoints of one node of the matcher by host. An edge stands for the most specific pattern a request can have, and leads to
/// all endpoints whose patterns cover it, the more specific first. The work grows with the number of edges and of what they share.
/// </summary>
internal sealed class HostIndex
{
    private readonly Dictionary<string, Level> _exact = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Level> _wildcards = new(StringComparer.Ordinal);
    private readonly Level _anyName = new();
    private readonly List<int> _unbound = [];
    private readonly IReadOnlyList<Endpoint> _endpoints;

    private HostIndex(IReadOnlyList<Endpoint> endpoints)
    {
        _endpoints = endpoints;
        for (var i = 0; i < endpoints.Count; i++)
        {
            var hosts = RouteConditions.Of(endpoints[i])?.Hosts;
            if (hosts is not { Length: > 0 })
            {
                _unbound.Add(i);
                continue;
            }

            foreach (var host in hosts)
            {
                LevelOf(host).Add(host, i);
            }
        }
    }

    public static IReadOnlyList<PolicyNodeEdge> EdgesOf(IReadOnlyList<Endpoint> endpoints)
    {
        var index = new HostIndex(endpoints);
        var edges = new List<PolicyNodeEdge>(index._exact.Count + index._wildcards.Count + 1);
        foreach (var (name, level) in index._exact)
        {
            index.AddEdges(edges, name, isWildcard: false, level);
        }

        foreach (var (suffix, level) in index._wildcards)
        {
            index.AddEdges(edges, suffix, isWildcard: true, level);
        }

        index.AddEdges(edges, null, isWildcard: false, index._anyName);
        if (index._anyName.EveryPort.Count == 0)
        {
            // A request for no host of ours. Without endpoints the edge says: not here.
            edges.Add(new(default(HostPattern), index.Pick(null, false, null)));
        }

        return edges;
    }

    private Level LevelOf(HostPattern host)
    {
        if (host.Name is null)
        {
            return _anyName;
        }

        ref var level = ref CollectionsMarshal.GetValueRefOrAddDefault(host.IsWildcard ? _wildcards : _exact, host.Name, out _);
        return level ??= new Level();
    }

    private void AddEdges(List<PolicyNodeEdge> edges, string? name, bool isWildcard, Level level)
    {
        var ports = new HashSet<int>(level.Ports.Keys);
        if (level.EveryPort.Count > 0)
        {
            edges.Add(new(new HostPattern(name, isWildcard, null), Pick(name, isWildcard, null)));

            // What a wider pattern says of a port holds for this name too.
            foreach (var wider in WiderThan(name, isWildcard))
            {
                ports.UnionWith(wider.Ports.Keys);
            }
        }

        foreach (var port in ports)
        {
            edges.Add(new(new HostPattern(name, isWildcard, port), Pick(name, isWildcard, port)));
        }
    }

    // The endpoints that a request for this name and port can reach: those of the name, then of wider and wider suffixes, then of any name.
    private List<Endpoint> Pick(string? name, bool isWildcard, int? port)
    {
        var picked = new List<(int Index, int Rank)>();
        if (name is not null)
        {
            (isWildcard ? _wildcards : _exact)[name].AddTo(picked, port);
        }

        foreach (var wider in WiderThan(name, isWildcard))
        {
            wider.AddTo(picked, port);
        }

        if (name is null)
        {
            _anyName.AddTo(picked, port);
        }

        foreach (var index in _unbound)
        {
            picked.Add((index, HostRanks.Of(_endpoints[index])));
        }

        picked.Sort(ByPrecedence);
        var seen = new HashSet<int>(picked.Count);
        return [.. picked.Where(entry => seen.Add(entry.Index)).Select(entry => AtRank(_endpoints[entry.Index], entry.Rank))];
    }

    // The framework orders the endpoints of a node by themselves, not by the edge that led there. An endpoint that has both a name and
    // a wildcard is therefore two.
    private static Endpoint AtRank(Endpoint endpoint, int rank)
    {
        var conditions = RouteConditions.Of(endpoint);
        if (conditions is null || conditions.HostRank == rank)
        {
            return endpoint;
        }

        var original = (RouteEndpoint)endpoint;
        return new RouteEndpoint(
            original.RequestDelegate!,
            original.RoutePattern,
            original.Order,
            new EndpointMetadataCollection(original.Metadata.Select(item => ReferenceEquals(item, conditions) ? conditions.At(rank) : item)),
            original.DisplayName);
    }

    private IEnumerable<Level> WiderThan(string? name, bool isWildcard)
    {
        if (name is null)
        {
            yield break;
        }

        if (_wildcards.Count > 0)
        {
            var lookup = _wildcards.GetAlternateLookup<ReadOnlySpan<char>>();
            for (var dot = name.IndexOf('.'); dot >= 0; dot = name.IndexOf('.', dot + 1))
            {
                if (lookup.TryGetValue(name.AsSpan(dot + 1), out var level))
                {
                    yield return level;
                }
            }
        }

        yield return _anyName;
    }

    // Priority and path template come first, as everywhere in routing; what is equal in these is ordered by how closely the host fits.
    private int ByPrecedence((int Index, int Rank) left, (int Index, int Rank) right)
    {
        if (_endpoints[left.Index] is RouteEndpoint x && _endpoints[right.Index] is RouteEndpoint y)
        {
            var byPath = x.Order.CompareTo(y.Order) is not 0 and var order
                ? order
                : x.RoutePattern.InboundPrecedence.CompareTo(y.RoutePattern.InboundPrecedence);
            if (byPath != 0)
            {
                return byPath;
            }
        }

        return right.Rank.CompareTo(left.Rank) is not 0 and var rank ? rank : left.Index.CompareTo(right.Index);
    }

    /// <summary>Patterns of one name.</summary>
    private sealed class Level
    {
        private static readonly Dictionary<int, List<(int Index, int Rank)>> None = [];

        public List<(int Index, int Rank)> EveryPort { get; } = [];

        public Dictionary<int, List<(int Index, int Rank)>> Ports { get; private set; } = None;

        public void Add(HostPattern host, int endpoint)
        {
            if (host.Port is not { } port)
            {
                EveryPort.Add((endpoint, host.Rank));
                return;
            }

            Ports = ReferenceEquals(Ports, None) ? [] : Ports;
            ref var list = ref CollectionsMarshal.GetValueRefOrAddDefault(Ports, port, out _);
            (list ??= []).Add((endpoint, host.Rank));
        }

        public void AddTo(List<(int Index, int Rank)> picked, int? port)
        {
            if (port is { } number && Ports.TryGetValue(number, out var atPort))
            {
                picked.AddRange(atPort);
            }

            picked.AddRange(EveryPort);
        }
    }
}
