using System.Diagnostics;
using GatewayKit.Clusters;
using GatewayKit.Forwarding;
using GatewayKit.Resilience;
using GatewayKit.WireTests.Responses;
using GatewayKit.WireTests.Upstreams;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.WireTests.Aborts;

/// <summary>A request that stands still in one phase, and what can be seen of it from all sides.</summary>
internal sealed class AbortStage : IAsyncDisposable
{
    private const string Upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

    private readonly AbortPhase _phase;
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<long> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ScriptedUpstream _upstream;
    private readonly BlackHole _hole = new();
    private AnswerReader? _holder;

    private AbortStage(AbortPhase phase)
    {
        _phase = phase;
        _upstream = ScriptedUpstream.Start(RunAsync);
    }

    public RecordingGateway Gateway { get; private set; } = null!;

    public AnswerReader Client { get; private set; } = null!;

    public ActiveRequests Active { get; private set; } = null!;

    /// <summary>Whether the gateway began an answer to the client that goes.</summary>
    public bool HasAnswered { get; private set; }

    /// <summary>When the destination saw the end.</summary>
    public Task<long> Ended => _ended.Task.WaitAsync(ScriptedUpstream.Limit);

    private DestinationState Destination => Gateway.Services.GetRequiredService<ClusterStates>().InForce["up"].Destinations.Single();

    /// <summary>Sends a request and waits until it stands in the phase.</summary>
    public static async Task<AbortStage> SetAsync(AbortPhase phase)
    {
        var stage = new AbortStage(phase);
        stage.Gateway = await RecordingGateway.StartAsync(
            phase is AbortPhase.Connecting ? stage._hole.Address : stage._upstream.Address,
            cluster => cluster with
            {
                Http = phase is AbortPhase.PoolQueue ? new() { MaxConnections = 1 } : cluster.Http,
                CircuitBreaker = new() { FailuresInARow = 1 },
            },
            stage.Stall,
            app: stage.Watch,
            routes: routes => routes.AddEndpointFilter(stage.FilterAsync));
        stage.Active = new(stage.Gateway);
        if (phase is AbortPhase.PoolQueue)
        {
            stage._holder = await AnswerReader.ConnectAsync(stage.Gateway.Address);
            await stage._holder.SendAsync("GET /holder HTTP/1.1\r\nHost: a\r\n\r\n");
            await stage._upstream.NextRequestAsync();
        }

        stage.Client = await AnswerReader.ConnectAsync(stage.Gateway.Address);
        await stage.Client.SendAsync(phase switch
        {
            AbortPhase.Upload => "POST /gone HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nfirst",
            AbortPhase.Tunnel => $"GET /gone HTTP/1.1\r\nHost: a\r\n{Upgrade}\r\n",
            _ => "GET /gone HTTP/1.1\r\nHost: a\r\n\r\n",
        });
        await stage.ReachAsync();
        return stage;
    }

    /// <summary>Nothing is held any more: not the place at the destination, not one in its queue, not one among the tunnels. And nobody is blamed.</summary>
    public async Task MustHoldNothingAsync()
    {
        _release.TrySetResult();
        if (_holder is not null)
        {
            Assert.Equal(200, (await _holder.ReadAsync()).Status);
        }

        Gateway.MustBecomeQuiet();
        Assert.True(SpinWait.SpinUntil(() => Active.Count == 0, ScriptedUpstream.Limit), $"{Active.Count} requests are active.");
        Assert.Equal(0, Destination.Use.Queue.Waiting);
        Assert.Equal(0, Gateway.Services.GetRequiredService<Tunnels>().Count);
        Assert.Equal(CircuitState.Closed, Destination.Health!.Circuit.State);
        Assert.DoesNotContain(_upstream.Requests, request => request.Target == "/gone" && !_phase.IsSeenByDestination());
    }

    public async ValueTask DisposeAsync()
    {
        _release.TrySetResult();
        _holder?.Dispose();
        Client.Dispose();
        Active.Dispose();
        await Gateway.DisposeAsync();
        await _upstream.DisposeAsync();
        _hole.Dispose();
    }

    private async Task ReachAsync()
    {
        switch (_phase)
        {
            case AbortPhase.PoolQueue:
                Assert.True(SpinWait.SpinUntil(() => Destination.Use.Queue.Waiting == 1, ScriptedUpstream.Limit), "It does not wait.");
                break;
            case AbortPhase.Connecting:
                Assert.True(SpinWait.SpinUntil(() => Destination.InFlight == 1, ScriptedUpstream.Limit), "It does not connect.");
                break;
            case AbortPhase.BeforeBody or AbortPhase.Tunnel:
                Assert.NotNull(await Client.ReadHeadAsync());
                break;
            case AbortPhase.Body:
                await Client.ReadThroughAsync("half");
                break;
            default:
                await _reached.Task.WaitAsync(ScriptedUpstream.Limit);
                break;
        }
    }

    private async Task RunAsync(UpstreamConnection connection)
    {
        if (_phase is AbortPhase.PoolQueue)
        {
            await connection.ReadRequestAsync();
            await _release.Task;
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
        else if (_phase is not AbortPhase.SendingHead)
        {
            var head = await connection.ReadHeadAsync();
            await connection.SendAsync(_phase switch
            {
                AbortPhase.BeforeBody => "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
                AbortPhase.Body or AbortPhase.FilterAfter => "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
                AbortPhase.Tunnel => SwitchingTo(head),
                _ => string.Empty,
            });
        }

        if (_phase is AbortPhase.Upload)
        {
            await connection.TakeThroughAsync("first");
        }

        if (_phase is AbortPhase.Upload or AbortPhase.WaitingForHead)
        {
            _reached.TrySetResult();
        }

        await connection.ReadToEndAsync();
        _ended.TrySetResult(Stopwatch.GetTimestamp());
    }

    private static string SwitchingTo(string head)
    {
        var key = head.Split("\r\n").Single(static line => line.StartsWith("Sec-WebSocket-Key: ", StringComparison.OrdinalIgnoreCase))[19..];
        return $"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {WebSocketKey.AcceptOf(key)}\r\n\r\n";
    }

    private async ValueTask<object?> FilterAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        if (_phase is AbortPhase.FilterBefore)
        {
            await StandStillAsync(context.HttpContext);
        }

        var answer = await next(context);
        if (_phase is AbortPhase.FilterAfter)
        {
            await StandStillAsync(context.HttpContext);
        }

        return answer;
    }

    private async Task StandStillAsync(HttpContext httpContext)
    {
        _reached.TrySetResult();
        await Task.Delay(Timeout.Infinite, httpContext.RequestAborted);
    }

    private void Watch(WebApplication app) => app.Use(async (context, next) =>
    {
        try
        {
            await next(context);
        }
        finally
        {
            HasAnswered |= context.Request.Path == "/gone" && context.Response.HasStarted;
        }
    });

    private void Stall(GatewayBuilder gateway)
    {
        if (_phase is AbortPhase.SendingHead)
        {
            gateway.UseUpstreamHandler("up", () => StalledStream.CreateHandler(_reached));
        }
    }
}
