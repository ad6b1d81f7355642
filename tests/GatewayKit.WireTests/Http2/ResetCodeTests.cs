using System.Diagnostics;
using GatewayKit.WireTests.Grpc;
using GatewayKit.WireTests.Upstreams;

namespace GatewayKit.WireTests.Http2;

/// <summary>Who failed shows in the code of the reset, once an answer has begun (RFC 9113 §7).</summary>
public sealed class ResetCodeTests
{
    /// <summary>How a destination can fail behind its head and four bytes.</summary>
    public static TheoryData<string> Failures => ["reset", "cancel", "no error", "connection reset", "connection error", "short", "long", "bad trailers"];

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Destination_that_fails_is_an_internal_error(string failure)
    {
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = Http2UpstreamConnection.Start(async connection =>
        {
            await connection.TakeRequestAsync();
            var lengths = failure is "short" or "long" ? Hpack.Field("content-length", failure is "short" ? "5" : "4") : string.Empty;
            await connection.SendAsync(Frames.Headers(1, Hpack.Field(":status", "200") + lengths) + Frames.Data(1, "half"));
            await go.Task;
            switch (failure)
            {
                case "connection reset":
                    connection.Abort();
                    return;
                default:
                    await connection.SendAsync(failure switch
                    {
                        "reset" => Frames.Reset(1, ErrorCode.InternalError),
                        "cancel" => Frames.Reset(1, ErrorCode.Cancel),
                        "no error" => Frames.Reset(1, ErrorCode.NoError),
                        "connection error" => Frames.Data(0, "x"),
                        "short" => Frames.Data(1, string.Empty, end: true),
                        "long" => Frames.Data(1, "x", end: true),
                        _ => Frames.Headers(1, Hpack.Field(":status", "200"), end: true),
                    });
                    break;
            }

            await connection.ReadToEndAsync();
        });
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address);
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        await client.SendAsync(Frames.Headers(1, Http2Client.Get("/"), end: true));
        await client.TakeDataAsync(1, 4);
        go.SetResult();
        Assert.Equal(ErrorCode.InternalError, await client.TakeResetAsync(1));
        Assert.False(client.Received[1].IsComplete);
        Assert.True(await gateway.NextReasonAsync() is "upstream-reset" or "upstream-protocol");
    }

    [Fact]
    public async Task Destination_that_stands_still_is_an_internal_error()
    {
        await using var upstream = AnsweringHalf();
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address);
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        await client.SendAsync(Frames.Headers(1, Http2Client.Get("/"), end: true));
        await client.TakeDataAsync(1, 4);
        gateway.Time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(ErrorCode.InternalError, await client.TakeResetAsync(1));
        Assert.Equal("upstream-timeout", await gateway.NextReasonAsync());
    }

    [Fact]
    public async Task Deadline_is_a_cancel()
    {
        await using var upstream = AnsweringHalf();
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address, cluster => cluster with { Timeouts = new() { Total = TimeSpan.FromSeconds(40) } });
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        await client.SendAsync(Frames.Headers(1, Http2Client.Get("/"), end: true));
        await client.TakeDataAsync(1, 4);
        gateway.Time.Advance(TimeSpan.FromSeconds(41));
        Assert.Equal(ErrorCode.Cancel, await client.TakeResetAsync(1));
        Assert.Equal("deadline-exceeded", await gateway.NextReasonAsync());
    }

    [Fact]
    public async Task Client_that_takes_nothing_is_a_cancel()
    {
        await using var upstream = Http2UpstreamConnection.Start(static async connection =>
        {
            var request = await connection.TakeRequestAsync();
            await connection.AnswerAsync(request.Stream, new('x', 60_000));
            await connection.ReadToEndAsync();
        });

        // The server takes no more than this before the client has taken some.
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address, limits: static limits => limits.MaxResponseBufferSize = 1_000);
        using var client = await Http2Client.ConnectAsync(gateway.Gateway, (4, 4));
        await client.SendAsync(Frames.Headers(1, Http2Client.Get("/"), end: true));
        await client.TakeDataAsync(1, 4);
        gateway.Time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal("client-timeout", await gateway.NextReasonAsync());
        Assert.Equal(ErrorCode.Cancel, await client.TakeResetAsync(1));
    }

    [Fact]
    public async Task Body_over_the_limit_is_a_protocol_error()
    {
        await using var upstream = AnsweringHalf(beforeTheBody: true);
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address, limits: static limits => limits.MaxRequestBodySize = 1_000);
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        await client.SendAsync(Frames.Headers(1, Http2Client.Post("/")) + Frames.Data(1, "begun"));
        await client.TakeDataAsync(1, 4);
        await client.SendAsync(Frames.Data(1, new('x', 2_000)));
        Assert.Equal(ErrorCode.ProtocolError, await client.TakeResetAsync(1));
        Assert.Equal("body-too-large", await gateway.NextReasonAsync());
    }

    [Fact]
    public async Task Body_that_breaks_its_length_is_a_protocol_error()
    {
        await using var upstream = AnsweringHalf(beforeTheBody: true);
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address);
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        await client.SendAsync(Frames.Headers(1, Http2Client.Post("/", ("content-length", "9"))) + Frames.Data(1, "begun"));
        await client.TakeDataAsync(1, 4);
        await client.SendAsync(Frames.Data(1, string.Empty, end: true));
        Assert.Equal(ErrorCode.ProtocolError, await client.TakeResetAsync(1));
    }

    [Fact]
    public async Task Stream_that_was_never_processed_is_refused()
    {
        await using var upstream = AnsweringHalf();
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address, limits: static limits => limits.Http2.MaxStreamsPerConnection = 1);
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        await client.SendAsync(Frames.Headers(1, Http2Client.Get("/"), end: true));
        await client.TakeDataAsync(1, 4);
        await client.SendAsync(Frames.Headers(3, Http2Client.Get("/"), end: true));
        Assert.Equal(ErrorCode.RefusedStream, await client.TakeResetAsync(3));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Upload_nobody_wants_ends_without_an_error_behind_the_whole_answer(bool isStillSending)
    {
        await using var upstream = Http2UpstreamConnection.Start(static async connection =>
        {
            while (true)
            {
                var request = await connection.TakeRequestHeadAsync();
                await connection.AnswerAsync(request.Stream, "no need");
                if (!request.IsComplete)
                {
                    await connection.SendAsync(Frames.Reset(request.Stream, ErrorCode.NoError));
                }
            }
        });
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address);
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        await client.SendAsync(Frames.Headers(1, Http2Client.Post("/")) + (isStillSending ? Frames.Data(1, new('x', 10_000)) : Frames.Data(1, "x")));
        var answer = await client.TakeAnswerAsync(1);
        Assert.Equal((200, "no need", true), (answer.Status, answer.Data, answer.IsComplete));
        Assert.Equal(ErrorCode.NoError, await client.TakeResetAsync(1));

        // The connection goes on.
        Assert.Equal("no need", (await client.AskAsync(3, Http2Client.Get("/"))).Data);
    }

    /// <summary>When the client goes, in which phase, and whether with its connection.</summary>
    public static TheoryData<string, bool> Departures => new MatrixTheoryData<string, bool>(["head", "body", "upload"], [false, true]);

    [Theory]
    [MemberData(nameof(Departures))]
    public async Task Client_that_goes_cancels_the_stream_at_the_destination(string phase, bool isConnectionClosed)
    {
        var delays = new List<double>();
        for (var round = 0; round < 5; round++)
        {
            delays.Add(await DepartAsync(phase, isConnectionClosed));
        }

        // 100 ms is what was promised; one round in which the machine was busy elsewhere says nothing.
        Assert.InRange(delays.Order().ElementAt(delays.Count / 2), 0, 100);
    }

    private static async Task<double> DepartAsync(string phase, bool isConnectionClosed)
    {
        var (reached, cancelled) = (new TaskCompletionSource(), new TaskCompletionSource<(ErrorCode Code, long At)>());
        await using var upstream = Http2UpstreamConnection.Start(async connection =>
        {
            var request = phase is "upload" ? await connection.TakeRequestHeadAsync() : await connection.TakeRequestAsync();
            if (phase is "body")
            {
                await connection.SendAsync(Frames.Headers(request.Stream, Hpack.Field(":status", "200")) + Frames.Data(request.Stream, "half"));
            }

            reached.SetResult();
            var reset = await connection.TakeAsync(static frame => frame.Type is FrameType.RstStream);
            cancelled.SetResult((reset.Code, Stopwatch.GetTimestamp()));
            await connection.ReadToEndAsync();
        });
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address);
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        await client.SendAsync(Frames.Headers(1, Http2Client.Post("/"), end: phase is not "upload"));
        await reached.Task.WaitAsync(ScriptedUpstream.Limit);
        if (phase is "body")
        {
            await client.TakeDataAsync(1, 4);
        }

        var gone = Stopwatch.GetTimestamp();
        if (isConnectionClosed)
        {
            client.Dispose();
        }
        else
        {
            await client.SendAsync(Frames.Reset(1, ErrorCode.Cancel));
        }

        var (code, at) = await cancelled.Task.WaitAsync(ScriptedUpstream.Limit);
        Assert.Equal(ErrorCode.Cancel, code);
        await gateway.Gateway.SettleAsync(connections: isConnectionClosed ? 0 : 1);
        Assert.Equal("client-aborted", await gateway.NextReasonAsync());
        return Stopwatch.GetElapsedTime(gone, at).TotalMilliseconds;
    }

    private static ScriptedUpstream AnsweringHalf(bool beforeTheBody = false) => Http2UpstreamConnection.Start(async connection =>
    {
        var request = beforeTheBody ? await connection.TakeRequestHeadAsync() : await connection.TakeRequestAsync();
        await connection.SendAsync(Frames.Headers(request.Stream, Hpack.Field(":status", "200")) + Frames.Data(request.Stream, "half"));
        await connection.ReadToEndAsync();
    });
}
