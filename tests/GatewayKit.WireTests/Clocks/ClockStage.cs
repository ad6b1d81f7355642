using GatewayKit.Clusters;
using GatewayKit.WireTests.Aborts;
using GatewayKit.WireTests.Responses;
using GatewayKit.WireTests.Upstreams;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.WireTests.Clocks;

/// <summary>An exchange that stands still in one phase, on a clock that the test moves.</summary>
internal sealed class ClockStage : IAsyncDisposable
{
    private readonly ClockPhase _phase;
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _finish = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ScriptedUpstream _upstream;
    private UpstreamConnection? _connection;

    private ClockStage(ClockPhase phase)
    {
        _phase = phase;
        _upstream = ScriptedUpstream.Start(RunAsync);
    }

    public RecordingGateway Gateway { get; private set; } = null!;

    public AnswerReader Client { get; private set; } = null!;

    public static async Task<ClockStage> SetAsync(ClockPhase phase, ClusterTimeouts timeouts, TimeProvider time)
    {
        var stage = new ClockStage(phase);
        stage.Gateway = await RecordingGateway.StartAsync(
            stage._upstream.Address,
            cluster => cluster with { Timeouts = timeouts },
            gateway =>
            {
                gateway.Services.AddSingleton(time);
                stage.Stall(gateway);
            });
        stage.Client = await AnswerReader.ConnectAsync(stage.Gateway.Address);
        await stage.Client.SendAsync(phase switch
        {
            ClockPhase.Upload => "POST /clocked HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nfirst",
            ClockPhase.UploadNotTaken => $"POST /clocked HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n{new string('x', 100_000)}",
            _ => "GET /clocked HTTP/1.1\r\nHost: a\r\n\r\n",
        });
        await stage.ReachAsync();
        return stage;
    }

    /// <summary>The record of the exchange.</summary>
    public async Task<RecordingGateway.Ended> RecordAsync()
    {
        RecordingGateway.Ended record;
        do
        {
            record = await Gateway.Records.NextAsync();
        }
        while (record.Path != "/clocked");
        return record;
    }

    /// <summary>Sends an interim answer, and goes on when the gateway has had it.</summary>
    public async Task SendInterimAsync()
    {
        await _connection!.SendAsync("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
        await GiveTurnsAsync();
    }

    /// <summary>Sends what is owed.</summary>
    public async Task FinishAsync()
    {
        if (_phase is ClockPhase.Upload)
        {
            await Client.SendAsync("other");
        }

        _finish.SetResult();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Gateway.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    private async Task ReachAsync()
    {
        switch (_phase)
        {
            case ClockPhase.BeforeBody:
                Assert.NotNull(await Client.ReadHeadAsync());
                break;
            case ClockPhase.Body:
                await Client.ReadThroughAsync("half");
                break;
            default:
                await _reached.Task.WaitAsync(ScriptedUpstream.Limit);
                break;
        }

        if (_phase is not ClockPhase.UploadNotTaken)
        {
            await GiveTurnsAsync();
        }
    }

    // The other side has a byte before the gateway is back at waiting for the next: other requests give it the turns it needs.
    private async Task GiveTurnsAsync()
    {
        using var other = await AnswerReader.ConnectAsync(Gateway.Address);
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(200, (await other.GetAsync("/other")).Status);
        }
    }

    private async Task RunAsync(UpstreamConnection connection)
    {
        var head = _phase is ClockPhase.UploadNotTaken ? string.Empty : await connection.ReadHeadAsync();
        while (head.StartsWith("GET /other", StringComparison.Ordinal))
        {
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            head = await connection.ReadHeadAsync();
        }

        _connection = connection;
        switch (_phase)
        {
            case ClockPhase.Upload:
                await connection.TakeThroughAsync("first");
                break;
            case ClockPhase.BeforeBody:
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n");
                break;
            case ClockPhase.Body:
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
                break;
        }

        if (_phase is ClockPhase.UploadNotTaken)
        {
            await connection.ReadToEndAsync();
            return;
        }

        _reached.TrySetResult();
        var end = connection.ReadToEndAsync();
        if (await Task.WhenAny(end, _finish.Task) == _finish.Task)
        {
            await connection.SendAsync(_phase is ClockPhase.Body ? "half" : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }

        await end;
    }

    private void Stall(GatewayBuilder gateway)
    {
        if (_phase is ClockPhase.UploadNotTaken)
        {
            gateway.UseUpstreamHandler("up", () => StalledStream.CreateHandler(_reached));
        }
    }
}
