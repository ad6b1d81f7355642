using GatewayKit.Diagnostics;
using GatewayKit.Tests.Clusters.Discovery;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Sharing;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Throttling.Sharing;

public sealed class AsynchronousSharingTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private static readonly ThrottlePolicy Policy = new()
    {
        Limit = 60,
        Window = TimeSpan.FromHours(1),
        Burst = 12,
        Partition = ThrottlePartition.Header("X-Tenant"),
        Sharing = RateSharing.Asynchronous(),
    };

    private readonly FakeTimeProvider _time = new();
    private readonly InMemoryRateStore _store;

    public AsynchronousSharingTests() => _store = new(_time);

    public static TheoryData<ThrottlePolicy> Rates => [Policy, Policy with { Burst = null, Limit = 12, Algorithm = RateAlgorithm.SlidingWindow }];

    [Theory]
    [MemberData(nameof(Rates))]
    public async Task Instances_hear_of_each_other_after_an_interval(ThrottlePolicy policy)
    {
        await using var one = Create(policy);
        await using var other = Create(policy);
        one.Take();
        other.Take();
        _time.Advance(Soon);
        Assert.Equal(4, one.TakeAll(4));
        Assert.Equal(4, other.TakeAll(4));
        Assert.Equal(2, _store.Adds);
        _time.Advance(Interval);
        Assert.Equal((4, 10), (_store.Adds, _store.Given));

        // The last to tell has heard of both; the first one when it tells again.
        Assert.True(one.Take().IsTaken && other.Take().IsTaken);
        _time.Advance(Interval);
        Assert.InRange(one.TakeAll(20) + other.TakeAll(20), 0, 1);
        _time.Advance(Interval);
        Assert.Equal(0, one.TakeAll(20) + other.TakeAll(20));
    }

    [Fact]
    public async Task Instance_that_had_nothing_to_tell_for_an_interval_hears_at_once_what_the_others_have_done()
    {
        await using var one = Create(Policy);
        await using var other = Create(Policy);
        one.Take();
        _time.Advance(Soon);
        Assert.Equal(11, other.TakeAll(11));
        _time.Advance(2 * Interval);
        Assert.True(one.Take().IsTaken);
        _time.Advance(Soon);
        Assert.False(one.Take().IsTaken);
    }

    [Fact]
    public async Task Key_is_told_once_for_each_interval_whatever_happened_to_it()
    {
        await using var instance = Create(Policy);
        instance.Take();
        instance.Take("bob");
        _time.Advance(Soon);
        Assert.Equal((2, 2), (_store.Adds, _store.Given));
        instance.TakeAll(9);
        instance.TakeAll(3, "bob");
        Assert.Equal(2, instance.Commits.Count);
        _time.Advance(Interval);
        Assert.Equal((4, 14), (_store.Adds, _store.Given));
        _time.Advance(10 * Interval);
        Assert.Equal(4, _store.Adds);
    }

    [Fact]
    public async Task What_is_given_back_is_not_told()
    {
        await using var instance = Create(Policy);
        var decision = instance.Take(cost: 5);
        instance.GiveBack(decision, cost: 5);
        _time.Advance(Interval);
        Assert.Equal(0, _store.Given);
        Assert.True(instance.Take(cost: 12).IsTaken);
    }

    [Fact]
    public async Task What_came_while_the_store_was_told_is_neither_lost_nor_told_twice()
    {
        await using var instance = Create(Policy);
        instance.TakeAll(3);
        var telling = new TaskCompletionSource();
        _store.Delay = telling.Task;
        _time.Advance(Soon);
        Assert.Equal(1, _store.Adds);
        Assert.Equal(4, instance.TakeAll(4));
        telling.SetResult();
        _store.Delay = null;
        await IsSoAsync(() => _store.Given == 3);
        Assert.Equal(5, instance.TakeAll(20));
        await IsSoAsync(() =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            return _store.Given >= 12;
        });
    }

    [Fact]
    public async Task Store_that_fails_is_told_when_it_is_back()
    {
        await using var instance = Create(Policy);
        _store.Failure = new TimeoutException();
        instance.TakeAll(5);
        _time.Advance(Interval);
        _time.Advance(Interval);
        Assert.Equal(0, _store.Given);
        _store.Failure = null;
        await IsSoAsync(() =>
        {
            _time.Advance(Interval);
            return _store.Given > 0;
        });
        Assert.Equal(5, _store.Given);
    }

    [Fact]
    public async Task Debt_that_was_counted_is_not_told_again()
    {
        await using var instance = Create(Policy with { Limit = 3_600 });
        instance.Settle(instance.Take(cost: 12), actual: 24, cost: 12);

        // Of two bursts one has come back after 12 seconds, whoever asks for it meanwhile.
        Assert.InRange(SecondsUntilAdmitted(instance), 13, 14);
        Assert.Equal(25, _store.Given);
    }

    [Fact]
    public async Task Debt_for_which_there_is_no_room_is_told_once_there_is()
    {
        await using var one = Create(Policy with { Limit = 3_600 });
        await using var other = Create(Policy with { Limit = 3_600 });
        foreach (var instance in (Instance[])[one, other])
        {
            instance.Settle(instance.Take(cost: 12), actual: 24, cost: 12);
        }

        _time.Advance(Soon);
        Assert.Equal(24, _store.Given);

        // Four bursts are out, of which one may be.
        Assert.InRange(SecondsUntilAdmitted(one, other), 36, 38);
        Assert.InRange(_store.Given, 49, 50);
    }

    [Fact]
    public async Task What_is_used_beyond_all_measure_is_owed_as_two_bursts()
    {
        await using var instance = Create(Policy with { Limit = 3_600 });
        instance.Settle(instance.Take(), actual: long.MaxValue);
        Assert.InRange(SecondsUntilAdmitted(instance), 12, 14);
    }

    [Theory]
    [InlineData(StoreFailureAction.Allow, 20)]
    [InlineData(StoreFailureAction.Deny, 0)]
    [InlineData(StoreFailureAction.FallBackToLocal, 6)]
    public async Task Store_that_is_known_to_be_away_matters_as_it_was_asked_for(StoreFailureAction action, int admitted)
    {
        await using var instance = new Instance(_time, _store, Policy with { OnStoreFailure = action }, static options => options.Instances = 2);
        _store.Failure = new TimeoutException();
        foreach (var tenant in (string[])["x", "y", "z"])
        {
            instance.Take(tenant);
        }

        _time.Advance(Interval);
        Assert.False(instance.Link.IsUp);
        Assert.Equal(admitted, instance.TakeAll(20));
    }

    [Theory]
    [InlineData(StoreFailureAction.Allow)]
    [InlineData(StoreFailureAction.Deny)]
    [InlineData(StoreFailureAction.FallBackToLocal)]
    public async Task Store_that_is_away_is_tried_also_where_there_is_nothing_to_tell_it(StoreFailureAction action)
    {
        await using var instance = Create(Policy with { OnStoreFailure = action });
        _store.Failure = new TimeoutException();
        for (var i = 0; i < 3; i++)
        {
            await instance.Link.TakeAsync(new(1, 2, 3), Policy.Rule, cost: 0, default);
        }

        Assert.Equal((false, 0), (instance.Link.IsUp, instance.Commits.Count));
        _store.Failure = null;
        _time.Advance(Interval);
        instance.Take();
        Assert.True(SpinWait.SpinUntil(() => instance.Link.IsUp, TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task What_keys_without_room_have_taken_goes_back_to_what_they_share()
    {
        await using var instance = new Instance(_time, _store, Policy with { Limit = 3_600 }, static options => options.MaxKeys = 64);
        var (tenant, _) = Overflow("a");
        var decision = instance.Take(tenant, cost: 11);
        Assert.True(decision is { IsTaken: true, IsOverflow: true });

        // The others are full again, and there is room.
        _time.Advance(Soon);
        _time.Advance(TimeSpan.FromSeconds(2));
        instance.Settle(decision, actual: 0, tenant, cost: 11);
        var (other, one) = Overflow("b");
        Assert.True(one.IsTaken);
        Assert.True(instance.Take(other, cost: 9) is { IsTaken: true, IsOverflow: true });

        (string Tenant, RateDecision Decision) Overflow(string prefix) =>
            Enumerable.Range(0, 2_000).Select(i => ($"{prefix}{i}", instance.Take($"{prefix}{i}"))).First(static one => one.Item2.IsOverflow);
    }

    [Theory]
    [MemberData(nameof(Rates))]
    public async Task What_has_come_back_by_itself_before_the_store_is_back_is_no_debt_there(ThrottlePolicy policy)
    {
        await using var instance = Create(policy);
        instance.TakeAll(12);
        _store.Failure = new TimeoutException();
        _time.Advance(Soon);
        _time.Advance(3 * policy.Rule.Window);
        Assert.Equal(0, _store.Given);
        _store.Failure = null;
        await IsSoAsync(() =>
        {
            _time.Advance(Interval);
            return instance.Commits.Count == 0;
        });
        Assert.InRange(_store.Given, 0, 1);
    }

    [Fact]
    public async Task No_more_keys_wait_than_there_is_room_for_and_they_are_told_later()
    {
        await using var instance = Create(Policy);
        for (var i = 0; i < RateCommits.MaxKeys + 100; i++)
        {
            instance.Take($"{i}");
        }

        Assert.Equal(RateCommits.MaxKeys, instance.Commits.Count);
        _time.Advance(Soon);
        Assert.Equal(RateCommits.MaxKeys, _store.Given);
        instance.Take($"{RateCommits.MaxKeys}");
        _time.Advance(Soon);
        Assert.Equal(RateCommits.MaxKeys + 2, _store.Given);
    }

    [Fact]
    public async Task End_of_the_host_tells_the_rest()
    {
        await using var instance = Create(Policy);
        instance.TakeAll(5);
        await instance.StopAsync();
        Assert.Equal(5, _store.Given);
    }

    [Fact]
    public async Task End_of_the_host_waits_for_what_is_being_told()
    {
        var log = new LogLines();
        await using var instance = new Instance(_time, _store, Policy, log: log);
        instance.TakeAll(5);
        var telling = new TaskCompletionSource();
        _store.Delay = telling.Task;
        _time.Advance(Soon);
        Assert.Equal((1, 0), (_store.Adds, instance.Commits.Count));
        var stopping = instance.StopAsync();
        Assert.False(stopping.IsCompleted);
        telling.SetResult();
        await stopping;
        Assert.Equal(5, _store.Given);

        // Nobody waits any more: that is no want of room.
        instance.Take("late");
        Assert.Empty(log.Of(EventIds.RatesUncommitted));
    }

    [Fact]
    public async Task End_of_the_host_does_not_wait_for_a_store_that_hangs()
    {
        await using var instance = Create(Policy);
        instance.TakeAll(5);
        _store.Delay = new TaskCompletionSource().Task;
        var stopping = instance.StopAsync();
        Assert.False(stopping.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(2));
        await stopping;
    }

    private Instance Create(ThrottlePolicy policy) => new(_time, _store, policy);

    private double SecondsUntilAdmitted(params Instance[] instances)
    {
        var before = _time.GetUtcNow();
        do
        {
            _time.Advance(TimeSpan.FromMilliseconds(250));
        }
        while (instances.Select(static instance => instance.Take().IsTaken).ToArray().All(static isTaken => !isTaken) && _time.GetUtcNow() - before < TimeSpan.FromMinutes(5));
        var seconds = (_time.GetUtcNow() - before).TotalSeconds;
        _time.Advance(Interval);
        return seconds;
    }

    private static async Task IsSoAsync(Func<bool> isSo)
    {
        while (!isSo())
        {
            await Task.Yield();
        }
    }
}
