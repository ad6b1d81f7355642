using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Quotas;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using static GatewayKit.FunctionalTests.Throttling.Quotas.QuotaGateway;
using static GatewayKit.FunctionalTests.Throttling.ThrottledGateway;

namespace GatewayKit.FunctionalTests.Throttling.Quotas;
/// <summary>What becomes of quotas when their store is slow, late or broken.</summary>
public sealed class QuotaStoreTests
{
    private static readonly QuotaPolicy Daily = new() { Limit = 3, Window = new CalendarWindow(CalendarUnit.Day), Partition = ThrottlePartition.Route };

    private readonly FakeTimeProvider _time = Clock();

    [Fact]
    public async Task Store_that_fails_or_hangs_is_done_without()
    {
        var store = new BrokenStore();
        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder.Services.AddSingleton<IQuotaStore>(store),
            map: static app => app.MapGet("/a", static () => "own").WithQuota(Daily with { Limit = 6, Window = new LifetimeWindow() }));
        foreach (var fault in (Func<ValueTask<QuotaAnswer>>[])[static () => throw new IOException("down"), static () => ValueTask.FromException<QuotaAnswer>(new IOException("down")), static () => new(new TaskCompletionSource<QuotaAnswer>().Task)])
        {
            store.Answer = fault;
            Assert.Equal(2, await gateway.PassedAsync("/a", requests: 2));
        }

