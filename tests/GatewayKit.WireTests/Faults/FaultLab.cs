using System.Net;
using System.Net.Sockets;
using GatewayKit.Clusters;
using GatewayKit.Resilience;
using GatewayKit.WireTests.Upstreams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.WireTests.Faults;

/// <summary>
/// A gateway in front of a destination <c>a</c> that fails, and if asked for a destination <c>b</c> that is well. <c>a</c> is asked first; one failure
/// that counts opens its circuit; retries come at once. The clock stands still but for connecting, which is the handler's.
/// </summary>
internal sealed class FaultLab : IAsyncDisposable
{
    public const string Well = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell";
    public const string WellAndClosed = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nwell";

    private readonly List<IDisposable> _owned = [];
    private readonly SemaphoreSlim _reached = new(0);
    private readonly SemaphoreSlim _seen = new(0);

    private FaultLab(UpstreamFault fault)
    {
        First = fault.Script is { } script ? ScriptedUpstream.Start(connection => script(connection, this)) : null;
        Authority = fault.IsSecure ? Own(new TestAuthority()) : null!;
    }

    public FakeTimeProvider Time { get; } = new();

    /// <summary>Lets time pass in steps: one long jump is a process that stood still, and what times out in it counts against nobody.</summary>
    public void Pass(TimeSpan time)
    {
        for (var step = TimeSpan.FromMilliseconds(250); time > TimeSpan.Zero; time -= step)
        {
            Time.Advance(time < step ? time : step);
        }
    }

    public TestAuthority Authority { get; }

    /// <summary>The destination that fails; <see langword="null"/> if there is nobody.</summary>
    public ScriptedUpstream? First { get; }

    /// <summary>The destination that is well.</summary>
    public ScriptedUpstream Second { get; } = ScriptedUpstream.Answering(Well);

    public RecordingGateway Gateway { get; private set; } = null!;

    /// <summary>The circuit of the destination that fails.</summary>
    public CircuitState Circuit => Gateway.Services.GetRequiredService<GatewayClusters>().Get("up").Destinations.Single(static destination => destination.Id == "a").Health.Breaker;

    public static async Task<FaultLab> StartAsync(UpstreamFault fault, bool withSecond)
    {
        var lab = new FaultLab(fault);
        var address = fault.Address?.Invoke(lab) ?? new Uri($"{(fault.IsSecure ? "https" : "http")}://localhost:{lab.First!.Port}");
        if (fault.Resolve is not null)
        {
            address = new($"http://orders.test:{address.Port}");
        }

        lab.Gateway = await RecordingGateway.StartAsync(
            address,
            cluster => fault.Cluster(
                cluster with
                {
                    Destinations = withSecond
                        ? new Dictionary<string, Destination> { ["a"] = new() { Address = address }, ["b"] = new() { Address = lab.Second.Address } }
                        : new Dictionary<string, Destination> { ["a"] = new() { Address = address } },
                    LoadBalancing = LoadBalancing.First,
                    Retry = withSecond ? new() { BaseDelay = TimeSpan.Zero, ReplayBufferBytes = 1_024 } : null,
                    CircuitBreaker = new() { FailuresInARow = 1, OpenFor = TimeSpan.FromMinutes(1) },
                    Timeouts = new() { Connect = TimeSpan.FromSeconds(1), Attempt = TimeSpan.FromSeconds(10), Idle = TimeSpan.FromSeconds(10), Total = TimeSpan.FromMinutes(10) },
                },
                lab),
            gateway =>
            {
                gateway.Services.AddSingleton<TimeProvider>(lab.Time);
                if (fault.Resolve is { } resolve)
                {
                    gateway.Services.AddSingleton(new NameLookup(lab.Time, (_, _) => resolve(lab)));
                }
            });
        return lab;
    }

    /// <summary>Disposes something with the lab.</summary>
    public T Own<T>(T thing)
        where T : IDisposable
    {
        _owned.Add(thing);
        return thing;
    }

    /// <summary>An address where nobody listens and nobody will.</summary>
    public Uri Nobody()
    {
        var socket = Own(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return new($"http://{socket.LocalEndPoint}");
    }

    /// <summary>The destination stands still from here on.</summary>
    public void Reach() => _reached.Release();

    public async Task ReachedAsync() => Assert.True(await _reached.WaitAsync(ScriptedUpstream.Limit), "The destination never got that far.");

    /// <summary>The client has what was sent of a body, so that what follows breaks an answer that has begun.</summary>
    public void See() => _seen.Release();

    public async Task SeenAsync() => Assert.True(await _seen.WaitAsync(ScriptedUpstream.Limit), "The client never saw the beginning.");

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        _owned.ForEach(static thing => thing.Dispose());
        await Second.DisposeAsync();
        if (First is not null)
        {
            await First.DisposeAsync();
        }

        _reached.Dispose();
        _seen.Dispose();
    }
}
