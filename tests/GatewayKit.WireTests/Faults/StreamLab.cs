using System.Collections.Concurrent;
using System.Net;
using GatewayKit.Clusters;
using GatewayKit.Resilience;
using GatewayKit.WireTests.Http2;
using GatewayKit.WireTests.Upstreams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.WireTests.Faults;

/// <summary>As <see cref="FaultLab"/>, for destinations that speak HTTP/2: <c>a</c> fails, <c>b</c> answers "well", and the clock stands.</summary>
internal sealed class StreamLab : IAsyncDisposable
{
    private readonly SemaphoreSlim _reached = new(0);
    private readonly SemaphoreSlim _goOn = new(0);
    private readonly ConcurrentQueue<string> _served = new();
    private readonly ScriptedUpstream _second;

    private StreamLab(StreamFault fault)
    {
        First = Http2UpstreamConnection.Start(connection => fault.Script(connection, this), fault.Settings);
        _second = Http2UpstreamConnection.Start(async connection =>
        {
            while (true)
            {
                var request = await connection.TakeRequestHeadAsync();
                OnGoneElsewhere();
                if (!request.IsOver)
                {
                    await connection.TakeAsync(_ => request.IsOver);
                }

                _served.Enqueue($"{request[":method"]} {request.Data}");
                await connection.AnswerAsync(request.Stream, "well");
            }
        });
    }

    /// <summary>What happens when a request has come to the destination that is well, its body perhaps not yet.</summary>
    public Action OnGoneElsewhere { get; set; } = static () => { };

    public FakeTimeProvider Time { get; } = new();

    public RecordingGateway Gateway { get; private set; } = null!;

    public ScriptedUpstream First { get; }

    /// <summary>What reached the destination that is well: methods and bodies.</summary>
    public IReadOnlyCollection<string> Served => _served;

    /// <summary>The circuit of the destination that fails.</summary>
    public CircuitState Circuit => Gateway.Services.GetRequiredService<GatewayClusters>().Get("up").Destinations.Single(static destination => destination.Id == "a").Health.Breaker;

    public static async Task<StreamLab> StartAsync(StreamFault fault, bool withSecond)
    {
        var lab = new StreamLab(fault);
        lab.Gateway = await RecordingGateway.StartAsync(
            lab.First.Address,
            cluster => fault.Cluster(cluster with
            {
                Destinations = withSecond
                    ? new Dictionary<string, Destination> { ["a"] = new() { Address = lab.First.Address }, ["b"] = new() { Address = lab._second.Address } }
                    : cluster.Destinations,
                Http = new() { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact },
                LoadBalancing = LoadBalancing.First,
                Retry = new() { BaseDelay = TimeSpan.Zero, ReplayBufferBytes = 1_024 },
                CircuitBreaker = new() { FailuresInARow = 1, OpenFor = TimeSpan.FromMinutes(1) },
                Timeouts = new() { Attempt = TimeSpan.FromSeconds(10), Idle = TimeSpan.FromSeconds(10), Total = TimeSpan.FromMinutes(10) },
            }),
            gateway =>
            {
                gateway.Services.AddSingleton<TimeProvider>(lab.Time);
                fault.Gateway?.Invoke(gateway);
            });
        return lab;
    }

    /// <summary>Lets time pass in steps: one long jump is a process that stood still, and what times out in it counts against nobody.</summary>
    public void Pass(TimeSpan time)
    {
        for (var step = TimeSpan.FromMilliseconds(250); time > TimeSpan.Zero; time -= step)
        {
            Time.Advance(time < step ? time : step);
        }
    }

    /// <summary>The destination stands still from here on.</summary>
    public void Reach() => _reached.Release();

    public async Task ReachedAsync() => Assert.True(await _reached.WaitAsync(ScriptedUpstream.Limit), "The destination never got that far.");

    /// <summary>The destination may go on.</summary>
    public void GoOn() => _goOn.Release();

    public async Task GoOnAsync() => Assert.True(await _goOn.WaitAsync(ScriptedUpstream.Limit), "Nobody said so.");

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await First.DisposeAsync();
        await _second.DisposeAsync();
        _reached.Dispose();
        _goOn.Dispose();
    }
}
