using GatewayKit.Rollout;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps gateway routes as endpoints of the host.</summary>
public static class GatewayEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps the configured routes, now and after every reload. A call on a group puts them under its prefix and conventions. Several
    /// calls map each route once, with the conventions of all calls that select it.
    /// </summary>
    /// <param name="endpoints">The host's endpoints, or a group of them.</param>
    /// <param name="where">Which routes. Default: all of them.</param>
    /// <returns>A builder for what is said of these routes; policies from a route's own configuration override what it adds.</returns>
    /// <exception cref="InvalidOperationException"><c>AddApiGateway()</c> was not called.</exception>
    public static IEndpointConventionBuilder MapGatewayRoutes(this IEndpointRouteBuilder endpoints, Func<GatewayRoute, bool>? where = null) =>
        DataSourceOf(endpoints).MapConfigured(where);

    /// <summary>Maps one route to a cluster.</summary>
    /// <param name="endpoints">The host's endpoints, or a group of them.</param>
    /// <param name="pattern">A path template; with the prefix of the group in front also the id of the route.</param>
    /// <param name="cluster">The id of a cluster from configuration or code.</param>
    public static IEndpointConventionBuilder MapGatewayRoute(this IEndpointRouteBuilder endpoints, string pattern, string cluster) =>
        DataSourceOf(endpoints).MapCode(new GatewayRoute { Id = pattern, Match = new() { Path = pattern }, Cluster = cluster }, isNamedByPattern: true);

    /// <summary>Maps one route to several clusters that share its requests, such as a stable one and a canary.</summary>
    /// <param name="endpoints">The host's endpoints, or a group of them.</param>
    /// <param name="pattern">A path template; with the prefix of the group in front also the id of the route.</param>
    /// <param name="split">The clusters and their shares, such as <c>RouteSplit.Between("orders", "orders-v2", percent: 5)</c>.</param>
    public static IEndpointConventionBuilder MapGatewayRoute(this IEndpointRouteBuilder endpoints, string pattern, RouteSplit split) =>
        DataSourceOf(endpoints).MapCode(new GatewayRoute { Id = pattern, Match = new() { Path = pattern }, Split = split }, isNamedByPattern: true);

    /// <summary>Maps one route with everything that can be said of it.</summary>
    public static IEndpointConventionBuilder MapGatewayRoute(this IEndpointRouteBuilder endpoints, GatewayRoute route)
    {
        ArgumentNullException.ThrowIfNull(route);
        return DataSourceOf(endpoints).MapCode(route);
    }

    private static GatewayEndpointDataSource DataSourceOf(IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        if (endpoints.DataSources.OfType<GatewayEndpointDataSource>().FirstOrDefault() is { } known)
        {
            return known;
        }

        var services = endpoints.ServiceProvider;
        var current = services.GetService<CurrentSnapshot>()
            ?? throw new InvalidOperationException("The gateway is not registered. Call builder.Services.AddApiGateway() before mapping its routes.");
        var dataSource = new GatewayEndpointDataSource(current, services.GetRequiredService<GatewayEndpointFactory>(), services);
        endpoints.DataSources.Add(dataSource);
        current.Add(dataSource);
        return dataSource;
    }
}
