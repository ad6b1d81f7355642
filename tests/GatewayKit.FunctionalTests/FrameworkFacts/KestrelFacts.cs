using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace GatewayKit.FunctionalTests.FrameworkFacts;

/// <summary>What Kestrel does that the forwarder relies on, or works around.</summary>
public sealed class KestrelFacts
{
    /// <summary>The reason why the gateway writes trailers of HTTP/1.1 itself.</summary>
    [Theory]
    [InlineData(HttpProtocols.Http1, false)]
    [InlineData(HttpProtocols.Http2, true)]
    public async Task Response_trailers_need_http2(HttpProtocols protocols, bool supported)
    {
        await using var host = await Upstream.StartAsync(static context => context.Response.WriteAsync($"{context.Response.SupportsTrailers()}"), protocols);
        using var request = new HttpRequestMessage(HttpMethod.Get, host.Address)
        {
            Version = protocols is HttpProtocols.Http1 ? new(1, 1) : new(2, 0),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var answer = await host.Client.SendAsync(request);
        Assert.Equal($"{supported}", await answer.Content.ReadAsStringAsync());
    }

    /// <summary>C2: why a limit for a route is set before the body is read, and needs no thought in a tunnel.</summary>
    [Fact]
    public async Task Body_limit_can_be_changed_before_the_first_read_only()
    {
        await using var host = await Upstream.StartAsync(static async context =>
        {
            var limit = context.Features.Get<IHttpMaxRequestBodySizeFeature>()!;
            var before = limit.IsReadOnly;
            limit.MaxRequestBodySize = 5;
            await context.Request.Body.ReadExactlyAsync(new byte[1]);
            await context.Response.WriteAsync($"[{before} {limit.IsReadOnly}]");
        });
        using var client = await RawConnection.ConnectAsync(host.Address);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        Assert.Contains("[False True]", await client.ReadThroughAsync("]"));
    }

    /// <summary>C4: why the data rate is switched off for gRPC rather than tuned.</summary>
    [Fact]
    public async Task Data_rate_of_a_request_over_http2_can_only_be_switched_off()
    {
        await using var host = await Upstream.StartAsync(
            static context =>
            {
                var rate = context.Features.Get<IHttpMinRequestBodyDataRateFeature>()!;
                var tuned = Record.Exception(() => rate.MinDataRate = new(1, TimeSpan.FromMinutes(1)));
                var switchedOff = Record.Exception(() => rate.MinDataRate = null);
                return context.Response.WriteAsync($"{tuned?.GetType().Name}, {switchedOff?.GetType().Name ?? "none"}");
            },
            HttpProtocols.Http2);
        using var request = new HttpRequestMessage(HttpMethod.Get, host.Address) { Version = new(2, 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var answer = await host.Client.SendAsync(request);
        Assert.Equal("NotSupportedException, none", await answer.Content.ReadAsStringAsync());
    }

    /// <summary>H3: what is still running when the time to stop is over is cut; until then it is waited for.</summary>
    [Fact]
    public async Task Shutdown_cuts_what_outlives_its_time()
    {
        Assert.Equal(TimeSpan.FromSeconds(30), new Microsoft.Extensions.Hosting.HostOptions().ShutdownTimeout);
        await using var host = await Upstream.StartAsync(static async context =>
        {
            await context.Response.WriteAsync("event");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
        });
        using var client = await RawConnection.ConnectAsync(host.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await client.ReadThroughAsync("event");
        using var time = new CancellationTokenSource();
        var stopping = host.App.StopAsync(time.Token);
        Assert.False(stopping.IsCompleted);
        await time.CancelAsync();
        Assert.DoesNotContain("\r\n0\r\n\r\n", await client.ReadToEndAsync());
        await Record.ExceptionAsync(() => stopping.WaitAsync(RawConnection.Limit));
        Assert.True(stopping.IsCompleted);
    }

    /// <summary>
    /// Where one known option is among the names, Kestrel replaces the whole header by that option, and the names are lost: a gateway cannot
    /// remove what it cannot see. Our own fields are safe because they are written last.
    /// </summary>
    [Theory]
    [InlineData("X-A", "X-A")]
    [InlineData("X-A, X-B", "X-A, X-B")]
    [InlineData("keep-alive, upgrade, X-A", "keep-alive, upgrade, X-A")]
    [InlineData("close, X-A", "close")]
    [InlineData("X-A, close", "close")]
    [InlineData("keep-alive, X-A", "keep-alive")]
    public async Task Connection_header_loses_the_names_beside_a_known_option(string sent, string seen)
    {
        await using var host = await Upstream.StartAsync(context => context.Response.WriteAsync($"[{context.Request.Headers.Connection}]"));
        using var client = await RawConnection.ConnectAsync(host.Address);
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\nConnection: {sent}\r\n\r\n");
        Assert.Contains($"[{seen}]", await client.ReadThroughAsync("]"));
    }
}
