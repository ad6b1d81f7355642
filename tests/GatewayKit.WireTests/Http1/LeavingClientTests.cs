using GatewayKit.WireTests.Clients;
using GatewayKit.WireTests.Hosting;
using GatewayKit.WireTests.Upstreams;

namespace GatewayKit.WireTests.Http1;

/// <summary>A client that goes away takes its request with it, wherever it stands (RFC 9112 §9.6), and nobody else notices.</summary>
public sealed class LeavingClientTests(Lanes lanes)
{
    private const string Upload = "POST /upload HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n";

    [Fact]
    [Trait("Fault", "C1")]
    public async Task Reset_anywhere_in_an_upload_never_completes_it() =>
        await lanes.EachAsync(Enumerable.Range(1, Upload.Length - 1), static async (lane, length) =>
        {
            using var client = await ScriptedClient.ConnectAsync(lane.Gateway);
            await client.SendAsync(Upload[..length]);
            await client.HasBeenSeenAsync();
            client.Reset();
            await NothingCameOfItAsync(lane);
        });

    [Fact]
    [Trait("Fault", "C2")]
    public async Task Half_close_anywhere_in_an_upload_never_completes_it() =>
        await lanes.EachAsync(Enumerable.Range(1, Upload.Length - 1), static async (lane, length) =>
        {
            using var client = await ScriptedClient.ConnectAsync(lane.Gateway);
            await client.SendAsync(Upload[..length]);
            client.HalfClose();
            Assert.DoesNotMatch("^HTTP/1.1 (2|499|5)", await client.TakeToEndAsync());
            client.Dispose();
            await NothingCameOfItAsync(lane);
        });

    [Fact]
    public async Task Client_that_leaves_while_the_destination_thinks_is_let_go_there()
    {
        await using var upstream = ScriptedUpstream.Start(static async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.ReadToEndAsync();
        });
        await using var gateway = await WireGateway.StartAsync(upstream.Address);
        using (var client = await ScriptedClient.ConnectAsync(gateway))
        {
            await client.SendAsync("GET /slow HTTP/1.1\r\nHost: a.example\r\n\r\n");
            Assert.Equal("/slow", (await upstream.NextRequestAsync()).Target);
            Assert.Equal(1, gateway.Active);
            client.Reset();
        }

        await gateway.SettleAsync(connections: 0);
        Assert.Single(upstream.Requests);
    }

    // The destination has seen no whole request, and everybody else is served.
    private static async Task NothingCameOfItAsync(Lane lane)
    {
        await lane.Gateway.SettleAsync(connections: 1);
        var (requests, _, faults) = await lane.Upstream.TakeAsync();
        Assert.Empty(requests);
        Assert.Empty(faults);
        await lane.NeighbourIsServedAsync();
        Assert.Empty(lane.Gateway.TakeErrors());
    }
}
