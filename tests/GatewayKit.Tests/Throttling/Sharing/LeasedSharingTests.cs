using GatewayKit.Diagnostics;
using GatewayKit.Tests.Clusters.Discovery;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Sharing;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Throttling.Sharing;

public sealed class LeasedSharingTests
{
    private static readonly ThrottlePolicy Policy = new()
    {
        Limit = 60,
        Window = TimeSpan.FromMinutes(1),
        Burst = 50,
        Partition = ThrottlePartition.Header("X-Tenant"),
        Sharing = RateSharing.Leased(10),
    };

    private static readonly ThrottlePolicy Sliding = Policy with { Burst = null, Algorithm = RateAlgorithm.SlidingWindow };

    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new();
    private readonly InMemoryRateStore _store;

    public LeasedSharingTests() => _store = new(_time);

    [Fact]
    public async Task Requests_are_served_from_a_batch_without_asking()
    {
        await using var instance = Create(Sliding);
        Assert.True(instance.Take().IsTaken);
        Assert.Equal((1, 10), (_store.Takes, _store.Given));
        Assert.Equal(9, instance.TakeAll(9));
        Assert.Equal(1, _store.Takes);
        Assert.True(instance.Take().IsTaken);
        Assert.Equal((2, 20), (_store.Takes, _store.Given));
    }

    [Fact]
    public async Task Client_is_told_what_it_has_whoever_holds_it()
    {
        await using var instance = Create(Sliding);
        Assert.Equal(59, instance.Take().Remaining);
        Assert.Equal(58, instance.Take().Remaining);
        Assert.Equal(57, instance.Take().Remaining);
    }

