using GatewayKit.WireTests.Clients;

namespace GatewayKit.WireTests.Hosting;

/// <summary>
/// A gateway, its destination and another client of both. One run at a time: all that is seen meanwhile belongs to it.
/// </summary>
internal sealed class Lane : IAsyncDisposable
{
    private int _canaries;
    private ScriptedClient? _neighbour;

    private Lane(WireGateway gateway, EchoUpstream upstream) => (Gateway, Upstream) = (gateway, upstream);

    public WireGateway Gateway { get; }

    public EchoUpstream Upstream { get; }

    public static async Task<Lane> StartAsync()
    {
        var upstream = new EchoUpstream();
        var lane = new Lane(await WireGateway.StartAsync(upstream.Address), upstream);
        upstream.Counterpart = () => lane.Gateway.UpstreamConnections;
        lane._neighbour = await ScriptedClient.ConnectAsync(lane.Gateway);
        await lane.NeighbourIsServedAsync();
        return lane;
    }

    /// <summary>Another client gets its own answer over the same pool of connections.</summary>
    public Task NeighbourIsServedAsync() => IsServedAsync(_neighbour!, "neighbour");

    /// <summary>A client gets the answer to its own next request.</summary>
    public async Task IsServedAsync(ScriptedClient client, string who)
    {
        var path = $"/canary/{who}/{++_canaries}";
        await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: canary.example\r\n\r\n");
        Answer answer;
        try
        {
            answer = await client.TakeAnswerAsync();
        }
        catch (EndOfStreamException exception)
        {
            throw new InvalidOperationException($"The {who}'s canary got no answer: {exception.Message}", exception);
        }

        Assert.True(
            answer.Status == 200 && answer.Body == EchoUpstream.EchoOf("GET", path, 0),
            $"The {who}'s canary got {answer.Status} '{Latin1.Show(answer.Body)}' for {path}.");
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

/// <summary>As many lanes as may run at a time, started once for all tests.</summary>
public sealed class Lanes : IAsyncLifetime
{
    private readonly LanePool<Lane> _pool = new(count: 8, Lane.StartAsync);

    public ValueTask InitializeAsync() => _pool.StartAsync();

    public ValueTask DisposeAsync() => _pool.DisposeAsync();

    /// <inheritdoc cref="LanePool{TLane}.EachAsync"/>
    internal Task EachAsync<T>(IEnumerable<T> items, Func<Lane, T, Task> run) => _pool.EachAsync(items, run);
}