        Assert.Equal(0, await gateway.PassedAsync("/a", requests: 1));
    }

    [Theory]
    [InlineData(StoreFailureAction.Allow, HttpStatusCode.OK)]
    [InlineData(StoreFailureAction.Deny, HttpStatusCode.ServiceUnavailable)]
    public async Task Quota_may_rather_pass_all_or_nobody_than_do_without_its_store(StoreFailureAction action, HttpStatusCode expected)
    {
        await using var gateway = await TestHost.GatewayAsync(
            services: static builder => builder.Services.AddSingleton<IQuotaStore>(new BrokenStore()),
            map: app => app.MapGet("/a", static () => "own").WithThrottling(new() { RequestsPerSecond = 0.001, Burst = 5 }).WithQuota(Daily with { Limit = 1, OnStoreFailure = action }));
        for (var i = 0; i < 5; i++)
        {
            using var answer = await gateway.Client.GetAsync("/a");
            Assert.Equal(expected, answer.StatusCode);
            Assert.Equal(expected is HttpStatusCode.ServiceUnavailable, answer.Headers.Contains("Retry-After"));
            Assert.DoesNotContain("\"day\"", string.Join(',', answer.Headers.GetValues("RateLimit")), StringComparison.Ordinal);
        }

        // What the quota refuses has taken nothing of the throttle.
        using var last = await gateway.Client.GetAsync("/a");
        Assert.Equal(expected is HttpStatusCode.OK ? HttpStatusCode.TooManyRequests : expected, last.StatusCode);
    }

    [Fact]
    public async Task Store_that_learns_its_secret_late_is_done_without_and_then_asked_for_keys_by_it()
    {
        var store = new BrokenStore { Secret = default };
        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder.Services.AddSingleton<IQuotaStore>(store),
            map: static app => app.MapGet("/a", static () => "own").WithQuota(Daily with { Limit = 4, Partition = ThrottlePartition.Header("X-Tenant") }));
        Assert.Equal(1, await gateway.PassedAsync("/a", requests: 1, tenant: "one"));
        store.Secret = new byte[32];
        Assert.Equal(2, await gateway.PassedAsync("/a", requests: 2, tenant: "one"));
        store.Secret = Enumerable.Repeat((byte)1, 32).ToArray();
        Assert.Equal(1, await gateway.PassedAsync("/a", requests: 1, tenant: "one"));
        Assert.Equal(3, store.Asked.Count);
        Assert.Equal(store.Asked[0], store.Asked[1]);
        Assert.NotEqual(store.Asked[1], store.Asked[2]);

        // Whatever the store's secret was, what is counted without it is counted in one place.
        Assert.Equal(0, await gateway.PassedAsync("/a", requests: 1, tenant: "one"));
    }

    [Fact]
    public async Task Client_that_goes_away_while_the_store_is_asked_gets_its_units_back()
    {
        var (store, observed) = (new LateStore(_time), new QuotaWatch());
        await using var gateway = await LateAsync(store, observed, timeout: TimeSpan.FromSeconds(10));
        using var gone = new CancellationTokenSource();
        var asking = gateway.Client.GetAsync("/a", gone.Token);
        await store.Asked.Task;
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await asking);
        await store.GivenUp.Task;
        await IsGivenBackAsync(store, observed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Units_of_an_answer_that_comes_too_late_go_back(bool isGivenUpByTheStore)
    {
        var (store, observed) = (new LateStore(_time) { GivesUp = isGivenUpByTheStore }, new QuotaWatch());
        await using var gateway = await LateAsync(store, observed, timeout: isGivenUpByTheStore ? TimeSpan.FromSeconds(10) : TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, await gateway.PassedAsync("/a", requests: 1));
        await IsGivenBackAsync(store, observed);
    }

    // Of a quota of one: what was crossed was told, and the unit is there again.
    private static async Task IsGivenBackAsync(LateStore store, QuotaWatch observed)
    {
        Assert.DoesNotContain(0, store.Settled);
        observed.Seen.Clear();
        store.MayAnswer.SetResult();
        await EventuallyAsync(() => Task.FromResult(store.Settled.Contains(0)));
        Assert.Single(observed.Seen, static seen => seen.Threshold is QuotaThresholds.Limit);
        Assert.Equal(0, store.Used);
    }

    private static Task<TestHost> LateAsync(LateStore store, QuotaWatch observed, TimeSpan timeout) => TestHost.GatewayAsync(
        services: builder => builder.Services.AddSingleton<IQuotaStore>(store).AddSingleton<IQuotaObserver>(observed).Configure<QuotaOptions>(options => options.StoreTimeout = timeout),
        map: static app => app.MapGet("/a", static () => "own").WithQuota(Daily with { Limit = 1 }));

    /// <summary>A store in memory that takes at once, and says so when it may.</summary>
    private sealed class LateStore(TimeProvider time) : IQuotaStore
    {
        private readonly InMemoryQuotaStore _inner = new(time, Options.Create(new QuotaOptions()));
        private long _used;

        public bool GivesUp { get; init; }

        public TaskCompletionSource Asked { get; } = new();

        public TaskCompletionSource GivenUp { get; } = new();

        public TaskCompletionSource MayAnswer { get; } = new();

        public ConcurrentQueue<long> Settled { get; } = [];

        public long Used => Volatile.Read(ref _used);

        public ReadOnlyMemory<byte> Secret => _inner.Secret;

        public async ValueTask<QuotaAnswer> ReserveAsync(QuotaKey key, QuotaRule rule, long cost, TimeSpan settleWithin, CancellationToken cancellationToken)
        {
            await using var gone = cancellationToken.Register(GivenUp.SetResult);
            var answer = AnswerAsync();
            Asked.SetResult();
            return GivesUp ? throw new QuotaStoreLateException("too slow", answer) : await answer;

            async Task<QuotaAnswer> AnswerAsync()
            {
                var taken = await _inner.ReserveAsync(key, rule, cost, settleWithin, CancellationToken.None);
                await MayAnswer.Task;
                return taken;
            }
        }

        public async ValueTask<QuotaAnswer> SettleAsync(QuotaReservation reservation, QuotaRule rule, long cost, CancellationToken cancellationToken)
        {
            var answer = await _inner.SettleAsync(reservation, rule, cost, cancellationToken);
            Volatile.Write(ref _used, answer.Used);
            Settled.Enqueue(cost);
            return answer;
        }
    }

    private sealed class BrokenStore : IQuotaStore
    {
        public Func<ValueTask<QuotaAnswer>> Answer { get; set; } = static () => throw new InvalidOperationException();

        public ReadOnlyMemory<byte> Secret { get; set; } = new byte[32];

        public List<QuotaKey> Asked { get; } = [];

        public ValueTask<QuotaAnswer> ReserveAsync(QuotaKey key, QuotaRule rule, long cost, TimeSpan settleWithin, CancellationToken cancellationToken)
        {
            Asked.Add(key);
            return Answer();
        }

        public ValueTask<QuotaAnswer> SettleAsync(QuotaReservation reservation, QuotaRule rule, long cost, CancellationToken cancellationToken) => Answer();
    }
}
