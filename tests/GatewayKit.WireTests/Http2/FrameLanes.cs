using GatewayKit.WireTests.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.WireTests.Http2;

/// <summary>A gateway that clients speak HTTP/2 to, its destination, and another client of both. One run at a time.</summary>
internal sealed class FrameLane : IAsyncDisposable
{
    private int _neighboursStream = -1;
    private Http2Client? _neighbour;

    private FrameLane(WireGateway gateway, EchoUpstream upstream) => (Gateway, Upstream) = (gateway, upstream);

    public WireGateway Gateway { get; }

    public EchoUpstream Upstream { get; }

    public static async Task<FrameLane> StartAsync()
    {
        var upstream = new EchoUpstream();
        var lane = new FrameLane(
            await WireGateway.StartAsync(
                upstream.Address,
                protocols: HttpProtocols.Http2,

                // The upload beside each case waits for the whole case, on a slow machine longer than the 5 s of the server's own limit.
                build: static builder => builder.Services.Configure<KestrelServerOptions>(static options => options.Limits.MinRequestBodyDataRate = null)),
            upstream);
        lane._neighbour = await Http2Client.ConnectAsync(lane.Gateway);
        await lane._neighbour.SendAsync(Frames.WindowUpdate(0, 1 << 30));
        await lane.NeighbourIsServedAsync();
        return lane;
    }

    /// <summary>Another client gets its own answer over the same pool of connections.</summary>
    public async Task NeighbourIsServedAsync()
    {
        _neighboursStream += 2;
        var path = $"/neighbour/{_neighboursStream}";
        var answer = await _neighbour!.AskAsync(_neighboursStream, Http2Client.Get(path));
        Assert.Equal(EchoUpstream.EchoOf("GET", path, 0), answer.Data);
        var (requests, broken, faults) = await Upstream.TakeAsync();
        Assert.Empty(faults);
        Assert.Empty(broken);
        Assert.Equal(path, Assert.Single(requests).Target);
    }

    public async ValueTask DisposeAsync()
    {
        _neighbour?.Dispose();
        await Gateway.DisposeAsync();
        await Upstream.DisposeAsync();
    }
}

/// <summary>As many lanes as may run at a time, started once for a class of tests.</summary>
public sealed class FrameLanes : IAsyncLifetime
{
    private readonly LanePool<FrameLane> _pool = new(count: 4, FrameLane.StartAsync);

    public ValueTask InitializeAsync() => _pool.StartAsync();

    public ValueTask DisposeAsync() => _pool.DisposeAsync();

    /// <inheritdoc cref="LanePool{TLane}.EachAsync"/>
    internal Task EachAsync<T>(IEnumerable<T> items, Func<FrameLane, T, Task> run) => _pool.EachAsync(items, run);
}
