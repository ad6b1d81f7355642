using System.Diagnostics;
using System.Net.Sockets;
using GatewayKit.Forwarding;
using GatewayKit.Pipeline;
using GatewayKit.WireTests.Upstreams;
using Microsoft.Extensions.Logging;

namespace GatewayKit.WireTests.Aborts;

/// <summary>A client that goes away is an outcome of its own, wherever its request stands: nobody's fault, nobody's wait, nobody's warning.</summary>
public sealed class ClientAbortTests(ITestOutputHelper output)
{
    // What is measured is far below 100 ms; a loaded machine may take longer.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    public static TheoryData<AbortPhase> Phases => [.. Enum.GetValues<AbortPhase>()];

    // In an upload the end of the client's half is a cut body, in a tunnel an end: the client may be told something.
    public static TheoryData<AbortPhase> HalfClosed => [.. Enum.GetValues<AbortPhase>().Except([AbortPhase.Upload, AbortPhase.Tunnel])];

    [Theory]
    [Trait("Fault", "C1")]
    [MemberData(nameof(Phases))]
    public async Task Reset_ends_the_request_everywhere(AbortPhase phase)
    {
        using var unobserved = new UnobservedExceptions();
        await AbortAsync(phase, static client =>
        {
            client.Reset();
            return Task.CompletedTask;
        });
        Assert.Empty(unobserved.Take());
    }

    // The server takes the end of a client's half for a client that is gone (dotnet/aspnetcore#13188).
    [Theory]
    [Trait("Fault", "C2")]
    [MemberData(nameof(HalfClosed))]
    public async Task Half_close_writes_nothing_to_the_client(AbortPhase phase)
    {
        using var unobserved = new UnobservedExceptions();
        await AbortAsync(phase, static async client =>
        {
            client.Socket.Shutdown(SocketShutdown.Send);
            Assert.Equal(string.Empty, await client.ReadToEndAsync());
        });
        Assert.Empty(unobserved.Take());
    }

    private async Task AbortAsync(AbortPhase phase, Func<Responses.AnswerReader, Task> abort)
    {
        await using var stage = await AbortStage.SetAsync(phase);
        var startedAt = Stopwatch.GetTimestamp();
        await abort(stage.Client);
        var record = await stage.Gateway.Records.NextAsync();
        var noted = Stopwatch.GetElapsedTime(startedAt);
        Assert.Equal("/gone", record.Path);
        Assert.Equal(RejectionReason.ClientAborted, record.Reason);
        Assert.Equal(phase.HasHead() ? phase is AbortPhase.Tunnel ? 101 : 200 : 499, record.Status);
        Assert.Equal(
            phase.Recorded() is { } recorded ? (ForwardError.ClientAborted, recorded) : null,
            record.Outcome is { } outcome ? (outcome.Error, outcome.Phase) : ((ForwardError, ForwardPhase)?)null);
        if (phase.IsSeenByDestination())
        {
            var seen = Stopwatch.GetElapsedTime(startedAt, await stage.Ended);
            output.WriteLine($"{phase}: the destination saw it after {seen.TotalMilliseconds:0.0} ms.");
            Assert.InRange(seen, TimeSpan.Zero, Soon);
        }

        output.WriteLine($"{phase}: recorded after {noted.TotalMilliseconds:0.0} ms.");
        Assert.InRange(noted, TimeSpan.Zero, Soon);
        await stage.MustHoldNothingAsync();
        Assert.Equal(phase is not AbortPhase.FilterBefore, stage.Active.WasUsed);
        Assert.Equal(phase.HasHead(), stage.HasAnswered);
        Assert.DoesNotContain(stage.Gateway.Records.Lines, static line => line.Level >= LogLevel.Warning);
    }
}
