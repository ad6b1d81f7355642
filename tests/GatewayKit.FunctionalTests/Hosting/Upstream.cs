using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace GatewayKit.FunctionalTests.Hosting;

/// <summary>A destination on Kestrel, and gateways in front of it.</summary>
internal static class Upstream
{
    /// <summary>Starts a destination that answers everything with <paramref name="handler"/>.</summary>
    public static Task<TestHost> StartAsync(RequestDelegate handler, HttpProtocols protocols = HttpProtocols.Http1) =>
        TestHost.StartAsync(map: app => app.Run(handler), protocols: protocols);

    /// <summary>Adds the cluster <c>up</c> of one destination, which is spoken to in one version and in no other.</summary>
    /// <param name="gateway">The gateway.</param>
    /// <param name="address">The destination.</param>
    /// <param name="protocols">What it speaks: one of them.</param>
    public static GatewayBuilder AddUpstream(this GatewayBuilder gateway, Uri address, HttpProtocols protocols)
    {
        var version = protocols is HttpProtocols.Http2 ? HttpVersion.Version20 : HttpVersion.Version11;
        return gateway.AddClusters(ClusterOf(address) with
        {
            Http = new() { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact, WebSocketVersion = version, WebSocketVersionPolicy = HttpVersionPolicy.RequestVersionExact },
        });
    }

    /// <summary>Starts a gateway that sends everything to one address.</summary>
    /// <param name="address">The destination.</param>
    /// <param name="change">Changes the cluster. Default: nothing.</param>
    /// <param name="services">Adds to the gateway. Default: nothing.</param>
    /// <param name="protocols">What the gateway speaks to clients.</param>
    /// <param name="routes">Adds to its routes. Default: nothing.</param>
    public static Task<TestHost> GatewayToAsync(
        Uri address, Func<GatewayKit.Clusters.Cluster, GatewayKit.Clusters.Cluster>? change = null, Action<GatewayBuilder>? services = null, HttpProtocols protocols = HttpProtocols.Http1,
        Action<IEndpointConventionBuilder>? routes = null) =>
        TestHost.StartAsync(
            builder =>
            {
                var cluster = ClusterOf(address);
                var gateway = Microsoft.Extensions.DependencyInjection.GatewayServiceCollectionExtensions.AddApiGateway(builder.Services)
                    .AddClusters(change?.Invoke(cluster) ?? cluster)
                    .AddRoutes(new GatewayKit.Routing.GatewayRoute { Id = "all", Match = new() { Path = "/{**rest}" }, Cluster = "up" });
                services?.Invoke(gateway);
            },
            app =>
            {
                var mapped = app.MapGatewayRoutes();
                routes?.Invoke(mapped);
            },
            protocols);

    private static GatewayKit.Clusters.Cluster ClusterOf(Uri address) =>
        new() { Id = "up", Destinations = new Dictionary<string, GatewayKit.Clusters.Destination> { ["a"] = new() { Address = address } } };
}
