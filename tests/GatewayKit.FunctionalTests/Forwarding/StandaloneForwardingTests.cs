using System.Net;
using GatewayKit.Forwarding;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>The forwarder in endpoints of the host, as docs/forwarding.md shows it.</summary>
public sealed class StandaloneForwardingTests
{
    [Fact]
    public async Task Endpoint_of_the_host_forwards_to_an_address_or_a_cluster()
    {
        await using var upstream = await Upstream.StartAsync(context => context.Response.WriteAsync($"{context.Request.Path}"));
        var address = upstream.Address.ToString();
        await using var gateway = await TestHost.StartAsync(
            builder => builder.Services.AddApiGateway().AddCluster("stock", address),
            app =>
            {
                app.Map("/x/{**rest}", (HttpContext context, Forwarder forwarder) => forwarder.ForwardAsync(context, address));
                app.Map("/y/{**rest}", (HttpContext context, Forwarder forwarder) => forwarder.ForwardToClusterAsync(context, "stock"));
            });
        Assert.Equal("/x/a", await gateway.Client.GetStringAsync("/x/a"));
        Assert.Equal("/y/b", await gateway.Client.GetStringAsync("/y/b"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Body_that_is_gone_is_not_sent_on_as_an_empty_one(bool hasPolicy)
    {
        var asked = 0;
        await using var upstream = await Upstream.StartAsync(async context =>
        {
            asked++;
            await context.Response.WriteAsync(await new StreamReader(context.Request.Body).ReadToEndAsync());
        });
        await using var gateway = await TestHost.StartAsync(
            builder => builder.Services.AddApiGateway().AddCluster("stock", upstream.Address.ToString()),
            app =>
            {
                var twice = app.MapPost("/twice", async (HttpContext context, Forwarder forwarder) =>
                {
                    await forwarder.ForwardToClusterAsync(context, "stock");
                    return await forwarder.ForwardToClusterAsync(context, "stock");
                });
                if (hasPolicy)
                {
                    twice.WithThrottling(requestsPerSecond: 100);
                }
            });
        using var content = new StringContent("all of it");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/twice") { Content = content, Headers = { TransferEncodingChunked = true } };
        using var answer = await gateway.Client.SendAsync(request);
        Assert.Equal((HttpStatusCode.InternalServerError, 1), (answer.StatusCode, asked));
    }

    [Fact]
    public async Task Answer_that_is_released_cannot_be_written()
    {
        await using var upstream = await Upstream.StartAsync(static context => context.Response.WriteAsync("it"));
        await using var gateway = await TestHost.StartAsync(
            builder => builder.Services.AddApiGateway().AddCluster("stock", upstream.Address.ToString()),
            static app => app.MapGet("/", static async (HttpContext context, Forwarder forwarder) =>
            {
                await using var answer = (ForwardResult)await forwarder.ForwardToClusterAsync(context, "stock");
                return answer;
            }));
        using var answer = await gateway.Client.GetAsync("/");
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
    }

    [Fact]
    public async Task Address_that_fails_is_left_alone_like_a_destination_of_a_cluster()
    {
        var (time, status, asked) = (new FakeTimeProvider(), 503, 0);
        await using var upstream = await Upstream.StartAsync(context =>
        {
            asked++;
            context.Response.StatusCode = status;
            return context.Response.WriteAsync("it");
        });
        await using var other = await Upstream.StartAsync(static context => context.Response.WriteAsync("other"));
        await using var gateway = await TestHost.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton<TimeProvider>(time);
                builder.Services.AddApiGateway();
            },
            app =>
            {
                app.Map("/x", (HttpContext context, Forwarder forwarder) => forwarder.ForwardAsync(context, upstream.Address.ToString()));
                app.Map("/y", (HttpContext context, Forwarder forwarder) => forwarder.ForwardAsync(context, other.Address.ToString()));
            });
        for (var i = 0; i < 5; i++)
        {
            using var failed = await gateway.Client.GetAsync("/x");
            Assert.Equal("it", await failed.Content.ReadAsStringAsync());
        }

        using (var refused = await gateway.Client.GetAsync("/x"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.Contains("circuit-open", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            Assert.NotNull(refused.Headers.RetryAfter);
        }

        Assert.Equal(5, asked);
        Assert.Equal("other", await gateway.Client.GetStringAsync("/y"));
        status = 200;
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal("it", await gateway.Client.GetStringAsync("/x"));
    }

    [Fact]
    public async Task Answer_that_a_filter_drops_is_released()
    {
        await using var upstream = await Upstream.StartAsync(context => context.Response.WriteAsync("unwanted"));
        await using var gateway = await TestHost.StartAsync(
            builder => builder.Services.AddApiGateway().AddCluster("stock", upstream.Address.ToString()),
            app => app.Map("/", (HttpContext context, Forwarder forwarder) => forwarder.ForwardToClusterAsync(context, "stock"))
                .AddEndpointFilter(async (context, next) =>
                {
                    await next(context);
                    return Results.Text("instead");
                }));
        Assert.Equal("instead", await gateway.Client.GetStringAsync("/"));
        var destination = gateway.App.Services.GetRequiredService<GatewayKit.Clusters.ClusterStates>().InForce["stock"].Destinations.Single();
        Assert.True(SpinWait.SpinUntil(() => destination.InFlight == 0, RawConnection.Limit));
    }

    [Theory]
    [InlineData("ftp://a")]
    [InlineData("orders")]
    [InlineData("http://user@a")]
    public async Task Address_that_is_none_is_the_callers_mistake(string address)
    {
        await using var gateway = await TestHost.StartAsync(static builder => builder.Services.AddApiGateway());
        var forwarder = gateway.App.Services.GetRequiredService<Forwarder>();
        await Assert.ThrowsAsync<ArgumentException>(() => forwarder.ForwardAsync(new DefaultHttpContext(), address));
    }

    [Theory]
    [InlineData("stok", "There is no cluster 'stok'. Did you mean 'stock'?")]
    [InlineData("none", "There is no cluster 'none'. Name a cluster of the configuration or of AddCluster().")]
    public async Task Cluster_that_is_none_is_the_callers_mistake_told_with_the_nearest(string cluster, string message)
    {
        await using var gateway = await TestHost.GatewayAsync(services: static builder => builder.AddCluster("stock", "http://127.0.0.1:9"));
        var forwarder = gateway.App.Services.GetRequiredService<Forwarder>();
        var mistake = await Assert.ThrowsAsync<ArgumentException>("clusterId", () => forwarder.ForwardToClusterAsync(new DefaultHttpContext(), cluster));
        Assert.StartsWith(message, mistake.Message, StringComparison.Ordinal);
    }
}
