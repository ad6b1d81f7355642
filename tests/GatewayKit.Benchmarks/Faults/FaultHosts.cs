using System.Collections.Concurrent;
using System.Net;
using GatewayKit.Clusters;
using GatewayKit.Pipeline;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Benchmarks.Faults;

/// <summary>The gateways and destinations of the runs, on the loopback in this process.</summary>
internal static class FaultHosts
{
    public static HttpMessageInvoker Client() => new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false });

    /// <summary>A destination that notes the id of each request that it gets.</summary>
    public static Task<WebApplication> DestinationAsync(ConcurrentDictionary<string, int> seen, RequestDelegate? serve = null) => StartAsync(
        static _ => { },
        app => app.Run(context =>
        {
            seen.AddOrUpdate(context.Request.Headers["X-Test-Id"].ToString(), 1, static (_, count) => count + 1);
            return serve?.Invoke(context) ?? context.Response.WriteAsync("served");
        }));

    public static Task<WebApplication> GatewayAsync(IEnumerable<Cluster> clusters, Action<GatewayOptions>? configure = null, params IGatewayPolicy[] defaults)
    {
        Cluster[] all = [.. clusters];
        return StartAsync(
            services => services.AddApiGateway(options =>
            {
                options.DrainDelay = TimeSpan.Zero;
                configure?.Invoke(options);
            })
                .AddClusters(all)
                .AddDefaults(defaults)
                .AddRoutes(all.Select(static cluster => new GatewayRoute { Id = cluster.Id, Match = new() { Path = $"/{cluster.Id}/{{**rest}}" }, Cluster = cluster.Id })),
            static app => app.MapGatewayRoutes());
    }

    public static Cluster Cluster(string id, params IEnumerable<Uri> addresses) => new()
    {
        Id = id,
        Destinations = addresses.Index().ToDictionary(static item => $"{item.Index}", static item => new Destination { Address = item.Item }),
    };

    public static Uri AddressOf(WebApplication app) => new(app.Urls.First());

    public static IPEndPoint EndPointOf(WebApplication app) => new(IPAddress.Loopback, AddressOf(app).Port);

    private static async Task<WebApplication> StartAsync(Action<IServiceCollection> services, Action<WebApplication> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        services(builder.Services);
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return app;
    }
}