    [Fact]
    public async Task Store_that_is_nearly_full_is_asked_for_no_more_than_is_needed()
    {
        await using var instance = Create(Policy, instances: 2);
        Assert.Equal(11, instance.TakeAll(11));
        Assert.Equal((11, 11), (_store.Takes, _store.Given));
        Assert.Equal(10, instance.TakeAll(10));
        Assert.Equal((12, 21), (_store.Takes, _store.Given));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Instances_admit_together_no_more_than_one_may(bool isSliding)
    {
        var policy = isSliding ? Sliding : Policy;
        await using var one = Create(policy, instances: 2);
        await using var other = Create(policy, instances: 2);
        var admitted = 0;
        for (var i = 0; i < 200; i++)
        {
            admitted += (i % 3 == 0 ? one : other).Take().IsTaken ? 1 : 0;
        }

        Assert.Equal(policy.Rule.Burst, admitted);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Lease_that_is_void_is_not_served_from(bool isSliding)
    {
        await using var one = Create(isSliding ? Sliding : Policy, instances: 2);
        await using var other = Create(isSliding ? Sliding : Policy, instances: 2);
        var all = isSliding ? Sliding.Rule.Burst : Policy.Rule.Burst;
        Assert.Equal(all - 5, one.TakeAll(all - 5));
        _time.Advance(TimeSpan.FromMinutes(2));

        // One may hold something, and it is too old: the store is full.
        Assert.Equal(all, other.TakeAll(2 * all) + one.TakeAll(2 * all));
    }

    [Fact]
    public async Task Requests_that_come_at_once_take_one_batch()
    {
        await using var instance = Create(Sliding);
        var asking = new TaskCompletionSource();
        _store.Delay = asking.Task;
        var all = Enumerable.Range(0, 10).Select(_ => instance.AskAsync().AsTask()).ToArray();
        Assert.Equal(1, _store.Takes);
        asking.SetResult();
        Assert.All(await Task.WhenAll(all), static decision => Assert.True(decision.IsTaken));
        Assert.Equal((1, 10), (_store.Takes, _store.Given));
    }

    [Fact]
    public async Task What_is_left_is_taken_one_by_one()
    {
        await using var one = Create(Sliding);
        await using var other = Create(Sliding);
        Assert.Equal(55, one.TakeAll(55));
        Assert.Equal(0, other.TakeAll(1, "nobody") - 1);
        Assert.Equal(0, _store.Given - 60 - 10);
        Assert.Equal(0, other.TakeAll(5));
        Assert.Equal(5, one.TakeAll(20));
    }

    [Fact]
    public async Task What_is_given_back_goes_on_in_the_lease()
    {
        await using var instance = Create(Sliding);
        instance.Take();
        var decision = instance.Take(cost: 5);
        instance.GiveBack(decision, cost: 5);
        Assert.Equal(9, instance.TakeAll(9));
        Assert.Equal(1, _store.Takes);
    }

    [Fact]
    public async Task What_is_given_back_of_a_lease_that_is_void_is_in_no_other()
    {
        await using var instance = Create(Sliding);
        instance.Take(cost: 5);
        var decision = instance.Take(cost: 5);
        Assert.True(decision.Mark < 0);
        _time.Advance(TimeSpan.FromMinutes(2));
        instance.Take();
        instance.GiveBack(decision, cost: 5);
        Assert.Equal((2, 20), (_store.Takes, _store.Given));
        Assert.Equal(9, instance.TakeAll(9));
        Assert.Equal(2, _store.Takes);
        instance.Take();
        Assert.Equal(3, _store.Takes);
    }

    [Fact]
    public async Task What_is_given_back_of_another_lease_goes_to_the_store()
    {
        await using var instance = Create(Policy);
        Assert.Equal(2, instance.TakeAll(2));
        var decision = instance.Take(cost: 9);
        Assert.True(decision.Mark < 0);
        instance.Take();
        Assert.Equal(21, _store.Given);
        instance.GiveBack(decision, cost: 9);
        Assert.Equal(12, _store.Given);
        var takes = _store.Takes;
        Assert.Equal(9, instance.TakeAll(9));
        Assert.Equal(takes, _store.Takes);
        instance.Take();
        Assert.Equal(takes + 1, _store.Takes);
    }

    [Fact]
    public async Task Lease_never_holds_more_than_a_batch()
    {
        await using var instance = Create(Sliding);
        instance.Take();
        var decision = instance.Take(cost: 9);
        instance.Take();
        instance.GiveBack(decision, cost: 9);
        Assert.Equal((2, 12), (_store.Takes, _store.Given));
        Assert.Equal(10, instance.TakeAll(10));
        Assert.Equal(2, _store.Takes);
    }

    [Fact]
    public async Task What_is_left_of_a_lease_goes_back_when_another_takes_its_place()
    {
        await using var instance = Create(Sliding);
        instance.Take(cost: 7);
        instance.Take(cost: 5);
        Assert.Equal((2, 17), (_store.Takes, _store.Given));
    }

    [Fact]
    public async Task Request_waits_for_the_store_once_whoever_else_it_waits_for()
    {
        await using var instance = Create(Sliding);
        _store.Delay = new TaskCompletionSource().Task;
        var (first, second) = (instance.AskAsync().AsTask(), instance.AskAsync().AsTask());
        _time.Advance(Timeout);
        Assert.True((await first.WaitAsync(Patience)).IsTaken && (await second.WaitAsync(Patience)).IsTaken);
        Assert.Equal(1, _store.Takes);
    }

    [Fact]
    public async Task Request_that_asks_twice_waits_once_and_a_store_that_is_only_slow_is_not_given_up()
    {
        await using var instance = Create(Sliding);
        await using var other = Create(Sliding);
        Assert.Equal(60, other.TakeAll(60));
        for (var i = 0; i < 3; i++)
        {
            var answering = new TaskCompletionSource();
            _store.Delay = answering.Task;
            var (taking, takes) = (instance.AskAsync($"{i}").AsTask(), _store.Takes);
            _time.Advance(0.6 * Timeout);
            _store.Refuses = true;
            _store.Delay = new TaskCompletionSource().Task;
            answering.SetResult();
            await IsSoAsync(() => _store.Takes > takes);
            _store.Refuses = false;
            Assert.False(taking.IsCompleted);
            _time.Advance(0.4 * Timeout);
            await taking.WaitAsync(Patience);
        }

        Assert.True(instance.Link.IsUp);
    }

    [Fact]
    public async Task Leases_serve_while_the_store_is_away_and_then_it_is_as_in_every_mode()
    {
        await using var instance = Create(Sliding with { OnStoreFailure = StoreFailureAction.Deny });
        instance.Take();
        _store.Failure = new TimeoutException();
        Assert.Equal(9, instance.TakeAll(20));
    }

    [Fact]
    public async Task What_came_back_by_itself_of_a_batch_that_was_void_when_it_came_is_not_given_back_too()
    {
        await using var instance = new Instance(_time, _store, Policy, static options => (options.Instances, options.StoreTimeout) = (1, TimeSpan.FromSeconds(10)));
        await using var other = Create(Policy);
        instance.Take();
        var way = new TaskCompletionSource();
        _store.Way = way.Task;
        var taking = instance.AskAsync().AsTask();
        Assert.Equal(11, _store.Given);
        _store.Way = null;
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.True(other.Take(cost: 40).IsTaken);
        way.SetResult();
        Assert.True((await taking).IsTaken);

        // Of eleven that were out six still are.
        Assert.Equal(11 + 40 - 6, _store.Given);
    }

    [Fact]
    public async Task Caller_who_leaves_while_a_batch_is_asked_for_leaves_it_to_the_others()
    {
        await using var instance = Create(Sliding);
        for (var i = 0; i < 8; i++)
        {
            var asking = new TaskCompletionSource();
            _store.Delay = asking.Task;
            using var gone = new CancellationTokenSource();
            var (leaving, staying) = (instance.AskAsync($"{i}", aborted: gone.Token).AsTask(), instance.AskAsync($"{i}").AsTask());
            await gone.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
            Assert.False(staying.IsCompleted);
            _store.Delay = null;
            asking.SetResult();
            Assert.True((await staying.WaitAsync(Patience)).IsTaken);
            Assert.Equal(9, instance.TakeAll(9, $"{i}"));
            Assert.Equal((i + 1, 10 * (i + 1)), (_store.Takes, _store.Given));
        }
    }

    [Fact]
    public async Task Store_is_not_told_that_a_caller_leaves_who_asks_for_a_batch()
    {
        var store = new CancelledStore(_time);
        await using var instance = new Instance(_time, store, Sliding);
        using var gone = new CancellationTokenSource();
        var taking = instance.AskAsync(aborted: gone.Token).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => taking);
        Assert.False(store.Asked.IsCancellationRequested);
    }

    [Fact]
    public async Task End_of_the_host_gives_back_more_leases_than_may_wait()
    {
        var log = new LogLines();
        await using var instance = new Instance(_time, _store, Sliding, log: log);
        const int Keys = RateCommits.MaxKeys + 100;
        for (var i = 0; i < Keys; i++)
        {
            instance.Take($"{i}");
        }

        Assert.Equal(10 * Keys, _store.Given);
        await instance.StopAsync();
        Assert.Equal(Keys, _store.Given);
        Assert.Empty(log.Of(EventIds.RatesUncommitted));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task End_of_the_host_gives_back_what_it_holds(bool isSliding)
    {
        await using var instance = Create(isSliding ? Sliding : Policy);
        Assert.Equal(12, instance.TakeAll(12));
        Assert.True(_store.Given > 12);
        await instance.StopAsync();
        Assert.Equal(12, _store.Given);
        Assert.False(instance.Take().Mark < 0);
    }

    private sealed class CancelledStore(TimeProvider time) : IRateStore
    {
        private readonly InMemoryRateStore _store = new(time) { Delay = new TaskCompletionSource().Task };

        public CancellationToken Asked { get; private set; }

        public ValueTask<RateAnswer> TakeAsync(RateKey key, RateRule rule, long cost, CancellationToken cancellationToken)
        {
            Asked = cancellationToken;
            return _store.TakeAsync(key, rule, cost, cancellationToken);
        }

        public ValueTask<RateAnswer> AddAsync(RateKey key, RateRule rule, long units, CancellationToken cancellationToken) => _store.AddAsync(key, rule, units, cancellationToken);
    }

    private static async Task IsSoAsync(Func<bool> isSo)
    {
        while (!isSo())
        {
            await Task.Yield();
        }
    }

    private Instance Create(ThrottlePolicy policy, int? instances = null) => new(_time, _store, policy, options => options.Instances = instances);
}
