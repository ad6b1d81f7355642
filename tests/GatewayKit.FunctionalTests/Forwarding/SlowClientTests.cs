using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>How long a client may take nothing, by the server's clock for it.</summary>
public sealed class SlowClientTests
{
    [Theory]
    [InlineData(5, 5)] // One flush at the end: the server's own.
    [InlineData(1_000_000, 60)] // Many: the idle time of the cluster.
    public async Task Large_body_gives_a_client_the_idle_time(int bytes, int seconds)
    {
        Assert.Equal(new(240, TimeSpan.FromSeconds(seconds)), await RateAfterAsync(bytes, new(240, TimeSpan.FromSeconds(5)), TimeSpan.FromSeconds(60)));
    }

    [Theory]
    [InlineData(100, 120)]
    [InlineData(100, 5)]
    [InlineData(240, 6)]
    public async Task Rate_that_the_host_has_set_stays(double bytesPerSecond, int graceSeconds)
    {
        var grace = TimeSpan.FromSeconds(graceSeconds);
        Assert.Equal(new(bytesPerSecond, grace), await RateAfterAsync(1_000_000, new(bytesPerSecond, grace), TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task Without_an_idle_time_or_a_rate_of_the_server_there_is_none()
    {
        Assert.Null(await RateAfterAsync(1_000_000, new(240, TimeSpan.FromSeconds(5)), Timeout.InfiniteTimeSpan));
        Assert.Null(await RateAfterAsync(1_000_000, null, TimeSpan.FromSeconds(60)));
    }

    private static async Task<(double BytesPerSecond, TimeSpan Grace)?> RateAfterAsync(int bytes, MinDataRate? server, TimeSpan idle)
    {
        await using var upstream = await Upstream.StartAsync(async context =>
        {
            context.Response.ContentLength = bytes;
            await context.Response.Body.WriteAsync(new byte[bytes]);
        });
        var seen = new TaskCompletionSource<MinDataRate?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var gateway = await TestHost.StartAsync(
            builder =>
            {
                builder.Services.Configure<KestrelServerOptions>(kestrel => kestrel.Limits.MinResponseDataRate = server);
                builder.Services.AddApiGateway()
                    .AddClusters(new Cluster { Id = "up", Timeouts = new() { Idle = idle }, Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = upstream.Address } } })
                    .AddRoutes(new GatewayRoute { Id = "all", Match = new() { Path = "/{**rest}" }, Cluster = "up" });
            },
            app =>
            {
                app.Use(async (context, next) =>
                {
                    await next(context);
                    seen.SetResult(context.Features.Get<IHttpMinResponseDataRateFeature>()!.MinDataRate);
                });
                app.MapGatewayRoutes();
            });
        Assert.Equal(bytes, (await gateway.Client.GetByteArrayAsync("/")).Length);
        return await seen.Task is { } rate ? (rate.BytesPerSecond, rate.GracePeriod) : null;
    }
}
