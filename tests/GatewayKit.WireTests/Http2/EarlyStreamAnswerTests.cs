using GatewayKit.Clusters;
using GatewayKit.Forwarding;
using GatewayKit.WireTests.Aborts;
using GatewayKit.WireTests.Responses;
using GatewayKit.WireTests.Upstreams;

namespace GatewayKit.WireTests.Http2;

/// <summary>
/// A destination that speaks HTTP/2 answers a large upload without reading it, and says by RST_STREAM with NO_ERROR that it wants no more of it
/// (RFC 9113 §8.1). The client is told the answer at once; half an answer never looks whole.
/// </summary>
public sealed class EarlyStreamAnswerTests
{
    /// <summary>Many times what fits the window that a destination opens unasked (RFC 9113 §6.9.2).</summary>
    private const int Size = 1 << 20;

    private const int FirstWindow = 65_535;

    public static TheoryData<int, bool, bool> Uploads => new MatrixTheoryData<int, bool, bool>([413, 200], [false, true], [false, true]);

    [Theory]
    [MemberData(nameof(Uploads))]
    public async Task Arrives_whole_while_the_upload_goes_on_and_the_connection_stays(int status, bool chunked, bool expects)
    {
        Message? upload = null;
        await using var upstream = Http2UpstreamConnection.Start(async connection =>
        {
            upload = await connection.TakeRequestHeadAsync();
            if (expects)
            {
                // A client that was never told to go on would be told the answer instead.
                await connection.TakeAsync(static frame => frame.Type is FrameType.Data);
            }

            await connection.SendAsync(Head(upload, status, 5) + Frames.Data(upload.Stream, "early", end: true) + Frames.Reset(upload.Stream, ErrorCode.NoError));
            var next = await connection.TakeRequestAsync();
            await connection.AnswerAsync(next.Stream, "next");
            await connection.ReadToEndAsync();
        });
        await using var gateway = await StartAsync(upstream);
        using var active = new ActiveRequests(gateway);
        var answer = await UploadAsync(gateway, chunked, expects);
        Assert.Equal((status, "early", true), (answer.Status, answer.Body, answer.IsWhole));
        MustEnd(active);
        Assert.Equal(ForwardError.None, (await gateway.Records.NextAsync()).Outcome?.Error);

        using var another = await AnswerReader.ConnectAsync(gateway.Address);
        Assert.Equal("next", (await another.GetAsync("/next")).Body);
        Assert.Equal(1, upstream.ConnectionCount);
        Assert.False(upload!.IsComplete);
        Assert.InRange(upload.Data.Length, 0, FirstWindow);
        Assert.Null(upload.ResetCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Half_of_one_that_the_client_has_seen_nothing_of_is_a_refusal_or_cut(bool hasLength)
    {
        await using var upstream = Http2UpstreamConnection.Start(async connection =>
        {
            var upload = await connection.TakeRequestHeadAsync();
            await connection.SendAsync(Head(upload, 413, hasLength ? 10 : null) + Frames.Data(upload.Stream, "early") + Frames.Reset(upload.Stream, ErrorCode.NoError));
            await connection.ReadToEndAsync();
        });
        await using var gateway = await StartAsync(upstream);
        using var active = new ActiveRequests(gateway);
        var answer = await UploadAsync(gateway, chunked: false, expects: false);
        Assert.True((answer.Status, answer.IsWhole) is (502, true) or (413, false), $"{answer}");
        MustEnd(active);
        Assert.NotEqual(ForwardError.None, (await gateway.Records.NextAsync()).Outcome?.Error);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Half_of_one_that_the_client_has_seen_is_cut(bool hasLength)
    {
        var seen = new TaskCompletionSource();
        await using var upstream = Http2UpstreamConnection.Start(async connection =>
        {
            var upload = await connection.TakeRequestHeadAsync();
            await connection.SendAsync(Head(upload, 413, hasLength ? 10 : null) + Frames.Data(upload.Stream, "early"));
            await seen.Task;
            await connection.SendAsync(Frames.Reset(upload.Stream, ErrorCode.NoError));
            await connection.ReadToEndAsync();
        });
        await using var gateway = await StartAsync(upstream);
        using var active = new ActiveRequests(gateway);
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {Size}\r\n\r\n");
        var sending = SendBodyAsync(client, chunked: false);
        var begun = await client.ReadThroughAsync("early");
        seen.SetResult();
        var rest = await client.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 413 ", begun, StringComparison.Ordinal);
        Assert.Equal(hasLength, begun.Contains("Content-Length: 10\r\n", StringComparison.OrdinalIgnoreCase));

        // Neither the other half nor the last chunk.
        Assert.Equal(hasLength ? string.Empty : "\r\n", rest);
        client.Dispose();
        await sending.WaitAsync(ScriptedUpstream.Limit);
        MustEnd(active);
        Assert.NotEqual(ForwardError.None, (await gateway.Records.NextAsync()).Outcome?.Error);
    }

    private static void MustEnd(ActiveRequests active)
    {
        Assert.True(SpinWait.SpinUntil(() => active.Count == 0, ScriptedUpstream.Limit), $"{active.Count} requests never ended.");
        Assert.True(active.WasUsed);
    }

    private static string Head(Message request, int status, int? length) => Frames.Headers(
        request.Stream,
        Hpack.Block(length is null ? [(":status", $"{status}")] : [(":status", $"{status}"), ("content-length", $"{length}")]));

    private static Task<RecordingGateway> StartAsync(ScriptedUpstream upstream) => RecordingGateway.StartAsync(
        upstream.Address,
        static cluster => cluster with { Http = new() { Version = new(2, 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact } });

    private static async Task<ReceivedAnswer> UploadAsync(RecordingGateway gateway, bool chunked, bool expects)
    {
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        var framing = chunked ? "Transfer-Encoding: chunked" : $"Content-Length: {Size}";
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n{(expects ? "Expect: 100-continue\r\n" : null)}\r\n");
        if (expects)
        {
            Assert.StartsWith("HTTP/1.1 100 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        }

        var sending = SendBodyAsync(client, chunked);
        var answer = await client.ReadAsync();

        // The gateway takes the rest for a while or closes: either way the sending ends.
        client.Dispose();
        await sending.WaitAsync(ScriptedUpstream.Limit);
        return answer;
    }

    private static async Task SendBodyAsync(AnswerReader client, bool chunked)
    {
        try
        {
            var body = new string('x', Size);
            await client.SendAsync(chunked ? $"{Size:x}\r\n{body}\r\n0\r\n\r\n" : body);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The client has what it wants to know.
        }
    }
}
