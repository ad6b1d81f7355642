using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Forwarding.Attempts;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Routing;

namespace GatewayKit.FunctionalTests.Lifecycle;

/// <summary>What becomes of further attempts when the host stops.</summary>
public sealed class AttemptDrainTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    [Fact]
    public async Task Retry_that_waits_is_made_at_once()
    {
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 8\r\nContent-Length: 0\r\n\r\n");
            await connection.ReadHeadAsync();
            await connection.SendAsync(Ok);
        });
        await using var gateway = await StartAsync(upstream, static cluster => cluster with { Retry = new() });
        using var decisions = new RetryDecisions(gateway.Host);
        var asking = gateway.Client.GetAsync("/further");
        Assert.True(SpinWait.SpinUntil(() => !decisions.IsEmpty, RawConnection.Limit));

        // The gateway's clock stands still: only the drain ends the wait.
        gateway.TellToStop();
        using var answer = await asking;
        Assert.Equal("ok", await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Hedge_is_made_only_while_the_host_goes_on(bool isTold)
    {
        var (first, second, answer) = (new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource());
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            while (await connection.ReadHeadAsync() is { } head)
            {
                if (head.Contains("/slow", StringComparison.Ordinal))
                {
                    (first.Task.IsCompleted ? second : first).TrySetResult();
                    await answer.Task;
                }

                await connection.SendAsync(Ok);
            }
        });
        await using var gateway = await StartAsync(upstream, cluster => cluster with
        {
            Hedging = new() { Delay = TimeSpan.FromMilliseconds(10), MaxPercent = 50 },
            Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = upstream.Address }, ["b"] = new() { Address = new Uri(upstream.Address, "/b") } },
        });

        // A share of what came before may be asked twice.
        for (var i = 0; i < 4; i++)
        {
            await gateway.Client.GetStringAsync("/further");
        }

        var asking = gateway.Client.GetStringAsync("/further/slow");
        await first.Task.WaitAsync(RawConnection.Limit);
        if (isTold)
        {
            gateway.TellToStop();
        }

        // The wait may begin a moment after the request has arrived.
        for (var look = 0; look < (isTold ? 20 : 1_000) && !second.Task.IsCompleted; look++)
        {
            gateway.Time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.WhenAny(second.Task, Task.Delay(10));
        }

        answer.SetResult();
        Assert.Equal("ok", await asking);
        Assert.NotEqual(isTold, second.Task.IsCompleted);
    }

    private static Task<StoppingGateway> StartAsync(RawUpstream upstream, Func<Cluster, Cluster> change) => StoppingGateway.StartAsync(
        upstream.Address,
        delay: TimeSpan.FromMinutes(5),
        add: gateway => gateway
            .AddClusters(change(new() { Id = "further", Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = upstream.Address } } }))
            .AddRoutes(new GatewayRoute { Id = "further", Match = new() { Path = "/further/{**rest}" }, Cluster = "further" }));
}
