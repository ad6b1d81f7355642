using System.Net;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace GatewayKit.Routing;

/// <summary>
/// What one endpoint of a route demands beyond its path and methods, compiled once with the endpoint and kept in its metadata. Hosts and
/// the first exact header or query condition are decided by indexes; <see cref="Hold"/> decides the rest.
/// </summary>
internal sealed class RouteConditions
{
    private static long _count;
    private readonly FieldCondition[] _headers;
    private readonly FieldCondition[] _query;
    private readonly IPNetwork[] _networks;
    private readonly PathCondition? _path;
    private RoutedPath? _routedPath;

    public RouteConditions(GatewayRoute route, RoutePattern pattern, string template)
    {
        var match = route.Match;
        (Route, Sequence) = (route, Interlocked.Increment(ref _count));
        Hosts = match.Hosts.Count == 0 ? [] : [.. match.Hosts.Select(static host => HostPattern.TryParse(host, out var parsed)
            ? parsed
            : throw new FormatException($"'{host}' is not a host: write a name, *.name, or either with :port."))];
        foreach (var host in Hosts)
        {
            HostRank = Math.Max(HostRank, host.Rank);
        }

        Indexed = FirstIndexable(match.Headers) ?? FirstIndexable(match.Query);
        IsIndexedByQuery = Indexed is not null && !match.Headers.Contains(Indexed);

        // The index ignores case. A condition that does not is asked again.
        var decided = Indexed is { CaseSensitive: false } ? Indexed : null;
        _headers = Compile(match.Headers, IsIndexedByQuery ? null : decided);
        _query = Compile(match.Query, IsIndexedByQuery ? decided : null);
        _networks = match.ClientAddresses.Count == 0 ? [] : [.. match.ClientAddresses];
        _path = match.PathComparison is PathComparison.IgnoreCase ? null : new PathCondition(pattern, template.EndsWith('/'), match.PathComparison);
    }

    private RouteConditions(RouteConditions other)
    {
        (Route, Sequence, Hosts, Indexed, IsIndexedByQuery) = (other.Route, other.Sequence, other.Hosts, other.Indexed, other.IsIndexedByQuery);
        (_headers, _query, _networks, _path) = (other._headers, other._query, other._networks, other._path);
    }

    public GatewayRoute Route { get; }

    /// <summary>The last tie-break: which endpoint was built first.</summary>
    public long Sequence { get; }

    public HostPattern[] Hosts { get; }

    /// <summary>How closely the host fits: that of the closest pattern, or of the one that <see cref="At"/> was given.</summary>
    public int HostRank { get; private init; }

    /// <summary>The exact condition by which the endpoint is found; <see langword="null"/> if it has none.</summary>
    public FieldMatch? Indexed { get; }

    public bool IsIndexedByQuery { get; }

    /// <summary>Whether an index alone cannot decide.</summary>
    public bool AreLeft => _headers.Length + _query.Length + _networks.Length > 0 || _path is not null;

    /// <summary>Whether hosts, fields, addresses and the spelling of the path do not matter.</summary>
    public bool AreNone => !AreLeft && Indexed is null && Hosts.Length == 0;

    public static RouteConditions? Of(Endpoint endpoint) => endpoint.Metadata.Last<RouteConditions>();

    /// <summary>The same, for requests that matched one of several patterns.</summary>
    public RouteConditions At(int hostRank) => new(this) { HostRank = hostRank };

    /// <summary>The path of the endpoint, ready to be compared with others; kept, because every reload compares.</summary>
    public RoutedPath PathOf(RouteEndpoint endpoint)
    {
        ReloadPace.Step();
        return _routedPath is { } known && ReferenceEquals(known.Pattern, endpoint.RoutePattern) ? known : _routedPath = RoutedPath.Of(endpoint, Route);
    }

    public bool Hold(HttpContext httpContext, RouteValueDictionary? values)
    {
        foreach (var header in _headers)
        {
            if (!header.HoldsForHeaders(httpContext.Request.Headers))
            {
                return false;
            }
        }

        foreach (var parameter in _query)
        {
            if (!parameter.HoldsForQuery(httpContext.Request.QueryString))
            {
                return false;
            }
        }

        return (_networks.Length == 0 || Contains(httpContext.Connection.RemoteIpAddress))
            && (_path is null || _path.Holds(httpContext.Request.Path, values));
    }

    private static FieldMatch? FirstIndexable(IReadOnlyList<FieldMatch> matches) =>
        matches.Count == 0 ? null : matches.FirstOrDefault(static match => match.Mode is FieldMatchMode.Exact && match.Values.Count > 0);

    private static FieldCondition[] Compile(IReadOnlyList<FieldMatch> matches, FieldMatch? decided) =>
        matches.Count == 0 ? [] : [.. matches.Where(match => !ReferenceEquals(match, decided)).Select(static match => new FieldCondition(match))];

    private bool Contains(IPAddress? client)
    {
        // A socket that listens on both families reports IPv4 clients as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2).
        var address = client is { IsIPv4MappedToIPv6: true } ? client.MapToIPv4() : client;
        return address is not null && Array.Exists(_networks, network => network.Contains(address));
    }
}
