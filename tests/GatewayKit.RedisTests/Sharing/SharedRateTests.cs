using System.Net;
using GatewayKit.RedisTests.Hosting;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Sharing;

namespace GatewayKit.RedisTests.Sharing;

/// <summary>Two processes with one throttle of 100 an hour, and one Redis.</summary>
public sealed class SharedRateTests : IAsyncLifetime
{
    private const int Limit = 100;
    private const int Kills = 3;

    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Usual = TimeSpan.FromMilliseconds(50);

    private readonly RedisServer _server = new();

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("Synchronous")]
    [InlineData("Leased:5")]
    public async Task Processes_admit_together_exactly_what_one_may(string sharing)
    {
        await using var one = await GatewayChild.StartAsync(_server.ConnectionString, sharing, LongEnough);
        await using var other = await GatewayChild.StartAsync(_server.ConnectionString, sharing, LongEnough);
        var admitted = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => AskAsync(i % 2 == 0 ? one : other, requests: 40)));

        // Another unit comes in 36 seconds.
        Assert.InRange(admitted.Sum(), Limit, Limit + 1);
    }

    [Fact]
    public async Task Leases_of_a_process_that_ends_are_there_for_the_others()
    {
        await using var one = await GatewayChild.StartAsync(_server.ConnectionString, "Leased:20", LongEnough);
        int admitted;
        await using (var other = await GatewayChild.StartAsync(_server.ConnectionString, "Leased:20", LongEnough))
        {
            // From the 41st on it holds a batch, of which it uses a few.
            admitted = await AskAsync(other, requests: 45);
        }

        admitted += await AskAsync(one, requests: 80);
        Assert.InRange(admitted, Limit, Limit + 1);
    }

    [Fact]
    public async Task Asynchronous_processes_stay_within_the_formula()
    {
        var interval = TimeSpan.FromMilliseconds(200);
        await using var one = await GatewayChild.StartAsync(_server.ConnectionString, $"Asynchronous:{interval:c}", LongEnough);
        await using var other = await GatewayChild.StartAsync(_server.ConnectionString, $"Asynchronous:{interval:c}", LongEnough);
        var admitted = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => AskAsync(i % 2 == 0 ? one : other, requests: 100)));
        var slack = new SharingSlack(new(RateAlgorithm.TokenBucket, Limit, TimeSpan.FromHours(1), Limit), interval);
        Assert.InRange(admitted.Sum(), Limit, Limit + 1 + (int)slack.Worst(instances: 2, peakPerSecond: double.PositiveInfinity));

        // In the end both have heard of it.
        foreach (var instance in (GatewayChild[])[one, other])
        {
            await Eventually.IsSoAsync(async () => await AskAsync(instance, requests: 1) == 0);
        }
    }

    [Theory]
    [InlineData("Synchronous")]
    [InlineData("Asynchronous:00:00:00.1")]
    [InlineData("Leased:5")]
    public async Task Server_that_is_killed_three_times_fails_no_request_and_gives_a_burst_each_time_at_most(string sharing)
    {
        await using var one = await GatewayChild.StartAsync(_server.ConnectionString, sharing, Usual);
        await using var other = await GatewayChild.StartAsync(_server.ConnectionString, sharing, Usual);
        using var done = new CancellationTokenSource();
        var loads = Enumerable.Range(0, 4).Select(i => LoadAsync(i % 2 == 0 ? one : other, done.Token)).ToArray();
        for (var kill = 0; kill < Kills; kill++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(300), TestContext.Current.CancellationToken);
            await _server.KillAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(300), TestContext.Current.CancellationToken);
            await _server.RestartAsync();
        }

        await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        await done.CancelAsync();
        var admitted = (await Task.WhenAll(loads)).Sum();

        // A server that comes back empty knows of nobody: that is a burst each time, and the worst case of asynchronous instances comes with each of them. What is decided without the server is within what
        // was known of it, and told later; it may count twice, so that less than a burst passes.
        var each = sharing.StartsWith('A') ? 2 * Limit : Limit;
        Assert.InRange(admitted, Limit / 2, (Kills + 1) * each);
    }

    private static async Task<int> LoadAsync(GatewayChild gateway, CancellationToken done)
    {
        var admitted = 0;
        while (!done.IsCancellationRequested)
        {
            admitted += await AskAsync(gateway, requests: 10);
        }

        return admitted;
    }

    private static async Task<int> AskAsync(GatewayChild gateway, int requests)
    {
        var admitted = 0;
        for (var i = 0; i < requests; i++)
        {
            using var answer = await gateway.Client.GetAsync("/");
            Assert.Contains(answer.StatusCode, (HttpStatusCode[])[HttpStatusCode.NoContent, HttpStatusCode.TooManyRequests]);
            admitted += answer.IsSuccessStatusCode ? 1 : 0;
        }

        return admitted;
    }
}
