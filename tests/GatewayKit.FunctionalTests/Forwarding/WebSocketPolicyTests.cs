using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using static GatewayKit.FunctionalTests.Forwarding.WebSocketScripts;

namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>Who may open a WebSocket, how many, and for how long.</summary>
public sealed class WebSocketPolicyTests
{
    private readonly TunnelObserver _observer = new();

    [Theory]
    [InlineData(null, "", 101)]
    [InlineData(null, "Origin: http://a\r\n", 101)]
    [InlineData(null, "Origin: https://a\r\n", 101)]
    [InlineData(null, "Origin: http://b\r\n", 403)]
    [InlineData(null, "Origin: null\r\n", 403)]
    [InlineData(null, "Origin: http://a\r\nOrigin: http://a\r\n", 403)]
    [InlineData(null, "Origin: http://1:2:3\r\n", 403)]
    [InlineData("https://*.example.com", "Origin: http://1:2:3\r\n", 403)]
    [InlineData("https://*.example.com", "Origin: https://app.example.com\r\n", 101)]
    [InlineData("https://*.example.com", "Origin: http://a\r\n", 101)]
    [InlineData("https://*.example.com", "Origin: https://app.example.com.evil\r\n", 403)]
    [InlineData("*", "Origin: null\r\n", 101)]
    public async Task Page_of_another_host_is_refused_unless_it_is_listed(string? listed, string origin, int status)
    {
        await using var upstream = Accepting();
        await using var gateway = await StartAsync(upstream.Address, listed is null ? null : new WebSocketPolicy { Origins = [listed] });
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync(Handshake(origin));
        var answer = status == 101 ? await client.ReadHeadAsync() : await client.ReadAnswerAsync();
        Assert.StartsWith($"HTTP/1.1 {status}", answer);
        Assert.Equal(status == 101 ? 1 : 0, upstream.Connections);
        Assert.Equal(status == 403, answer.Contains("\"code\":\"origin-not-allowed\"", StringComparison.Ordinal));
    }

    // The server decodes the name of the host, and browsers write both in ASCII.
    [Theory]
    [InlineData("http://xn--bcher-kva.example", 101)]
    [InlineData("http://xn--bcher-kvb.example", 403)]
    public async Task Page_of_an_international_host_is_compared_by_the_name_as_it_came(string origin, int status)
    {
        await using var upstream = Accepting();
        await using var gateway = await StartAsync(upstream.Address, policy: null);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync(Handshake($"Origin: {origin}\r\n").Replace("Host: a\r\n", "Host: xn--bcher-kva.example\r\n", StringComparison.Ordinal));
        Assert.StartsWith($"HTTP/1.1 {status}", await client.ReadHeadAsync());
    }

    [Fact]
    public async Task Shadow_refuses_nobody()
    {
        await using var upstream = Accepting();
        await using var gateway = await StartAsync(upstream.Address, new WebSocketPolicy { Allow = false, Mode = PolicyMode.Shadow });
        using var client = await OpenAsync(gateway.Address, "Origin: http://a\r\n");
    }

    [Theory]
    [InlineData("*")]
    [InlineData("http://b")]
    public async Task Shadow_leaves_the_check_of_the_origin_in_place(string listed)
    {
        await using var upstream = Accepting();
        await using var gateway = await StartAsync(upstream.Address, new WebSocketPolicy { Origins = [listed], Mode = PolicyMode.Shadow });
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync(Handshake("Origin: http://b\r\n"));
        var answer = await client.ReadAnswerAsync();
        Assert.StartsWith("HTTP/1.1 403", answer);
        Assert.Contains("\"code\":\"origin-not-allowed\"", answer);
        Assert.Equal(0, upstream.Connections);
    }

