using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Rollout;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Rollout;

/// <summary>Mirrors that are no good, and requests that must not notice.</summary>
public sealed class SickMirrorTests
{
    private const string Requests = "gatewaykit.mirror.requests";

    private static readonly MirrorPolicy All = new() { Cluster = "mirror", Percent = 100 };

    public static TheoryData<string> Sicknesses() => ["hangs", "resets", "fails", "drips", "cuts"];

    // A mirror that ends by itself has all the time of the world: what comes of it must not depend on that of the machine.
    [Theory]
    [MemberData(nameof(Sicknesses))]
    public async Task Answers_are_the_same_whatever_the_mirror_does(string sickness)
    {
        await using var gateway = await MirrorGateway.StartAsync(
            All with { Timeout = sickness is "hangs" or "drips" ? TimeSpan.FromMilliseconds(200) : TimeSpan.FromMinutes(1), Compare = new() },
            main: static context => context.Response.WriteAsync($"main {context.Request.Query["i"]}"),
            mirror: context => FallSickAsync(context, sickness));
        var differences = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, 300), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, cancellationToken) =>
        {
            if (await gateway.Client.GetStringAsync($"/?i={i}", cancellationToken) != $"main {i}")
            {
                Interlocked.Increment(ref differences);
            }
        });

        Assert.Equal(0, differences);
        Assert.All(gateway.Gateway.App.Services.GetRequiredService<GatewayClusters>().Get("main").Destinations, static destination => Assert.Equal(0, destination.InFlight));
        var outcomes = await gateway.Metrics.NextAsync(Requests, 300);
        Assert.All(outcomes, outcome => Assert.Contains(outcome, Expected(sickness)));
    }

    [Fact]
    public async Task No_more_copies_are_on_their_way_than_allowed_and_the_others_are_dropped_and_counted()
    {
        var (now, most) = (0, 0);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var gateway = await MirrorGateway.StartAsync(
            All with { MaxInFlight = 5, Timeout = TimeSpan.FromMinutes(1) },
            mirror: async context =>
            {
                var count = Interlocked.Increment(ref now);
                InterlockedMax(ref most, count);
                await release.Task;
                Interlocked.Decrement(ref now);
                await context.Response.WriteAsync("mirror");
            });
        for (var i = 0; i < 40; i++)
        {
            Assert.Equal("main", await gateway.Client.GetStringAsync("/"));
        }

        Assert.Equal(35, gateway.Metrics.Sum($"{Requests} skipped in-flight"));
        for (var i = 0; i < 5; i++)
        {
            await gateway.NextCopyAsync();
        }

        Assert.False(gateway.HasCopy);
        release.SetResult();
        Assert.Equal(5, (await gateway.Metrics.NextAsync(Requests, 40)).Count(static outcome => outcome == "answered"));
        Assert.Equal(5, most);
    }

    [Fact]
    public async Task Client_that_goes_away_takes_neither_the_place_of_its_copy_nor_the_copy()
    {
        var hanging = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var gateway = await MirrorGateway.StartAsync(
            All with { Compare = new() },
            main: context => context.Request.Path.Value!.EndsWith("hang", StringComparison.Ordinal) ? hanging.Task.WaitAsync(context.RequestAborted) : context.Response.WriteAsync("mirror"));
        using (var connection = await RawConnection.ConnectAsync(gateway.Gateway.Address))
        {
            await connection.SendAsync("GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
            await gateway.NextCopyAsync();
            connection.Reset();
        }

        Assert.Equal("answered", await gateway.Metrics.NextAsync(Requests));
        Assert.Equal("not-compared client-aborted", await gateway.Metrics.NextAsync("gatewaykit.mirror.comparisons"));
        Assert.Equal("mirror", await gateway.Client.GetStringAsync("/"));
        Assert.StartsWith("equal", await gateway.Metrics.NextAsync("gatewaykit.mirror.comparisons"), StringComparison.Ordinal);
        await EmptyAsync(gateway);
    }

    [Fact]
    public async Task Request_that_is_refused_before_it_is_sent_has_no_copy_and_leaves_its_place()
    {
        await using var gateway = await MirrorGateway.StartAsync(All);
        using var connection = await RawConnection.ConnectAsync(gateway.Gateway.Address);
        await connection.SendAsync("GET /%2e%2e%2f%2e/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 400", await connection.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.Equal("skipped not-sent", await gateway.Metrics.NextAsync(Requests));
        await EmptyAsync(gateway);
    }

    private static string[] Expected(string sickness) => sickness switch
    {
        "hangs" or "drips" => ["timed-out", "skipped in-flight", "skipped circuit-open"],
        "fails" => ["answered", "skipped in-flight"],
        _ => ["failed", "skipped in-flight", "skipped circuit-open"],
    };

    private static async Task FallSickAsync(HttpContext context, string sickness)
    {
        switch (sickness)
        {
            case "hangs":
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                break;
            case "resets":
                context.Abort();
                break;
            case "fails":
                context.Response.StatusCode = StatusCodes.Status500InternalServerError;
                break;
            case "drips":
                while (!context.RequestAborted.IsCancellationRequested)
                {
                    await context.Response.WriteAsync("x");
                    await context.Response.Body.FlushAsync();
                    await Task.Delay(20, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }

                break;
            default:
                context.Response.ContentLength = 1_000;
                await context.Response.WriteAsync("x");
                await context.Response.Body.FlushAsync();
                context.Abort();
                break;
        }
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int known;
        while ((known = Volatile.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, known) != known)
        {
        }
    }

    // Each place is taken and left.
    private static async Task EmptyAsync(MirrorGateway gateway)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (gateway.Metrics.Sum("gatewaykit.mirror.active") != 0)
        {
            limit.Token.ThrowIfCancellationRequested();
            await gateway.Metrics.NextAsync("gatewaykit.mirror.active");
        }
    }
}
