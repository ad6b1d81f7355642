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

    private static async Task IsSoAsync(Func<bool> isSo)
    {
        while (!isSo())
        {
            await Task.Yield();
        }
    }
}
