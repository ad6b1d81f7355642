using System.Text;
using GatewayKit.WireTests.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace GatewayKit.WireTests.Http2;

/// <summary>
/// Many cheap frames. Whatever becomes of the connection they come on: the destination gets no more at once than the cluster allows, other
/// clients are served, nothing is left behind, and memory stays within a hundred times of what was sent.
/// </summary>
public sealed class FloodTests
{
    private const int Cap = 8;

    // How Kestrel ends a connection whose client makes it answer and reads nothing.
    private const string ServersOwnEnd = "exceeded the output";

    /// <summary>Streams that are opened and given up.</summary>
    public static TheoryData<string> Resets => ["rapid reset", "made reset by a window", "made reset by a length", "reset in the upload"];

    /// <summary>Frames that ask for nothing.</summary>
    public static TheoryData<string> CheapFrames => ["settings", "pings", "empty data", "window updates", "priorities", "continuations", "unknown frames", "empty fields", "settings that resize the table"];

    [Theory]
    [MemberData(nameof(Resets))]
    public async Task Streams_that_are_given_up_multiply_no_work(string kind)
    {
        const int Streams = 900;
        const int AtOnce = 90;
        await using var upstream = new CountingUpstream();
        await using var gateway = await WireGateway.StartAsync(
            upstream.Address, static cluster => cluster with { Http = new() { MaxConnections = Cap } }, protocols: HttpProtocols.Http2, map: static app => FloodNeighbour.Map(app));
        using var neighbour = await FloodNeighbour.ConnectAsync(gateway);
        using (var client = await Http2Client.ConnectAsync(gateway))
        {
            for (var first = 0; first < Streams; first += AtOnce)
            {
                var streams = Enumerable.Range(first, AtOnce).Select(static number => (2 * number) + 1).ToArray();
                await client.SendAsync(string.Concat(streams.Select(stream => Open(stream, kind))));
                if (first == 0)
                {
                    // From here on it is known that there is work to be multiplied.
                    await upstream.HasSeenAsync(Cap);
                }

                if (!await client.SendAsync(string.Concat(streams.Select(stream => GiveUp(stream, kind)))))
                {
                    break;
                }
            }

            await neighbour.IsServedAsync();
        }

        await SettleAsync(gateway, endsConnection: false);
        Assert.Equal(Cap, upstream.Most);
        await neighbour.IsServedAsync();
        Assert.All(gateway.TakeErrors(), static error => Assert.Contains(ServersOwnEnd, error));
    }

    [Theory]
    [MemberData(nameof(CheapFrames))]
    public async Task Frames_that_ask_for_nothing_cost_nothing(string kind)
    {
        await using var upstream = new EchoUpstream();
        await using var gateway = await WireGateway.StartAsync(upstream.Address, protocols: HttpProtocols.Http2, map: static app => FloodNeighbour.Map(app));
        using var neighbour = await FloodNeighbour.ConnectAsync(gateway);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        using (var client = await Http2Client.ConnectAsync(gateway))
        {
            var (first, repeated) = Flood(kind);
            var batch = string.Concat(Enumerable.Repeat(repeated, 1_000));
            await client.SendAsync(first);
            var sent = 0L;
            for (var i = 0; i < 10; i++)
            {
                // A server that takes no more while its answers are not read is right to do so: the client gives up then.
                using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
                var sending = client.SendAsync(batch);
                if (await Task.WhenAny(sending, Task.Delay(Timeout.Infinite, patience.Token)) != sending || !await sending)
                {
                    break;
                }

                sent += batch.Length;
            }

            Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, Math.Max(1 << 20, sent) * 100);
            await neighbour.IsServedAsync();
        }

        await SettleAsync(gateway, endsConnection: true);
        var (requests, _, faults) = await upstream.TakeAsync();
        Assert.Empty(faults);
        Assert.Empty(requests);
        await neighbour.IsServedAsync();
        Assert.All(gateway.TakeErrors(), static error => Assert.Contains(ServersOwnEnd, error));
    }

    // Polled at leisure: the server has thousands of streams to end meanwhile. Kestrel may keep a connection for a while whose client has left
    // behind a queue of resets; what counts is that nothing is done for it.
    private static async Task SettleAsync(WireGateway gateway, bool endsConnection)
    {
        using var limit = new CancellationTokenSource(Clients.ScriptedClient.Limit);
        while (gateway.Active != 0 || (endsConnection && gateway.Taps.Open != 1))
        {
            Assert.False(limit.IsCancellationRequested, $"There are {gateway.Active} active requests and {gateway.Taps.Open} connections.");
            await Task.Delay(10);
        }
    }

    private static string Open(int stream, string kind) => kind switch
    {
        "rapid reset" => Frames.Headers(stream, Http2Client.Get("/flood"), end: true),
        "made reset by a length" => Frames.Headers(stream, Http2Client.Post("/flood", ("content-length", "1"))),
        "reset in the upload" => Frames.Headers(stream, Http2Client.Post("/flood")) + Frames.Data(stream, "ab"),
        _ => Frames.Headers(stream, Http2Client.Post("/flood")),
    };

    private static string GiveUp(int stream, string kind) => kind switch
    {
        "made reset by a window" => Frames.WindowUpdate(stream, 0x7fff_ffff),
        "made reset by a length" => Frames.Data(stream, "ab", end: true),
        _ => Frames.Reset(stream, ErrorCode.Cancel),
    };

    private static (string First, string Repeated) Flood(string kind) => kind switch
    {
        "settings" => (string.Empty, Frames.Settings((3, 100))),
        "pings" => (string.Empty, Frames.Ping()),
        "empty data" => (Frames.Headers(1, Http2Client.Post("/flood")), Frames.Data(1, string.Empty)),
        "window updates" => (Frames.Headers(1, Http2Client.Post("/flood")), Frames.WindowUpdate(1, 1)),
        "priorities" => (string.Empty, Frames.Priority(1, 0)),
        "continuations" => (Frames.HeadersBegin(1, Http2Client.Get("/flood")), Frames.Continuation(1, string.Empty, last: false)),
        "unknown frames" => (string.Empty, Frames.Raw((FrameType)0x77, 0, 1, string.Empty)),
        "empty fields" => (Frames.HeadersBegin(1, Http2Client.Get("/flood")), Frames.Continuation(1, Hpack.Field("a", string.Empty), last: false)),
        _ => (string.Empty, Frames.Settings((1, 0)) + Frames.Settings((1, 4_096))),
    };
}
