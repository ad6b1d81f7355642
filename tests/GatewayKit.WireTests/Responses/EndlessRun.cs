using GatewayKit.Clusters;
using GatewayKit.Forwarding;
using GatewayKit.WireTests.Upstreams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.WireTests.Responses;

/// <summary>One request to a destination whose answer does not end before the gateway ends it.</summary>
internal sealed class EndlessRun : IAsyncDisposable
{
    // Ten times what any clock allows.
    private const int MostDrops = 60;

    private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<long> _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WatchedConnections _connections = new();
    private readonly ScriptedUpstream _upstream;
    private RecordingGateway _gateway = null!;

    private EndlessRun(string begun, string start, string again, FakeTimeProvider? time) => _upstream = ScriptedUpstream.Start(async connection =>
    {
        if ((await connection.ReadRequestAsync()).Target == "/canary")
        {
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ncanary");
            return;
        }

        var end = await _connections.GetAsync(connection.GatewayPort);
        try
        {
            await connection.SendAsync(begun);
            await _goOn.Task.WaitAsync(ScriptedUpstream.Limit);
            await connection.SendAsync(start);
            await (time is null ? PourAsync(connection, again) : DripAsync(connection, end, begun.Length + start.Length, again, time));
        }
        catch (IOException)
        {
            // The gateway has closed the connection, which is what should end this.
        }

        _stopped.SetResult(end.BytesRead);
    });

    public AnswerReader Client { get; private set; } = null!;

    /// <param name="begun">What is sent at once.</param>
    /// <param name="start">What is sent after the word to go on.</param>
    /// <param name="again">What comes after it until the gateway closes.</param>
    /// <param name="http">The limits of the cluster.</param>
    /// <param name="time">If given, ten seconds pass after each piece that the gateway has read; otherwise all comes as fast as it is taken.</param>
    public static async Task<EndlessRun> StartAsync(string begun, string start, string again, ClusterHttp http, FakeTimeProvider? time = null)
    {
        var run = new EndlessRun(begun, start, again, time);
        run._gateway = await RecordingGateway.StartAsync(run._upstream.Address, gateway: gateway =>
        {
            run._connections.Watch(gateway, "up", http);
            if (time is not null)
            {
                gateway.Services.AddSingleton<TimeProvider>(time);
            }
        });
        run.Client = await AnswerReader.ConnectAsync(run._gateway.Address);
        await run.Client.SendAsync("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
        return run;
    }

    public void GoOn() => _goOn.SetResult();

    /// <summary>How many bytes the gateway had read of the connection when it closed it.</summary>
    public Task<long> ReadWhenStoppedAsync() => _stopped.Task.WaitAsync(ScriptedUpstream.Limit);

    /// <summary>What is recorded of the request, after which nothing is in flight and the next request is served.</summary>
    public async Task<ForwardOutcome> OutcomeAsync()
    {
        var ended = await _gateway.Records.NextAsync();
        _gateway.MustBecomeQuiet();
        using var other = await AnswerReader.ConnectAsync(_gateway.Address);
        Assert.Equal("canary", (await other.GetAsync("/canary")).Body);
        return ended.Outcome!.Value;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _gateway.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    private static async Task PourAsync(UpstreamConnection connection, string again)
    {
        var block = string.Concat(Enumerable.Repeat(again, 1 + (4_096 / again.Length)));
        while (true)
        {
            await connection.SendAsync(block);
        }
    }

    private static async Task DripAsync(UpstreamConnection connection, WatchedStream end, long sent, string again, FakeTimeProvider time)
    {
        for (var i = 0; i < MostDrops; i++)
        {
            await connection.SendAsync(again);
            sent += again.Length;
            if (!await end.HasReadAsync(sent))
            {
                return;
            }

            time.Advance(TimeSpan.FromSeconds(10));
        }

        Assert.Fail("The gateway reads on for ever.");
    }
}
