using System.Net;
using System.Net.WebSockets;
using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Resilience.Bulkheads;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>Some thousand requests over sockets that end in every way there is, at a route and a cluster with limits.</summary>
public sealed class PlaceChaosTests : IDisposable
{
    private const int Clients = 16;
    private const int RequestsOfEach = 160;
    private const int Max = 8;

    private static readonly string[] Paths = ["/ok", "/ok", "/ok", "/ok", "/ok", "/fail", "/fail", "/abort", "/abort", "/cut", "/cut", "/late", "/events", "/events", "/socket", "/socket"];

    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _held = new(0);
    private int _answered, _refused, _broken, _cancelled, _sockets;

    public void Dispose() => _held.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task All_places_are_there_again_after_chaos(int retries)
    {
        await using var upstream = await TestHost.StartAsync(map: app =>
        {
            app.UseWebSockets();
            app.Run(ServeAsync);
        });
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address,
            cluster => cluster with
            {
                Limits = new() { MaxInFlight = Max, Queue = 4, MaxWait = TimeSpan.FromMilliseconds(20) },
                Timeouts = new() { Attempt = TimeSpan.FromMilliseconds(200) },
                CircuitBreaker = new() { Mode = GatewayKit.Pipeline.PolicyMode.Off },
                Retry = retries == 0 ? null : new() { MaxRetries = retries },
            },
            routes: static routes => routes.WithBulkhead(new BulkheadPolicy { MaxInFlight = Max, Queue = 6, MaxWait = TimeSpan.FromMilliseconds(20), MaxStreams = 4 }));
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(seed => Task.Run(() => AskAsync(gateway, new(seed)))));
        Assert.Equal(Clients * RequestsOfEach, _answered + _refused + _broken + _cancelled + _sockets);
        Assert.True(
            _answered > 100 && _refused > 0 && _broken > 50 && _cancelled > 50 && _sockets > 50,
            $"{_answered} answered, {_refused} refused, {_broken} broken, {_cancelled} cancelled, {_sockets} sockets");
        Assert.Equal((0, 0, 0, 0), await QuietAsync(gateway));

        // As many as there are are served at once, by the endpoint and by the cluster, and no more.
        var held = Enumerable.Range(0, Max).Select(_ => HoldAsync(gateway)).ToArray();
        foreach (var _ in held)
        {
            Assert.True(await _held.WaitAsync(RawConnection.Limit, TestContext.Current.CancellationToken));
        }

        using var refused = await gateway.Client.GetAsync("/ok", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        _released.SetResult();
        Assert.All(await Task.WhenAll(held), static answer => Assert.Equal("half", answer));
        Assert.Equal((0, 0, 0, 0), await QuietAsync(gateway));
    }

    private static (int Requests, int Streams, int Waiting, int Attempts) Taken(TestHost gateway)
    {
        var all = gateway.App.Services.GetRequiredService<GatewayKit.Resilience.Bulkheads.Bulkheads>().InUse;
        var cluster = gateway.App.Services.GetRequiredService<ClusterStates>().InForce["up"];
        return (
            all.Sum(static one => Math.Abs(one.Requests.Taken)),
            all.Sum(static one => Math.Abs(one.Streams.Taken)),
            all.Sum(static one => one.Requests.Waiting),
            cluster.Destinations.Sum(static destination => Math.Abs(destination.InFlight)));
    }

    private static async Task<(int Requests, int Streams, int Waiting, int Attempts)> QuietAsync(TestHost gateway)
    {
        for (var look = 0; Taken(gateway) != (0, 0, 0, 0) && look < 2_000; look++)
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        return Taken(gateway);
    }

    // A slow machine may be late with one; what is held is what counts.
    private async Task<string> HoldAsync(TestHost gateway)
    {
        while (true)
        {
            using var answer = await gateway.Client.GetAsync("/held", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            if (answer.IsSuccessStatusCode)
            {
                _held.Release();
                return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            }
        }
    }

    private async Task AskAsync(TestHost gateway, Random random)
    {
        for (var i = 0; i < RequestsOfEach; i++)
        {
            var path = Paths[random.Next(Paths.Length)];
            using var patience = new CancellationTokenSource();
            if (random.Next(6) == 0)
            {
                patience.CancelAfter(random.Next(4));
            }

            try
            {
                if (path == "/socket")
                {
                    await OpenAsync(gateway, random, patience.Token);
                    Interlocked.Increment(ref _sockets);
                    continue;
                }

                using var answer = await gateway.Client.GetAsync(path, patience.Token);
                Interlocked.Increment(ref answer.StatusCode is HttpStatusCode.ServiceUnavailable ? ref _refused : ref _answered);
            }
            catch (OperationCanceledException)
            {
                Interlocked.Increment(ref _cancelled);
            }
            catch (Exception exception) when (exception is HttpRequestException or WebSocketException or IOException)
            {
                Interlocked.Increment(ref patience.IsCancellationRequested ? ref _cancelled : ref _broken);
            }
        }
    }

    // Closed by the client, by the destination, or cut by either.
    private static async Task OpenAsync(TestHost gateway, Random random, CancellationToken cancellationToken)
    {
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(gateway.Address) { Scheme = "ws", Path = "/socket" }.Uri, cancellationToken);
        switch (random.Next(4))
        {
            case 0:
                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken);
                break;
            case 1:
                await socket.SendAsync("close"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
                await socket.ReceiveAsync(new byte[16], cancellationToken);
                break;
            case 2:
                await socket.SendAsync("abort"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
                await socket.ReceiveAsync(new byte[16], cancellationToken);
                break;
            default:
                socket.Abort();
                break;
        }
    }

    private async Task ServeAsync(HttpContext context)
    {
        switch (context.Request.Path.Value)
        {
            case "/fail":
                context.Response.StatusCode = StatusCodes.Status500InternalServerError;
                break;
            case "/abort":
                context.Abort();
                break;
            case "/cut":
                context.Response.ContentLength = 100;
                await context.Response.WriteAsync("a part");
                await context.Response.Body.FlushAsync();
                context.Abort();
                break;
            case "/late":
                await Task.Delay(250, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                break;
            case "/events":
                context.Response.ContentType = "text/event-stream";
                await context.Response.WriteAsync("data: first\n\n");
                await context.Response.Body.FlushAsync();
                await Task.Delay(2);
                break;
            case "/held":
                await context.Response.WriteAsync("ha");
                await context.Response.Body.FlushAsync();
                await _released.Task;
                await context.Response.WriteAsync("lf");
                break;
            case "/socket":
                await ServeSocketAsync(context);
                break;
            default:
                await Task.Delay(1);
                await context.Response.WriteAsync("ok");
                break;
        }
    }

    private static async Task ServeSocketAsync(HttpContext context)
    {
        try
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[16];
            var message = await socket.ReceiveAsync(buffer, context.RequestAborted);
            if (message.MessageType is WebSocketMessageType.Close || buffer[0] == (byte)'c')
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
                return;
            }

            context.Abort();
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException)
        {
        }
    }
}
