using GatewayKit.Clusters;
using GatewayKit.Forwarding;
using GatewayKit.WireTests.Aborts;
using GatewayKit.WireTests.Responses;
using GatewayKit.WireTests.Upstreams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.WireTests.Clocks;

/// <summary>Each clock in each phase in which it can fire, on time that the test moves: what the client is told, and what is recorded.</summary>
public sealed class ClockTableTests
{
    private static readonly ClusterTimeouts Timeouts = new() { Attempt = TimeSpan.FromSeconds(30), Idle = TimeSpan.FromSeconds(60) };

    private readonly FakeTimeProvider _time = new();

    /// <summary>A status, or the end of an answer that has begun; 0 stands for that.</summary>
    [Theory]
    [InlineData("attempt", ClockPhase.WaitingForHead, 504, ForwardError.UpstreamHeadersTimeout, ForwardPhase.Request)]
    [InlineData("idle", ClockPhase.Upload, 408, ForwardError.ClientBodyTimeout, ForwardPhase.Request)]
    [InlineData("idle", ClockPhase.UploadNotTaken, 504, ForwardError.UpstreamStalled, ForwardPhase.Request)]
    [InlineData("idle", ClockPhase.BeforeBody, 0, ForwardError.UpstreamStalled, ForwardPhase.Response)]
    [InlineData("idle", ClockPhase.Body, 0, ForwardError.UpstreamStalled, ForwardPhase.Response)]
    [InlineData("total", ClockPhase.Upload, 504, ForwardError.DeadlineExceeded, ForwardPhase.Request)]
    [InlineData("total", ClockPhase.UploadNotTaken, 504, ForwardError.DeadlineExceeded, ForwardPhase.Request)]
    [InlineData("total", ClockPhase.WaitingForHead, 504, ForwardError.DeadlineExceeded, ForwardPhase.Request)]
    [InlineData("total", ClockPhase.BeforeBody, 0, ForwardError.DeadlineExceeded, ForwardPhase.Response)]
    [InlineData("total", ClockPhase.Body, 0, ForwardError.DeadlineExceeded, ForwardPhase.Response)]
    public async Task Clock_that_runs_out_is_told_by_its_own_name(string clock, ClockPhase at, int status, ForwardError error, ForwardPhase phase)
    {
        var seconds = clock switch { "attempt" => 31, "idle" => 61, _ => 11 };
        await using var stage = await ClockStage.SetAsync(at, clock is "total" ? Timeouts with { Total = TimeSpan.FromSeconds(10), Attempt = null } : Timeouts, _time);

        // The second move is for a byte that is noted only after the first.
        _time.Advance(TimeSpan.FromSeconds(seconds));
        _time.Advance(TimeSpan.FromSeconds(seconds));
        var record = await stage.RecordAsync();
        Assert.Equal((error, phase), (record.Outcome!.Value.Error, record.Outcome.Value.Phase));
        Assert.Equal(ForwardFailure.Of(error).Reason, record.Reason);
        if (status == 0)
        {
            // What was read before is all there is.
            Assert.Equal(string.Empty, await stage.Client.ReadToEndAsync());
            return;
        }

        var answer = await stage.Client.ReadAsync();
        Assert.Equal((status, true), (answer.Status, answer.IsWhole));
        Assert.Contains($"\"code\":\"{record.Reason!.Code}\"", answer.Body, StringComparison.Ordinal);
    }

    /// <summary>Time that belongs to another clock, or to none, ends nothing.</summary>
    [Theory]
    [InlineData(ClockPhase.Upload)]
    [InlineData(ClockPhase.Body)]
    public async Task Attempt_clock_does_not_run_while_a_body_is_on_its_way(ClockPhase phase)
    {
        await using var stage = await ClockStage.SetAsync(phase, Timeouts, _time);
        _time.Advance(TimeSpan.FromSeconds(31));
        await stage.FinishAsync();
        var record = await stage.RecordAsync();
        Assert.Equal((ForwardError.None, ForwardPhase.Complete), (record.Outcome!.Value.Error, record.Outcome.Value.Phase));
    }

    [Fact]
    public async Task Interim_answers_do_not_give_a_destination_more_time()
    {
        await using var stage = await ClockStage.SetAsync(ClockPhase.WaitingForHead, Timeouts, _time);
        _time.Advance(TimeSpan.FromSeconds(20));
        await stage.SendInterimAsync();
        _time.Advance(TimeSpan.FromSeconds(11));
        var answer = await stage.Client.ReadAsync();
        Assert.Equal(504, answer.Status);
        Assert.Equal(ForwardError.UpstreamHeadersTimeout, (await stage.RecordAsync()).Outcome?.Error);
    }

    // The handler measures this one itself, on the clock of the machine.
    [Fact]
    public async Task Connect_clock_covers_an_address_that_does_not_answer()
    {
        using var hole = new BlackHole();
        await using var gateway = await RecordingGateway.StartAsync(
            hole.Address,
            static cluster => cluster with { Timeouts = Timeouts with { Connect = TimeSpan.FromMilliseconds(100) } },
            gateway => gateway.Services.AddSingleton<TimeProvider>(_time));
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        var answer = await client.GetAsync("/");
        Assert.Equal(504, answer.Status);
        Assert.Contains("\"code\":\"upstream-timeout\"", answer.Body, StringComparison.Ordinal);
        Assert.Equal(ForwardError.UpstreamConnectTimeout, (await gateway.Records.NextAsync()).Outcome?.Error);
    }
}
