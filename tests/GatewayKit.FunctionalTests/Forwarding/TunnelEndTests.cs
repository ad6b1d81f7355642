using System.Threading.Channels;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using static GatewayKit.FunctionalTests.Forwarding.WebSocketScripts;

namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>How the end of one side of a tunnel reaches the other, and what is recorded of it.</summary>
public sealed class TunnelEndTests
{
    private readonly TunnelObserver _observer = new();

    [Fact]
    public async Task What_a_client_sent_before_it_closed_arrives()
    {
        var received = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.AcceptAsync();
            received.SetResult(await connection.ReadToEndAsync());
        });
        await using var gateway = await StartAsync(upstream.Address);
        var client = await OpenAsync(gateway.Address);
        var words = Frame(new('x', 100), masked: true);
        await client.SendAsync(string.Concat(Enumerable.Repeat(words, 1_000)));
        client.ShutdownSend();
        Assert.Equal(words.Length * 1_000, (await received.Task.WaitAsync(RawConnection.Limit)).Length);
        var (record, reason) = await _observer.NextAsync();
        Assert.Equal((words.Length * 1_000L, 0L, TunnelSide.Client), (record!.BytesFromClient, record.BytesFromDestination, record.EndedBy));
        Assert.Null(reason);
        client.Dispose();
    }

    [Fact]
    public async Task Reset_by_the_client_ends_the_destination_and_is_recorded()
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.AcceptAsync();
            await connection.ReadToEndAsync();
            ended.SetResult();
        });
        await using var gateway = await StartAsync(upstream.Address);
        var client = await OpenAsync(gateway.Address);
        client.Reset();
        await ended.Task.WaitAsync(RawConnection.Limit);
        var (record, reason) = await _observer.NextAsync();
        Assert.Equal((TunnelSide.Client, "client-aborted"), (record!.EndedBy, reason));
    }

    [Fact]
    public async Task Reset_by_the_destination_is_a_reset_to_the_client()
    {
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.AcceptAsync();
            await connection.ReadMaskedAsync('\u0082');
            connection.Reset();
        });
        await using var gateway = await StartAsync(upstream.Address);
        using var client = await OpenAsync(gateway.Address);
        await client.SendAsync(Frame("now", masked: true));
        var reset = await Assert.ThrowsAsync<IOException>(() => client.ReadAsync(1));
        Assert.Equal(System.Net.Sockets.SocketError.ConnectionReset, Assert.IsType<System.Net.Sockets.SocketException>(reset.InnerException).SocketErrorCode);
        var (record, reason) = await _observer.NextAsync();
        Assert.Equal((TunnelSide.Destination, "upstream-reset"), (record!.EndedBy, reason));
    }

    [Fact]
    public async Task End_of_the_destination_is_passed_on_to_a_client_of_http1_with_its_last_words()
    {
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.AcceptAsync();
            await connection.SendAsync(Frame("bye", masked: false));
            connection.ShutdownSend();
            await connection.ReadToEndAsync();
        });
        await using var gateway = await StartAsync(upstream.Address);
        using var client = await OpenAsync(gateway.Address);
        Assert.Equal(Frame("bye", masked: false), await client.ReadToEndAsync());
        var (record, reason) = await _observer.NextAsync();
        Assert.Equal((0L, 5L, TunnelSide.Destination), (record!.BytesFromClient, record.BytesFromDestination, record.EndedBy));
        Assert.Null(reason);
    }

    /// <summary>A stream of HTTP/2 has two ends: the client may go on to say what it has to.</summary>
    [Fact]
    public async Task End_of_the_destination_leaves_a_client_of_http2_its_own_direction()
    {
        var rest = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await Upstream.StartAsync(
            async context =>
            {
                await using var stream = await context.Features.GetRequiredFeature<IHttpExtendedConnectFeature>().AcceptAsync();
                await stream.WriteAsync(Latin1(Frame("bye", masked: false)));
                await context.Response.CompleteAsync();
                rest.SetResult(await stream.ReadAtLeastAsync(new byte[100], Frame("still here", masked: true).Length));
            },
            HttpProtocols.Http2);
        await using var gateway = await StartAsync(upstream.Address, HttpProtocols.Http2, webSockets: new(2, 0));
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        using var answer = await ConnectAsync(invoker, gateway.Address);
        await using var stream = await answer.Content.ReadAsStreamAsync();
        Assert.Equal(5, await stream.ReadAtLeastAsync(new byte[10], 10, throwOnEndOfStream: false));
        await stream.WriteAsync(Latin1(Frame("still here", masked: true)));
        await stream.FlushAsync();
        Assert.Equal(Frame("still here", masked: true).Length, await rest.Task.WaitAsync(RawConnection.Limit));
    }

    [Fact]
    public async Task End_of_a_connection_is_the_end_of_a_stream_and_no_reset()
    {
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.AcceptAsync();
            await connection.SendAsync(Frame("bye", masked: false));
        });
        await using var gateway = await StartAsync(upstream.Address, HttpProtocols.Http2);
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        using var answer = await ConnectAsync(invoker, gateway.Address);
        await using var stream = await answer.Content.ReadAsStreamAsync();
        Assert.Equal(5, await stream.ReadAtLeastAsync(new byte[10], 10, throwOnEndOfStream: false));
        Assert.Null((await _observer.NextAsync()).Reason);
    }

    [Theory]
    [InlineData(false, System.Net.Http.HttpRequestError.HttpProtocolError, 0x2)]
    [InlineData(true, System.Net.Http.HttpRequestError.HttpProtocolError, 0x8)]
    public async Task Stream_of_a_client_is_reset_with_the_code_that_says_who_failed(bool byClock, HttpRequestError kind, long code)
    {
        var time = new FakeTimeProvider();
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.AcceptAsync();
            await connection.SendAsync(Frame("a", masked: false));
            await go.Task;
            connection.Reset();
        });
        await using var gateway = await StartAsync(upstream.Address, HttpProtocols.Http2, time);
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        using var answer = await ConnectAsync(invoker, gateway.Address);
        await using var stream = await answer.Content.ReadAsStreamAsync();
        await stream.ReadExactlyAsync(new byte[3]);
        var ending = stream.ReadAsync(new byte[1]).AsTask();
        if (byClock)
        {
            time.Advance(TimeSpan.FromSeconds(101));
        }
        else
        {
            go.SetResult();
        }

        var failure = await Assert.ThrowsAsync<HttpProtocolException>(() => ending.WaitAsync(RawConnection.Limit));
        Assert.Equal((kind, code), (failure.HttpRequestError, failure.ErrorCode));
        go.TrySetResult();
    }

    [Fact]
    public async Task Idle_clock_of_a_tunnel_runs_from_the_last_byte_and_closes_both_sides()
    {
        var time = new FakeTimeProvider();
        var accepted = Channel.CreateUnbounded<RawConnection>();
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.AcceptAsync();
            await accepted.Writer.WriteAsync(connection);
            await connection.ReadMaskedAsync('\u0082');
            arrived.SetResult();
            await connection.ReadToEndAsync();
            ended.SetResult();
        });
        await using var gateway = await StartAsync(upstream.Address, time: time);
        using var client = await OpenAsync(gateway.Address);
        var destination = await accepted.Reader.ReadAsync();
        time.Advance(TimeSpan.FromSeconds(99));
        await destination.SendAsync(Frame("a", masked: false));
        Assert.Equal(Frame("a", masked: false), await client.ReadAsync(3));
        time.Advance(TimeSpan.FromSeconds(99));
        await client.SendAsync(Frame("b", masked: true));
        await arrived.Task.WaitAsync(RawConnection.Limit);
        await destination.SendAsync(Frame("c", masked: false));
        Assert.Equal(Frame("c", masked: false), await client.ReadAsync(3));
        time.Advance(TimeSpan.FromSeconds(101));
        Assert.Empty(await client.ReadToEndAsync());
        await ended.Task.WaitAsync(RawConnection.Limit);
        var (record, reason) = await _observer.NextAsync();
        Assert.Equal((TunnelSide.Gateway, "upstream-timeout"), (record!.EndedBy, reason));
        Assert.Equal(TimeSpan.FromSeconds(299), record.Duration);
    }

    [Fact]
    public async Task Tunnel_that_ends_gives_its_place_back()
    {
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.AcceptAsync();
            await connection.ReadToEndAsync();
        });
        await using var gateway = await StartAsync(upstream.Address, services: builder => builder.Services.Configure<GatewayOptions>(static options => options.MaxUpgradedConnections = 1));
        for (var i = 0; i < 3; i++)
        {
            var client = await OpenAsync(gateway.Address);
            using var refused = await RawConnection.ConnectAsync(gateway.Address);
            await refused.SendAsync(Handshake());
            var answer = await refused.ReadAnswerAsync();
            Assert.StartsWith("HTTP/1.1 503", answer);
            Assert.Contains("\"code\":\"overloaded\"", answer);
            Assert.Null((await _observer.NextAsync()).Tunnel);
            client.Reset();
            Assert.NotNull((await _observer.NextAsync()).Tunnel);
        }
    }

    private static byte[] Latin1(string text) => System.Text.Encoding.Latin1.GetBytes(text);

    private static Task<HttpResponseMessage> ConnectAsync(HttpMessageInvoker invoker, Uri address)
    {
        var message = new HttpRequestMessage(HttpMethod.Connect, address) { Version = new(2, 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        message.Headers.Protocol = "websocket";
        message.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
        return invoker.SendAsync(message, CancellationToken.None);
    }

    private Task<TestHost> StartAsync(Uri upstream, HttpProtocols protocols = HttpProtocols.Http1, TimeProvider? time = null, Action<GatewayBuilder>? services = null, Version? webSockets = null) =>
        Upstream.GatewayToAsync(
            upstream,
            cluster => cluster with { Http = new() { WebSocketVersion = webSockets ?? new(1, 1) } },
            services: builder =>
            {
                builder.Services.AddSingleton<IGatewayObserver>(_observer);
                builder.Services.AddSingleton(time ?? TimeProvider.System);
                services?.Invoke(builder);
            },
            protocols: protocols);
}
