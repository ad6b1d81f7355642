using GatewayKit.WireTests.Http2;

namespace GatewayKit.WireTests.Grpc;

/// <summary>Answers of a service pass frame by frame as they came.</summary>
public sealed class GrpcAnswerTests
{
    private const string Details = "CAUSDG5vIHN1Y2ggdGhpbmc";

    [Fact]
    public async Task Trailers_only_answer_stays_one_block_that_ends_the_stream()
    {
        await using var upstream = Http2UpstreamConnection.Start(static async connection =>
        {
            var request = await connection.TakeRequestAsync();
            await connection.SendAsync(Frames.Headers(
                request.Stream,
                Hpack.Block((":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "5"), ("grpc-message", "nichts %C3%BCbrig 100%25"), ("grpc-status-details-bin", Details)),
                end: true));
            await connection.ReadToEndAsync();
        });
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address);
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        var answer = await client.AskAsync(1, GrpcGateway.Call("/"));
        Assert.True(answer.IsHeadOnly, $"More than one block: {answer}");
        Assert.Equal(("5", "nichts %C3%BCbrig 100%25", Details), (answer["grpc-status"], answer["grpc-message"], answer["grpc-status-details-bin"]));
        Assert.Single(client.Received.All, static frame => frame.Type is FrameType.Headers);
    }

    [Fact]
    public async Task Status_message_and_details_come_in_trailers_behind_the_messages()
    {
        await using var upstream = Http2UpstreamConnection.Start(static async connection =>
        {
            var request = await connection.TakeRequestAsync();
            await connection.SendAsync(
                Frames.Headers(request.Stream, Hpack.Block((":status", "200"), ("content-type", "application/grpc"))) + Frames.Data(request.Stream, "\0\0\0\0\x05hello")
                + Frames.Headers(request.Stream, Hpack.Block(("grpc-status", "0"), ("grpc-message", ""), ("grpc-status-details-bin", Details), ("x-bin", "AAEC")), end: true));
            await connection.ReadToEndAsync();
        });
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address);
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        var answer = await client.AskAsync(1, GrpcGateway.Call("/"));
        Assert.Equal("\0\0\0\0\x05hello", answer.Data);
        Assert.Equal(("0", "", Details, "AAEC"), (answer.Trailer("grpc-status"), answer.Trailer("grpc-message"), answer.Trailer("grpc-status-details-bin"), answer.Trailer("x-bin")));
        Assert.Null(answer["grpc-status"]);
    }

    [Fact]
    public async Task Half_close_and_messages_cross_at_once_in_both_directions()
    {
        await using var upstream = Http2UpstreamConnection.Start(static async connection =>
        {
            var request = await connection.TakeRequestHeadAsync();
            await connection.SendAsync(Frames.Headers(request.Stream, Hpack.Block((":status", "200"), ("content-type", "application/grpc"))));
            for (var count = 1; count <= 3; count++)
            {
                while (request.Data.Length < count)
                {
                    await connection.Received.ReadAsync();
                }

                await connection.SendAsync(Frames.Data(request.Stream, request.Data[^1..]));
            }

            while (!request.IsComplete)
            {
                await connection.Received.ReadAsync();
            }

            await connection.SendAsync(Frames.Headers(request.Stream, Hpack.Block(("grpc-status", "0")), end: true));
            await connection.ReadToEndAsync();
        });
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address);
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        await client.SendAsync(Frames.Headers(1, GrpcGateway.Call("/")));
        foreach (var (message, count) in ((string, int)[])[("a", 1), ("b", 2), ("c", 3)])
        {
            await client.SendAsync(Frames.Data(1, message));
            Assert.EndsWith(message, (await client.TakeDataAsync(1, count)).Data);
        }

        await client.SendAsync(Frames.Data(1, string.Empty, end: true));
        Assert.Equal("0", (await client.TakeAnswerAsync(1)).Trailer("grpc-status"));
    }
}
