using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Rollout;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Rollout;

/// <summary>A gateway that splits everything between two destinations, which answer with their names and what they got.</summary>
internal sealed class SplitGateway : IAsyncDisposable
{
    private SplitGateway(TestHost stable, TestHost canary, TestHost gateway, MemoryRouteSource source, LogRecorder log) =>
        (Stable, Canary, Gateway, Source, Log) = (stable, canary, gateway, source, log);

    public TestHost Stable { get; }

    public TestHost Canary { get; }

    public TestHost Gateway { get; }

    public MemoryRouteSource Source { get; }

    public LogRecorder Log { get; }

    public HttpClient Client => Gateway.Client;

    public static async Task<SplitGateway> StartAsync(
        RouteSplit split, FakeTimeProvider? time = null, RequestDelegate? canary = null, bool withoutCanary = false, RequestDelegate? stable = null)
    {
        var hosts = (Stable: await Upstream.StartAsync(stable ?? Answer("stable")), Canary: await Upstream.StartAsync(canary ?? Answer("canary")));
        var (source, log) = (new MemoryRouteSource(), new LogRecorder());
        source.Set = new()
        {
            Clusters = [Cluster("stable", hosts.Stable.Address), withoutCanary ? new() { Id = "canary" } : Cluster("canary", hosts.Canary.Address)],
            Routes = [new() { Id = "all", Match = new() { Path = "/{**rest}" }, Split = split }],
        };
        var gateway = await TestHost.GatewayAsync(services: builder =>
        {
            if (time is not null)
            {
                builder.Services.AddSingleton<TimeProvider>(time);
            }

            builder.Services.AddLogging(logging => logging.AddProvider(log).SetMinimumLevel(LogLevel.Information));
            builder.AddSource(source);
        });
        return new(hosts.Stable, hosts.Canary, gateway, source, log);
    }

    public static RequestDelegate Answer(string name) => context =>
    {
        context.Response.Headers["X-Seen-Canary"] = context.Request.Headers["X-Canary"].ToString();
        context.Response.Headers["X-Seen-Cookie"] = context.Request.Headers.Cookie.ToString();
        return context.Response.WriteAsync(name);
    };

    public static Cluster Cluster(string id, Uri address) =>
        new() { Id = id, Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = address } } };

    public async Task<string> GetAsync(string? cookie = null, string? canary = null)
    {
        using var response = await SendAsync(cookie, canary);
        return await response.Content.ReadAsStringAsync();
    }

    public async Task<HttpResponseMessage> SendAsync(string? cookie = null, string? canary = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/x");
        if (cookie is not null)
        {
            request.Headers.Add("Cookie", cookie);
        }

        if (canary is not null)
        {
            request.Headers.Add("X-Canary", canary);
        }

        return await Client.SendAsync(request);
    }

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await Stable.DisposeAsync();
        await Canary.DisposeAsync();
    }
}
