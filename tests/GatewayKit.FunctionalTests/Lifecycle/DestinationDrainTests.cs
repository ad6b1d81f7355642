using System.Threading.Channels;
using GatewayKit.Clusters;
using GatewayKit.Configuration;
using GatewayKit.Forwarding;
using GatewayKit.FunctionalTests.Forwarding;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Lifecycle;

/// <summary>What becomes of requests, tunnels and connections to a destination that goes.</summary>
public sealed class DestinationDrainTests : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new();
    private readonly DynamicRouteSource _source = new();
    private readonly Channel<RawConnection> _atA = Channel.CreateUnbounded<RawConnection>();
    private readonly RawUpstream _a, _b;
    private TestHost? _gateway;

    public DestinationDrainTests()
    {
        _a = RawUpstream.Start(async (connection, _) =>
        {
            await _atA.Writer.WriteAsync(connection);
            await Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken);
        });
        _b = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Websocket_is_closed_with_1001_at_the_limit(bool byHand)
    {
        await StartAsync();
        await _source.ApplyAsync(Routes("a"));
        var opening = WebSocketScripts.OpenAsync(_gateway!.Address);
        var destination = await AcceptedAsync();
        await destination.AcceptAsync();
        using var client = await opening;
        await LetGoAsync(byHand);

        // It goes on as if nothing were, while new requests go elsewhere.
        await client.SendAsync(WebSocketScripts.Frame("one", masked: true));
        Assert.Equal("one", await destination.ReadMaskedAsync('\u0082'));
        Assert.Equal("b", await _gateway.Client.GetStringAsync("/"));
        _time.Advance(Limit);
        Assert.Equal(WebSocketScripts.GoingAway, await client.ReadAsync(4));
        Assert.Equal("\u0003\u00e9", await destination.ReadMaskedAsync('\u0088'));
        await client.SendAsync(WebSocketScripts.Frame("\u0003\u00e9", masked: true, '\u0088'));
        await destination.SendAsync(WebSocketScripts.GoingAway);
        Assert.Empty(await client.ReadToEndAsync());
        Assert.Equal("b", await _gateway.Client.GetStringAsync("/"));
    }

    [Fact]
    public async Task Peers_that_do_not_answer_are_cut()
    {
        await StartAsync();
        await _source.ApplyAsync(Routes("a"));
        var opening = WebSocketScripts.OpenAsync(_gateway!.Address);
        await (await AcceptedAsync()).AcceptAsync();
        using var client = await opening;
        await LetGoAsync(byHand: false);
        _time.Advance(Limit);
        Assert.Equal(WebSocketScripts.GoingAway, await client.ReadAsync(4));
        _time.Advance(Tunnel.CloseLimit);
        Assert.Empty(await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Event_stream_ends_at_the_limit_and_a_download_runs_on()
    {
        await StartAsync();
        await _source.ApplyAsync(Routes("a"));
        var (events, atEvents) = await AskAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n");
        var (download, atDownload) = await AskAsync("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
        await events.ReadThroughAsync("data: 1\n\n");
        await LetGoAsync(byHand: false);
        _time.Advance(Limit);
        Assert.EndsWith("0\r\n\r\n", await events.ReadThroughAsync("0\r\n\r\n"));
        Assert.Empty(await atEvents.ReadToEndAsync());
        await atDownload.SendAsync("half");
        Assert.EndsWith("halfhalf", await download.ReadAnswerAsync());

        // The last request is gone: at the next look its connection goes too.
        var ended = atDownload.ReadToEndAsync();
        while (!ended.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(ended, Task.Delay(10));
        }

        Assert.Empty(await ended);
    }

    [Fact]
    public async Task Idle_connection_is_closed_at_the_limit_and_others_stay()
    {
        await StartAsync();
        await _source.ApplyAsync(Routes("a"));
        var (client, idle) = await AskAsync("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
        Assert.EndsWith("a", await client.ReadAnswerAsync());
        await LetGoAsync(byHand: true);
        Assert.Equal("b", await _gateway!.Client.GetStringAsync("/"));
        Assert.Equal(1, _b.Connections);
        _time.Advance(Limit);
        Assert.Empty(await idle.ReadToEndAsync());
        Assert.Equal("b", await _gateway.Client.GetStringAsync("/"));
        Assert.Equal(1, _b.Connections);

        // Back in use, it is connected to anew.
        _gateway.App.Services.GetRequiredService<GatewayClusters>().Undrain("c", "a");
        _gateway.App.Services.GetRequiredService<GatewayClusters>().Drain("c", "b");
        var (again, _) = await AskAsync("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
        Assert.EndsWith("a", await again.ReadAnswerAsync());
    }

    [Fact]
    public async Task With_all_destinations_drained_there_is_none()
    {
        await StartAsync();
        await _source.ApplyAsync(Routes("b"));
        var clusters = _gateway!.App.Services.GetRequiredService<GatewayClusters>();
        clusters.Drain("c", "b");
        using var answer = await _gateway.Client.GetAsync("/");
        Assert.Equal(503, (int)answer.StatusCode);
        clusters.Undrain("c", "b");
        Assert.Equal("b", await _gateway.Client.GetStringAsync("/"));
    }

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }

        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    private async Task StartAsync() => _gateway = await TestHost.GatewayAsync(services: builder =>
    {
        builder.Services.AddSingleton(_source);
        builder.AddRouteSource<DynamicRouteSource>();
        builder.Services.AddSingleton<TimeProvider>(_time);
    });

    private async Task<RawConnection> AcceptedAsync()
    {
        using var limit = new CancellationTokenSource(RawConnection.Limit);
        return await _atA.Reader.ReadAsync(limit.Token);
    }

    // Sends a request that goes to A, which answers.
    private async Task<(RawConnection Client, RawConnection Destination)> AskAsync(string answer)
    {
        var client = await RawConnection.ConnectAsync(_gateway!.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        var destination = await AcceptedAsync();
        await destination.ReadHeadAsync();
        await destination.SendAsync(answer);
        return (client, destination);
    }

    private Task LetGoAsync(bool byHand)
    {
        if (!byHand)
        {
            return _source.ApplyAsync(Routes("b"));
        }

        return DrainAsync();

        async Task DrainAsync()
        {
            await _source.ApplyAsync(Routes("a", "b"));
            _gateway!.App.Services.GetRequiredService<GatewayClusters>().Drain("c", "a");
        }
    }

    private RouteSet Routes(params string[] ids) => new()
    {
        Clusters = [new() { Id = "c", Destinations = ids.ToDictionary(static id => id, id => new Destination { Address = id is "a" ? _a.Address : _b.Address }) }],
        Routes = [new GatewayRoute { Id = "all", Match = new() { Path = "/{**rest}" }, Cluster = "c" }],
    };
}
