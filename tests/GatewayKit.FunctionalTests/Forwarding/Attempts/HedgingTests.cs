using GatewayKit.Clusters;
using GatewayKit.Clusters.Affinity;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Resilience;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Forwarding.Attempts;

/// <summary>Two destinations of which the first to be asked is slow when a request wishes so.</summary>
public sealed class HedgingTests : IAsyncLifetime
{
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(123);

    private readonly WatchedTime _time = new();
    private readonly TaskCompletionSource _abandoned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _slowSeen, _asked;
    private string? _recorded;
    private TestHost _a = null!, _b = null!;

    public async ValueTask InitializeAsync()
    {
        _a = await Upstream.StartAsync(context => ServeAsync(context, "a"));
        _b = await Upstream.StartAsync(context => ServeAsync(context, "b"));
    }

    public async ValueTask DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    [Fact]
    public async Task Second_destination_answers_for_a_slow_first_one_which_is_cancelled()
    {
        await using var gateway = await StartAsync(new() { Delay = Delay, MaxPercent = 50 });
        await FillShareAsync(gateway);
        Assert.Equal("fast", await SlowFirstAsync(gateway, "GET"));
        await _abandoned.Task.WaitAsync(RawConnection.Limit, TestContext.Current.CancellationToken);
        Assert.All(gateway.App.Services.GetRequiredService<ClusterStates>().InForce["up"].Destinations, static destination => Assert.Equal(0, destination.InFlight));
    }

