using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Clusters.NamedClients;

/// <summary>Traffic goes through the handlers of a client, and none of the factory's habits shows in it.</summary>
public sealed class NamedClientTests
{
    [Fact]
    public async Task Handlers_of_the_client_carry_the_traffic()
    {
        await using var upstream = RawUpstream.Answering(Answers.Of(HttpStatusCode.OK, body: "ok"));
        await using var gateway = await ClientGateway.StartAsync(upstream.Address, static client => client.AddHttpMessageHandler(static () => HostHandler.Adding("X-Tenant", "blue")));
        Assert.Equal("ok", await gateway.Client.GetStringAsync("/a"));
        Assert.Contains("\r\nX-Tenant: blue\r\n", Assert.Single(upstream.Heads), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirect_is_relayed_and_not_followed()
    {
        await using var upstream = RawUpstream.Answering(Answers.Of(HttpStatusCode.Redirect, "Location: /elsewhere\r\n"));
        await using var gateway = await ClientGateway.StartAsync(upstream.Address, static client => client.AddHttpMessageHandler(static () => HostHandler.Adding("X", "1")));
        using var answer = await gateway.Client.GetAsync("/a");
        Assert.Equal((HttpStatusCode.Redirect, "/elsewhere"), (answer.StatusCode, answer.Headers.Location?.OriginalString));
        Assert.Single(upstream.Heads);
    }

    [Fact]
    public async Task Cookie_of_one_client_is_not_sent_for_another()
    {
        await using var upstream = RawUpstream.Answering(Answers.Of(HttpStatusCode.OK, "Set-Cookie: session=secret; Path=/\r\n", "ok"));
        await using var gateway = await ClientGateway.StartAsync(upstream.Address, static client => client.AddHttpMessageHandler(static () => HostHandler.Adding("X", "1")));
        using var first = await gateway.Client.GetAsync("/a");
        using var second = await gateway.Client.GetAsync("/a");
        Assert.Equal(["session=secret; Path=/"], second.Headers.GetValues("Set-Cookie"));
        Assert.All(upstream.Heads, static head => Assert.DoesNotContain("Cookie", head, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Compressed_answer_stays_compressed()
    {
        var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionMode.Compress, leaveOpen: true))
        {
            await gzip.WriteAsync("hello"u8.ToArray());
        }

        await using var upstream = RawUpstream.Answering(Answers.Of(HttpStatusCode.OK, "Content-Encoding: gzip\r\n", Encoding.Latin1.GetString(packed.ToArray())));
        await using var gateway = await ClientGateway.StartAsync(upstream.Address, static client => client.AddHttpMessageHandler(static () => HostHandler.Adding("X", "1")));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/a");
        request.Headers.Add("Accept-Encoding", "gzip");
        using var answer = await gateway.Client.SendAsync(request);
        Assert.Equal(["gzip"], answer.Content.Headers.ContentEncoding);
        Assert.Equal(packed.ToArray(), await answer.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Trace_headers_are_the_gateways_alone()
    {
        using var listener = new ActivityListener { ShouldListenTo = static _ => true, Sample = static (ref _) => ActivitySamplingResult.AllDataAndRecorded };
        ActivitySource.AddActivityListener(listener);
        await using var upstream = RawUpstream.Answering(Answers.Of(HttpStatusCode.OK, body: "ok"));
        await using var gateway = await ClientGateway.StartAsync(upstream.Address, static client => client.AddHttpMessageHandler(static () => new HostHandler(static (request, next) =>
        {
            // What the handler of the framework would pass on.
            Activity.Current!.AddBaggage("inner", "secret");
            return next(request);
        })));
        await gateway.Client.GetStringAsync("/a");
        var head = Assert.Single(upstream.Heads);
        Assert.Equal(2, head.Split("traceparent:", StringSplitOptions.None).Length);
        Assert.DoesNotContain("secret", head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_cluster_says_of_connections_holds_behind_the_client()
    {
        await using var upstream = RawUpstream.Answering(Answers.Of(HttpStatusCode.OK));
        await using var gateway = await ClientGateway.StartAsync(
            new Uri($"http://localhost:{upstream.Address.Port}"),
            static client => client.AddHttpMessageHandler(static () => HostHandler.Adding("X", "1")),
            static cluster => cluster with { Http = cluster.Http with { DeniedNetworks = [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")] } });
        using var answer = await gateway.Client.GetAsync("/a");
        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal(0, upstream.Connections);
    }

    [Fact]
    public async Task Handler_that_sends_a_copy_of_the_message_does_not_lead_around_the_connections_of_the_cluster()
    {
        await using var upstream = RawUpstream.Answering(Answers.Of(HttpStatusCode.Redirect, "Location: /elsewhere\r\n"));
        await using var gateway = await ClientGateway.StartAsync(upstream.Address, static client => client.AddHttpMessageHandler(static () =>
            new HostHandler(static (request, next) => next(new HttpRequestMessage(request.Method, request.RequestUri)))));
        using var answer = await gateway.Client.GetAsync("/a");
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Single(upstream.Heads);
    }

    [Fact]
    public async Task What_the_host_itself_sends_by_the_client_is_sent_as_ever()
    {
        await using var upstream = await TestHost.StartAsync(map: static app =>
        {
            app.MapGet("/a", static () => Results.Redirect("/b"));
            app.MapGet("/b", static () => "followed");
        });
        await using var gateway = await ClientGateway.StartAsync(upstream.Address, static client => client.AddHttpMessageHandler(static () => HostHandler.Adding("X", "1")));
        using var own = gateway.App.Services.GetRequiredService<IHttpClientFactory>().CreateClient("orders");
        Assert.Equal("followed", await own.GetStringAsync(new Uri(upstream.Address, "/a")));
        using var relayed = await gateway.Client.GetAsync("/a");
        Assert.Equal(HttpStatusCode.Redirect, relayed.StatusCode);
    }

    [Fact]
    public async Task Handlers_are_made_anew_when_their_lifetime_is_over_and_connections_stay()
    {
        var made = 0;
        var ports = new HashSet<int>();
        await using var upstream = await Upstream.StartAsync(context =>
        {
            lock (ports)
            {
                ports.Add(context.Connection.RemotePort);
            }

            return context.Response.WriteAsync(context.Request.Headers["X-Chain"].ToString());
        });

        // The factory counts real time, a second at least.
        await using var gateway = await ClientGateway.StartAsync(upstream.Address, client => client
            .AddHttpMessageHandler(() => HostHandler.Adding("X-Chain", $"{Interlocked.Increment(ref made)}"))
            .SetHandlerLifetime(TimeSpan.FromSeconds(1)));
        var first = await gateway.Client.GetStringAsync("/");
        var since = Stopwatch.StartNew();
        while (await gateway.Client.GetStringAsync("/") == first)
        {
            Assert.True(since.Elapsed < RawConnection.Limit, "The chain of the start serves for ever.");
        }

        Assert.Single(ports);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WebSocket_passes_the_handlers(bool isResilient)
    {
        await using var upstream = await TestHost.StartAsync(map: static app => app.UseWebSockets().Run(static async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[64];
            var message = await socket.ReceiveAsync(buffer, context.RequestAborted);
            await socket.SendAsync(buffer.AsMemory(0, message.Count), WebSocketMessageType.Text, endOfMessage: true, context.RequestAborted);
            await socket.ReceiveAsync(buffer, context.RequestAborted);
        }));
        await using var gateway = await ClientGateway.StartAsync(upstream.Address, client =>
        {
            client.AddHttpMessageHandler(static () => HostHandler.Adding("X", "1"));
            if (isResilient)
            {
                client.AddStandardResilienceHandler();
            }
        });
        using var limit = new CancellationTokenSource(RawConnection.Limit);
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(gateway.Address) { Scheme = "ws" }.Uri, limit.Token);
        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, limit.Token);
        var echo = new byte[64];
        Assert.Equal(5, (await socket.ReceiveAsync(echo.AsMemory(), limit.Token)).Count);
    }

    [Fact]
    public async Task Handler_in_place_of_the_connections_is_behind_the_client_too()
    {
        await using var gateway = await Upstream.GatewayToAsync(
            new Uri("http://production.invalid"),
            static cluster => cluster with { Http = cluster.Http with { Client = "orders" } },
            static gateway =>
            {
                gateway.UseUpstreamHandler("up", static () => new HostHandler(static (request, _) =>
                    Task.FromResult(new HttpResponseMessage { Content = new StringContent(request.Headers.GetValues("X-Tenant").Single()) })));
                gateway.Services.AddHttpClient("orders").AddHttpMessageHandler(static () => HostHandler.Adding("X-Tenant", "blue"));
            });
        Assert.Equal("blue", await gateway.Client.GetStringAsync("/a"));
    }
}
