using System.Globalization;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace GatewayKit.Pipeline;

/// <summary>The endpoint a pipeline is built for: a route of the gateway or an endpoint of the host.</summary>
public sealed class GatewayEndpoint
{
    private readonly object[] _metadata;
    private readonly int _order;
    private readonly GatewayEndpoint? _live;

    private GatewayEndpoint(string routeId, IGatewayRouteIdentity? route, RouteEndpointBuilder? place, object[] metadata)
    {
        var pattern = place?.RoutePattern.RawText;
        (IsRoute, _order) = (route is not null, place?.Order ?? 0);
        (RouteId, ClusterId, Pattern, Terminal) = (routeId, route?.ClusterId, pattern, route?.Terminal ?? "host endpoint");
        (AllowsEncodedSlash, ForwardsExpectation, IsForGrpc) = (route is { AllowsEncodedSlash: true }, route is { ForwardsExpectation: true }, route is { IsForGrpc: true });
        _metadata = metadata;
    }

    private GatewayEndpoint(GatewayEndpoint route, IReadOnlyList<IGatewayPolicy> policies)
    {
        (_metadata, _order) = (route._metadata, route._order);
        (RouteId, StateKey, ClusterId, Pattern, Terminal, Policies, IsRoute) = (route.RouteId, route.StateKey, route.ClusterId, route.Pattern, route.Terminal, policies, route.IsRoute);
        (AllowsEncodedSlash, ForwardsExpectation, IsForGrpc) = (route.AllowsEncodedSlash, route.ForwardsExpectation, route.IsForGrpc);
    }

    private GatewayEndpoint(GatewayEndpoint live)
    {
        (_live, _metadata, _order) = (live, live._metadata, live._order);
        (RouteId, ClusterId, Pattern, Terminal, Policies, IsRoute) = (AsCandidate(live.RouteId), live.ClusterId, live.Pattern, live.Terminal, live.Policies, live.IsRoute);
        (AllowsEncodedSlash, ForwardsExpectation, IsForGrpc) = (live.AllowsEncodedSlash, live.ForwardsExpectation, live.IsForGrpc);
    }

    /// <summary>
    /// The id of the gateway route; for an endpoint of the host its name, else its display name, which others may have too. For a
    /// candidate with <c>(candidate)</c> behind it, so that what it counts is not taken for traffic.
    /// </summary>
    public string RouteId { get; }

    /// <summary>
    /// What state that outlives a reload is keyed by: the same each time the endpoint is built, and another for every other one. The
    /// endpoints of one gateway route, one for each of its paths, have one key. Endpoints of the host are told apart by name, pattern,
    /// order, methods, hosts and handler; those that agree in all of these have one key. Case is ignored. A candidate
    /// has another key than its policy.
    /// </summary>
    public string StateKey { get => field ??= _live is not null ? $"candidate of {_live.StateKey}" : IsRoute ? $"route {RouteId}" : DescribeHostEndpoint(); private init; }

    /// <summary>The cluster the route forwards to, the stable one of a split; <see langword="null"/> for an endpoint of the host, a static answer or a redirect.</summary>
    public string? ClusterId { get; }

    /// <summary>The route template, group prefixes included; <see langword="null"/> if the endpoint has none.</summary>
    public string? Pattern { get; }

    /// <summary>What the pipeline leads to, in words: <c>cluster orders</c>, <c>answer 200</c>, <c>redirect 308 /new</c> or <c>host endpoint</c>.</summary>
    public string Terminal { get; }

    /// <summary>What groups, conventions and attributes said of the endpoint up to the moment its pipeline was built.</summary>
    public EndpointMetadataCollection Metadata => field ??= new(_metadata);

    /// <summary>Whether the link that is being built is for a candidate (<see cref="IGatewayPolicy.Candidate"/>) beside the policy in effect.</summary>
    public bool IsCandidate => _live is not null;

    /// <summary>The products that a route of the gateway is part of; <see langword="null"/> for an endpoint of the host, which is built without a snapshot.</summary>
    internal IReadOnlyList<string>? Products => IsRoute ? _metadata.Last<RouteProducts>()?.Ids ?? ValueList<string>.Empty : null;

    /// <summary>The policies in effect, in the order they run.</summary>
    internal IReadOnlyList<IGatewayPolicy> Policies { get; private init; } = [];

    /// <summary>Whether it is a route of the gateway, not an endpoint of the host.</summary>
    internal bool IsRoute { get; }

    /// <summary>Whether <c>%2F</c> in the path passes.</summary>
    internal bool AllowsEncodedSlash { get; }

    /// <summary>Whether the destination is asked before the body is sent.</summary>
    internal bool ForwardsExpectation { get; }

    /// <summary>Whether nothing but gRPC comes here.</summary>
    internal bool IsForGrpc { get; }

    /// <inheritdoc/>
    public override string ToString() => RouteId;

    /// <summary>
    /// What state is keyed by that endpoints share by a name: the name, or another one for a candidate, which shares nothing with policies in effect. What
    /// is keyed by <see cref="StateKey"/> does not need it.
    /// </summary>
    /// <param name="name">What the endpoints share.</param>
    public string SharedStateKey(string name) => IsCandidate ? AsCandidate(name) : name;

    /// <summary>The same endpoint with the policies that it has for some callers.</summary>
    internal GatewayEndpoint With(IReadOnlyList<IGatewayPolicy> policies) => new(this, policies);

    /// <summary>The same endpoint for a candidate.</summary>
    internal GatewayEndpoint ForCandidate() => new(this);

    internal static GatewayEndpoint Of(EndpointBuilder builder, IReadOnlyList<IGatewayPolicy> policies)
    {
        var route = builder.Metadata.Last<IGatewayRouteIdentity>();
        var name = builder.Metadata.Last<IEndpointNameMetadata>()?.EndpointName;
        return new(
            route?.RouteId ?? name ?? builder.DisplayName ?? "(unnamed endpoint)",
            route,
            builder as RouteEndpointBuilder,
            [.. builder.Metadata])
        {
            Policies = policies,
        };
    }

    private static string AsCandidate(string name) => $"{name} (candidate)";

    // The framework has no identity for an endpoint of the host, and builds it anew whenever any endpoint changes (A7).
    private string DescribeHostEndpoint()
    {
        var methods = _metadata.Last<IHttpMethodMetadata>()?.HttpMethods ?? [];
        var hosts = _metadata.Last<IHostMetadata>()?.Hosts ?? [];
        var handler = _metadata.Last<MethodInfo>();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"endpoint {RouteId} {Pattern} {_order} [{string.Join(',', methods)}] [{string.Join(',', hosts)}] {handler?.DeclaringType?.FullName}.{handler?.Name}");
    }
}