    [Theory]
    [InlineData(PolicyMode.Shadow, 50, "GET", true)]
    [InlineData(PolicyMode.Off, 50, "GET", false)]
    [InlineData(PolicyMode.Enforce, 0.1, "GET", true)]
    [InlineData(PolicyMode.Enforce, 50, "POST", false)]
    public async Task Nothing_is_hedged_in_shadow_beyond_the_share_or_with_a_body(PolicyMode mode, double percent, string method, bool waits)
    {
        await using var gateway = await StartAsync(new() { Delay = Delay, MaxPercent = percent, Mode = mode });
        await FillShareAsync(gateway);
        var asked = Volatile.Read(ref _asked);
        var sending = SlowFirstAsync(gateway, method, isAwaited: waits, afterDelay: () => _abandoned.TrySetResult());
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref _slowSeen) > 0, RawConnection.Limit));
        if (!waits)
        {
            // Nobody waits for a hedge; if somebody did, it would be due now.
            _time.Advance(TimeSpan.FromSeconds(1));
            _abandoned.TrySetResult();
        }

        Assert.Equal("slow", await sending);
        Assert.Equal(asked + 1, Volatile.Read(ref _asked));
    }

    [Fact]
    public async Task First_answer_counts_when_the_hedge_fails()
    {
        await using var gateway = await StartAsync(new() { Delay = Delay, MaxPercent = 50 });
        await FillShareAsync(gateway);
        var sending = SlowFirstAsync(gateway, "GET", hedgeFails: true);
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref _slowSeen) > 1, RawConnection.Limit));
        _abandoned.TrySetResult();
        Assert.Equal("slow", await sending);
    }

    [Fact]
    public async Task Hedge_that_finds_no_other_destination_leaves_the_first_answer_alone()
    {
        // Bound to the first destination, and to no other.
        await using var gateway = await StartAsync(new() { Delay = Delay, MaxPercent = 50 }, static cluster => cluster with { Affinity = new() { Header = new() { Name = "X-Session" }, OnMissing = MissingDestination.Refuse } });
        using var bound = await gateway.Client.GetAsync("/", TestContext.Current.CancellationToken);
        var token = bound.Headers.GetValues("X-Session").Single();
        await FillShareAsync(gateway);
        using var decisions = new RetryDecisions(gateway, "gatewaykit.hedge.decisions");
        var sending = SlowFirstAsync(gateway, "GET", session: token);
        Assert.True(SpinWait.SpinUntil(() => !decisions.IsEmpty, RawConnection.Limit));
        Assert.Equal("no-destination", decisions.Take());
        _abandoned.TrySetResult();
        Assert.Equal("slow", await sending);
        Assert.Equal(1, Volatile.Read(ref _slowSeen));
    }

    [Fact]
    public async Task Hedge_that_finds_no_other_destination_is_no_attempt()
    {
        await using var gateway = await StartAsync(new() { Delay = Delay, MaxPercent = 50 }, static cluster => cluster with
        {
            Affinity = new() { Header = new() { Name = "X-Session" }, OnMissing = MissingDestination.Refuse },
            Retry = new() { MaxRetries = 1, BaseDelay = TimeSpan.Zero },
        });
        using var bound = await gateway.Client.GetAsync("/", TestContext.Current.CancellationToken);
        await FillShareAsync(gateway);
        using var decisions = new RetryDecisions(gateway, "gatewaykit.hedge.decisions");
        var sending = SlowFirstAsync(gateway, "GET", session: bound.Headers.GetValues("X-Session").Single(), slowFails: true);
        Assert.True(SpinWait.SpinUntil(() => !decisions.IsEmpty, RawConnection.Limit));
        Assert.Equal("no-destination", decisions.Take());
        _abandoned.TrySetResult();

        // The one retry that there is is made.
        Assert.Equal("fast", await sending);
    }

    [Fact]
    public async Task Hedge_is_not_begun_when_its_answer_would_come_too_late()
    {
        await using var gateway = await StartAsync(new() { Delay = Delay, MaxPercent = 50 }, static cluster => cluster with { Timeouts = cluster.Timeouts with { Total = Delay + TimeSpan.FromMilliseconds(40) } });
        await FillShareAsync(gateway);
        using var decisions = new RetryDecisions(gateway, "gatewaykit.hedge.decisions");
        var sending = SlowFirstAsync(gateway, "GET");
        Assert.True(SpinWait.SpinUntil(() => !decisions.IsEmpty, RawConnection.Limit));
        Assert.Equal("too-late", decisions.Take());
        _abandoned.TrySetResult();
        Assert.Equal("slow", await sending);
        Assert.Equal(1, Volatile.Read(ref _slowSeen));
    }

    [Theory]
    [InlineData(false, "b")]
    [InlineData(true, "a")]
    public async Task Records_name_the_destination_that_answered(bool hedgeFails, string expected)
    {
        await using var gateway = await StartAsync(new() { Delay = Delay, MaxPercent = 50 });
        await FillShareAsync(gateway);
        var sending = SlowFirstAsync(gateway, "GET", hedgeFails);
        if (hedgeFails)
        {
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref _slowSeen) > 1, RawConnection.Limit));
            _abandoned.TrySetResult();
        }

        await sending;
        Assert.Equal(expected, _recorded);
    }

    private async Task ServeAsync(HttpContext context, string name)
    {
        Interlocked.Increment(ref _asked);
        if (!context.Request.Headers.ContainsKey("X-Slow"))
        {
            await context.Response.WriteAsync(name);
            return;
        }

        if (Interlocked.Increment(ref _slowSeen) > 1)
        {
            context.Response.StatusCode = context.Request.Headers.ContainsKey("X-Hedge-Fails") ? 503 : 200;
            await context.Response.WriteAsync("fast");
            return;
        }

        using var aborted = context.RequestAborted.Register(() => _abandoned.TrySetResult());
        await _abandoned.Task;
        context.Response.StatusCode = context.Request.Headers.ContainsKey("X-Slow-Fails") ? 503 : 200;
        await context.Response.WriteAsync("slow");
    }

    private Task<TestHost> StartAsync(HedgingPolicy hedging, Func<Cluster, Cluster>? change = null) => Upstream.GatewayToAsync(
        _a.Address,
        cluster => (change ?? (static cluster => cluster))(cluster with
        {
            Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = _a.Address }, ["b"] = new() { Address = _b.Address } },
            LoadBalancing = LoadBalancing.First,
            Hedging = hedging,

            // No other clock than that of the hedge.
            Timeouts = new() { Attempt = Timeout.InfiniteTimeSpan, Total = Timeout.InfiniteTimeSpan, Idle = Timeout.InfiniteTimeSpan },
        }),
        builder => builder.Services.AddSingleton<TimeProvider>(_time).AddDataProtection().UseEphemeralDataProtectionProvider(),
        routes: routes => routes.AddEndpointFilter(async (context, next) =>
        {
            var result = await next(context);
            _recorded = ((GatewayContext)context).DestinationId;
            return result;
        }));

    private async Task FillShareAsync(TestHost gateway)
    {
        for (var i = 0; i < 20; i++)
        {
            await gateway.Client.GetStringAsync("/", TestContext.Current.CancellationToken);
        }

        _time.Forget();
    }

    private async Task<string> SlowFirstAsync(TestHost gateway, string method, bool hedgeFails = false, bool isAwaited = true, string? session = null, bool slowFails = false, Action? afterDelay = null)
    {
        using var request = new HttpRequestMessage(new(method), "/");
        request.Headers.Add("X-Slow", "1");
        if (hedgeFails)
        {
            request.Headers.Add("X-Hedge-Fails", "1");
        }

        if (slowFails)
        {
            request.Headers.Add("X-Slow-Fails", "1");
        }

        if (session is not null)
        {
            request.Headers.Add("X-Session", session);
        }

        if (method is "POST")
        {
            request.Content = new StringContent("hello");
        }

        var sending = gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        if (isAwaited && await Task.WhenAny(_time.PassAsync(Delay), sending) == sending)
        {
            using var early = await sending;
            Assert.Fail($"Nothing waited for a hedge: {early.StatusCode}, {await early.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
        }

        afterDelay?.Invoke();
        using var answer = await sending;
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }
}
