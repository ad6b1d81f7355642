using GatewayKit.Forwarding;
using GatewayKit.WireTests.Http2;
using GatewayKit.WireTests.Upstreams;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.WireTests.Grpc;

/// <summary>The deadline of a call: its own or the cluster's, and what is left of it at the destination.</summary>
public sealed class GrpcDeadlineTests
{
    [Theory]
    [InlineData("1H", 3_600)]
    [InlineData("2M", 120)]
    [InlineData("30S", 30)]
    [InlineData("1500m", 1.5)]
    [InlineData("250u", 0.00025)]
    [InlineData("100000n", 0.0001)]
    [InlineData("0S", 0)]
    [InlineData("00000001S", 1)]
    [InlineData("99999999H", 315_360_000)]
    public void Timeout_is_read_in_every_unit(string text, double seconds)
    {
        Assert.True(GrpcTimeout.TryParse(text, out var timeout));
        Assert.Equal(TimeSpan.FromSeconds(seconds), timeout);
    }

    [Theory]
    [InlineData("")]
    [InlineData("S")]
    [InlineData("1")]
    [InlineData("1s")]
    [InlineData("-1S")]
    [InlineData("+1S")]
    [InlineData(" 1S")]
    [InlineData("1 S")]
    [InlineData("1.5S")]
    [InlineData("100000000S")]
    [InlineData("1SS")]
    public void Timeout_of_another_form_is_none(string text) => Assert.False(GrpcTimeout.TryParse(text, out _));

    [Fact]
    public void Two_timeouts_are_none() => Assert.False(GrpcTimeout.TryParse(new StringValues(["1S", "2S"]), out _));

    [Theory]
    [InlineData(1_500, "1500000u")]
    [InlineData(99_999_999, "99999999m")]
    [InlineData(100_000_000, "100000S")]
    public void Timeout_is_written_in_the_finest_unit_that_has_room(long milliseconds, string text) =>
        Assert.Equal(text, GrpcTimeout.Format(TimeSpan.FromMilliseconds(milliseconds)));

    [Theory]
    [InlineData("5S", 0, 0, "4995000u")]
    [InlineData("5S", 0, 2, "2995000u")]
    [InlineData("5S", 4, 0, "3995000u")]
    [InlineData("3S", 4, 0, "2995000u")]
    [InlineData(null, 4, 0, "3995000u")]
    [InlineData(null, 0, 0, null)]
    public async Task Destination_is_told_what_is_left(string? stated, int total, int inFilters, string? arriving)
    {
        var seen = new TaskCompletionSource<Message>();
        await using var upstream = Http2UpstreamConnection.Start(async connection =>
        {
            seen.SetResult(await connection.TakeRequestAsync());
            await connection.AnswerAsync(1, string.Empty, ("content-type", "application/grpc"));
            await connection.ReadToEndAsync();
        });
        await using var gateway = await GrpcGateway.StartAsync(
            upstream.Address,
            cluster => total == 0 ? cluster : cluster with { Timeouts = new() { Total = TimeSpan.FromSeconds(total) } },
            (time, _) =>
            {
                time.Advance(TimeSpan.FromSeconds(inFilters));
                return null;
            });
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        await client.AskAsync(1, stated is null ? GrpcGateway.Call("/") : GrpcGateway.Call("/", ("grpc-timeout", stated)));
        Assert.Equal(arriving, (await seen.Task)["grpc-timeout"]);
    }

    [Theory]
    [InlineData("5", 0, "13", "invalid-deadline")]
    [InlineData("5s", 0, "13", "invalid-deadline")]
    [InlineData("999999999S", 0, "13", "invalid-deadline")]
    [InlineData("0S", 0, "4", "deadline-exceeded")]
    [InlineData("5S", 6, "4", "deadline-exceeded")]
    public async Task Call_without_a_time_that_could_be_kept_reaches_no_destination(string stated, int inFilters, string status, string code)
    {
        await using var upstream = Http2UpstreamConnection.Start(static connection => connection.ReadToEndAsync());
        await using var gateway = await GrpcGateway.StartAsync(
            upstream.Address,
            filter: (time, _) =>
            {
                time.Advance(TimeSpan.FromSeconds(inFilters));
                return null;
            });
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        var answer = await client.AskAsync(1, GrpcGateway.Call("/", ("grpc-timeout", stated)));
        Assert.Equal((true, status), (answer.IsHeadOnly, answer["grpc-status"]));
        Assert.Equal(code, await gateway.NextReasonAsync());
        Assert.Equal(0, upstream.ConnectionCount);
    }

    [Fact]
    public async Task Field_of_a_plain_request_is_not_a_deadline()
    {
        await using var upstream = Http2UpstreamConnection.Start(static async connection =>
        {
            var request = await connection.TakeRequestAsync();
            await connection.AnswerAsync(request.Stream, request["grpc-timeout"]!);
            await connection.ReadToEndAsync();
        });
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address);
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        Assert.Equal("whatever", (await client.AskAsync(1, Http2Client.Post("/", ("grpc-timeout", "whatever")))).Data);
    }

    [Fact]
    public async Task Deadline_before_the_answer_is_exceeded_and_cancels_at_the_destination()
    {
        var (asked, cancelled) = (new TaskCompletionSource(), new TaskCompletionSource<ErrorCode>());
        await using var upstream = Http2UpstreamConnection.Start(async connection =>
        {
            await connection.TakeRequestAsync();
            asked.SetResult();
            cancelled.SetResult((await connection.TakeAsync(static frame => frame.Type is FrameType.RstStream)).Code);
            await connection.ReadToEndAsync();
        });
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address);
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        await client.SendAsync(Frames.Headers(1, GrpcGateway.Call("/", ("grpc-timeout", "5S")), end: true));
        await asked.Task.WaitAsync(ScriptedUpstream.Limit);
        gateway.Time.Advance(TimeSpan.FromSeconds(5.1));
        var answer = await client.TakeAnswerAsync(1);
        Assert.Equal((true, "4"), (answer.IsHeadOnly, answer["grpc-status"]));
        Assert.Equal(ErrorCode.Cancel, await cancelled.Task.WaitAsync(ScriptedUpstream.Limit));
        Assert.Equal("deadline-exceeded", await gateway.NextReasonAsync());
    }

    [Fact]
    public async Task Deadline_in_the_answer_cancels_both_streams()
    {
        var cancelled = new TaskCompletionSource<ErrorCode>();
        await using var upstream = Http2UpstreamConnection.Start(async connection =>
        {
            await connection.TakeRequestAsync();
            await connection.SendAsync(Frames.Headers(1, Hpack.Block((":status", "200"), ("content-type", "application/grpc"))) + Frames.Data(1, "\0\0\0\0\x04half"));
            cancelled.SetResult((await connection.TakeAsync(static frame => frame.Type is FrameType.RstStream)).Code);
            await connection.ReadToEndAsync();
        });
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address);
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        await client.SendAsync(Frames.Headers(1, GrpcGateway.Call("/", ("grpc-timeout", "5S")), end: true));
        await client.TakeDataAsync(1, 9);
        gateway.Time.Advance(TimeSpan.FromSeconds(5.1));
        Assert.Equal(ErrorCode.Cancel, await client.TakeResetAsync(1));
        Assert.Equal(ErrorCode.Cancel, await cancelled.Task.WaitAsync(ScriptedUpstream.Limit));
    }
}