    [Fact]
    public async Task Shadow_ends_no_tunnel()
    {
        var time = new FakeTimeProvider();
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.AcceptAsync();
            for (var frames = 0; frames < 2; frames++)
            {
                await connection.SendAsync(Frame(await connection.ReadMaskedAsync('\u0082'), masked: false));
            }

            await connection.ReadToEndAsync();
        });
        await using var gateway = await StartAsync(upstream.Address, new WebSocketPolicy { MaxDuration = TimeSpan.FromSeconds(5), Mode = PolicyMode.Shadow }, time: time);
        using var client = await OpenAsync(gateway.Address);
        await client.SendAsync(Frame("young", masked: true));
        Assert.Equal(Frame("young", masked: false), await client.ReadAsync(7));
        time.Advance(TimeSpan.FromSeconds(30));
        await client.SendAsync(Frame("older", masked: true));
        Assert.Equal(Frame("older", masked: false), await client.ReadAsync(7));
    }

    [Fact]
    public async Task Endpoints_of_one_name_have_places_of_their_own()
    {
        await using var host = await TestHost.StartAsync(
            static builder => builder.Services.AddApiGateway(),
            static app =>
            {
                foreach (var path in (string[])["/one", "/other"])
                {
                    app.MapGet(path, HoldAsync).WithDisplayName("chat").WithWebSockets(new() { MaxConnections = 1 });
                }
            });
        using var one = await RawConnection.ConnectAsync(host.Address);
        await one.SendAsync(HandshakeAt("/one"));
        Assert.StartsWith("HTTP/1.1 101", await one.ReadHeadAsync());
        using var more = await RawConnection.ConnectAsync(host.Address);
        await more.SendAsync(HandshakeAt("/one"));
        Assert.StartsWith("HTTP/1.1 503", await more.ReadAnswerAsync());
        using var other = await RawConnection.ConnectAsync(host.Address);
        await other.SendAsync(HandshakeAt("/other"));
        Assert.StartsWith("HTTP/1.1 101", await other.ReadHeadAsync());

        static string HandshakeAt(string path) => Handshake().Replace("GET / ", $"GET {path} ", StringComparison.Ordinal);

        static async Task HoldAsync(HttpContext context)
        {
            await using var stream = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
            await stream.CopyToAsync(Stream.Null, context.RequestAborted);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Route_that_takes_none_refuses_upgrade_and_extended_connect(bool http2)
    {
        await using var upstream = Accepting();
        await using var gateway = await StartAsync(upstream.Address, new WebSocketPolicy { Allow = false }, http2 ? HttpProtocols.Http2 : HttpProtocols.Http1);
        using var socket = new System.Net.WebSockets.ClientWebSocket();
        socket.Options.HttpVersion = new(http2 ? 2 : 1, http2 ? 0 : 1);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.CollectHttpResponseDetails = true;
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        await Assert.ThrowsAsync<System.Net.WebSockets.WebSocketException>(() => socket.ConnectAsync(new UriBuilder(gateway.Address) { Scheme = "ws" }.Uri, invoker, CancellationToken.None));
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, socket.HttpStatusCode);
        Assert.Equal("upgrade-not-allowed", (await _observer.NextAsync()).Reason);
        Assert.Equal(0, upstream.Connections);
    }

    [Fact]
    public async Task Places_of_a_route_are_held_until_the_close()
    {
        await using var upstream = Accepting();
        await using var gateway = await StartAsync(upstream.Address, new WebSocketPolicy { MaxConnections = 2 });
        using var one = await OpenAsync(gateway.Address);
        var two = await OpenAsync(gateway.Address);
        using var three = await RawConnection.ConnectAsync(gateway.Address);
        await three.SendAsync(Handshake());
        Assert.StartsWith("HTTP/1.1 503", await three.ReadAnswerAsync());
        Assert.Null((await _observer.NextAsync()).Tunnel);
        two.Reset();
        Assert.NotNull((await _observer.NextAsync()).Tunnel);

        // The place is given back with the request, right after its record.
        for (var tries = 0; ; tries++)
        {
            using var four = await RawConnection.ConnectAsync(gateway.Address);
            await four.SendAsync(Handshake());
            if ((await four.ReadHeadAsync()).StartsWith("HTTP/1.1 101", StringComparison.Ordinal))
            {
                return;
            }

            Assert.True(tries < 100);
            await Task.Yield();
        }
    }

    [Fact]
    public async Task Tunnel_that_has_lasted_long_enough_is_closed_with_1001_and_cut_if_nobody_answers()
    {
        var time = new FakeTimeProvider();
        await using var upstream = Accepting();
        await using var gateway = await StartAsync(upstream.Address, new WebSocketPolicy { MaxDuration = TimeSpan.FromSeconds(90) }, time: time);
        using var client = await OpenAsync(gateway.Address);
        await client.SendAsync(Frame("x", masked: true));
        Assert.Equal(Frame("here", masked: false), await client.ReadAsync(6));
        time.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal(GoingAway, await client.ReadAsync(4));
        // The clock that cuts starts when the Close is asked for, which may be after it has arrived.
        var end = client.ReadToEndAsync();
        while (!end.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(5));
            await Task.Yield();
        }

        var (record, reason) = await _observer.NextAsync();
        Assert.Equal((TunnelSide.Gateway, "deadline-exceeded"), (record!.EndedBy, reason));
    }

    [Theory]
    [InlineData("app.example.com")]
    [InlineData("https://app.example.com/")]
    [InlineData("https://a*.example.com")]
    [InlineData("http://1:2:3")]
    [InlineData("http://*.1:2:3")]
    [InlineData("null")]
    public void What_is_no_origin_is_refused_at_the_call(string origin)
    {
        var app = Microsoft.AspNetCore.Builder.WebApplication.CreateSlimBuilder().Build();
        var error = Assert.Throws<OptionsValidationException>(() => Microsoft.AspNetCore.Builder.WebSocketsEndpointConventionBuilderExtensions.WithWebSockets(
            Microsoft.AspNetCore.Builder.EndpointRouteBuilderExtensions.MapGet(app, "/", static () => "x"), new() { Origins = [origin] }));
        Assert.Contains(origin, error.Message);
    }

    private static RawUpstream Accepting() => RawUpstream.Start(async (connection, _) =>
    {
        await connection.AcceptAsync();
        await connection.ReadMaskedAsync('\u0082');
        await connection.SendAsync(Frame("here", masked: false));
        await connection.ReadToEndAsync();
    });

    private Task<TestHost> StartAsync(Uri upstream, WebSocketPolicy? policy, HttpProtocols protocols = HttpProtocols.Http1, TimeProvider? time = null) => Upstream.GatewayToAsync(
        upstream,
        services: builder =>
        {
            builder.Services.AddSingleton<IGatewayObserver>(_observer);
            builder.Services.AddSingleton(time ?? TimeProvider.System);
            if (policy is not null)
            {
                builder.AddDefaults(policy);
            }
        },
        protocols: protocols);
}
