using System.Text;
using GatewayKit.WireTests.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace GatewayKit.WireTests.Http2;

/// <summary>
/// Many cheap frames. Whatever becomes of the connection they come on: the destination gets no more at once than the cluster allows, other
/// clients are served, nothing is left behind, and memory stays within a hundred times of what was sent.
/// </summary>
[Collection(nameof(AloneInTheProcess))]
public sealed class FloodTests
{
    private const int Cap = 8;
    private const int Batches = 10;
    private const int BytesKeptForOneSent = 100;

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
            upstream.Address,
            static cluster => cluster with { Http = new() { MaxConnections = Cap } },
            protocols: HttpProtocols.Http2,
            map: static app => FloodNeighbour.Map(app),
            build: static host => host.Services.Configure<HostOptions>(static options => options.ShutdownTimeout = TimeSpan.FromSeconds(1)));
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

        // Kestrel may keep a connection for a while whose client has left behind a queue of resets, also when it stops; what counts is that nothing is
        // done for it.
        await gateway.IsIdleAsync();
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
        Clients.ScriptedClient connection;
        using (var client = await Http2Client.ConnectAsync(gateway))
        {
            var (first, repeated) = Flood(kind);
            var batch = string.Concat(Enumerable.Repeat(repeated, 1_000));
            await client.SendAsync(first);
            var sent = first.Length;

            // A batch counts when the server's parser has it. Fewer than all are enough only where the server hangs up.
            for (var i = 0; i < Batches && await client.SendAsync(batch) && await client.Connection.HasBeenSeenAsync(); i++)
            {
                sent += batch.Length;
            }

            var isWhole = sent == first.Length + (Batches * batch.Length);
            if (!isWhole)
            {
                await client.Connection.ExpectReleasedAsync();
            }

            Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, Math.Max(1 << 20, sent * BytesKeptForOneSent));
            await neighbour.IsServedAsync();
            connection = client.Connection;
        }

        await connection.ExpectReleasedAsync();
        await gateway.IsIdleAsync();
        Assert.Equal(1, gateway.Taps.Open);
        var (requests, _, faults) = await upstream.TakeAsync();
        Assert.Empty(faults);
        Assert.Empty(requests);
        await neighbour.IsServedAsync();
        Assert.All(gateway.TakeErrors(), static error => Assert.Contains(ServersOwnEnd, error));
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
