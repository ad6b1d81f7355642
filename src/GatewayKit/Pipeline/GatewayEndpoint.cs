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

    private GatewayEndpoint(string routeId, IGatewayRouteIdentity? route, RouteEndpointBuilder? place, object[] metadata)
    {
        var pattern = place?.RoutePattern.RawText;
        (IsRoute, _order) = (route is not null, place?.Order ?? 0);
        (RouteId, ClusterId, Pattern, Terminal) = (routeId, route?.ClusterId, pattern, route?.Terminal ?? "host endpoint");
        (AllowsEncodedSlash, ForwardsExpectation, IsForGrpc) = (route is { AllowsEncodedSlash: true }, route is { ForwardsExpectation: true }, route is { IsForGrpc: true });
        _metadata = metadata;
    }

    /// <summary>
    /// The id of the gateway route; for an endpoint of the host its name, else its display name, which others may have too.
    /// </summary>
    public string RouteId { get; }

    /// <summary>
    /// What state that outlives a reload is keyed by: the same each time the endpoint is built, and another for every other one. The
    /// endpoints of one gateway route, one for each of its paths, have one key. Endpoints of the host are told apart by name, pattern,
    /// order, methods, hosts and handler; those that agree in all of these have one key. Case is ignored.
    /// </summary>
    public string StateKey => field ??= IsRoute ? $"route {RouteId}" : DescribeHostEndpoint();

    /// <summary>The cluster the route forwards to, the stable one of a split; <see langword="null"/> for an endpoint of the host, a static answer or a redirect.</summary>
    public string? ClusterId { get; }

    /// <summary>The route template, group prefixes included; <see langword="null"/> if the endpoint has none.</summary>
    public string? Pattern { get; }

    /// <summary>What the pipeline leads to, in words: <c>cluster orders</c>, <c>answer 200</c>, <c>redirect 308 /new</c> or <c>host endpoint</c>.</summary>
    public string Terminal { get; }

    /// <summary>What groups, conventions and attributes said of the endpoint up to the moment its pipeline was built.</summary>
    public EndpointMetadataCollection Metadata => field ??= new(_metadata);

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
