using GatewayKit.Throttling;
using GatewayKit.Throttling.Sharing;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Throttling.Sharing;

public sealed class SynchronousSharingTests
{
    private static readonly ThrottlePolicy Policy = new()
    {
        Limit = 60,
        Window = TimeSpan.FromMinutes(1),
        Burst = 12,
        Partition = ThrottlePartition.Header("X-Tenant"),
        Sharing = RateSharing.Synchronous,
    };

    private readonly FakeTimeProvider _time = new();
    private readonly InMemoryRateStore _store;

    public SynchronousSharingTests() => _store = new(_time);

    public static TheoryData<ThrottlePolicy> Rates => [Policy, Policy with { Burst = null, Limit = 12, Algorithm = RateAlgorithm.SlidingWindow }];

    [Theory]
    [MemberData(nameof(Rates))]
    public async Task Instances_admit_together_what_one_may(ThrottlePolicy policy)
    {
        await using var one = Create(policy);
        await using var other = Create(policy);
        var admitted = 0;
        for (var i = 0; i < 20; i++)
        {
            admitted += (i % 2 == 0 ? one : other).Take().IsTaken ? 1 : 0;
        }

        Assert.Equal(12, admitted);
        Assert.Equal(20, _store.Takes);
        Assert.True(one.Take("bob").IsTaken);
    }

    [Fact]
    public async Task Decision_is_the_store_s()
    {
        await using var instance = Create(Policy);
        var taken = instance.Take(cost: 11);
        Assert.Equal((true, 0, 1), (taken.IsTaken, taken.Wait, taken.Remaining));
        Assert.Equal(TimeSpan.FromSeconds(1), ThrottleClock.ToTimeSpan(taken.Next));
        var refused = instance.Take(cost: 2);
        Assert.Equal((false, 1), (refused.IsTaken, refused.Remaining));
        Assert.Equal(TimeSpan.FromSeconds(1), ThrottleClock.ToTimeSpan(refused.Wait));
    }

    [Theory]
    [MemberData(nameof(Rates))]
    public async Task What_is_given_back_is_there_for_others(ThrottlePolicy policy)
    {
        await using var one = Create(policy);
        await using var other = Create(policy);
        var decision = one.Take(cost: 12);
        _time.Advance(TimeSpan.FromMilliseconds(20));
        one.GiveBack(decision, cost: 12);
        Assert.True(other.Take(cost: 12).IsTaken);
    }

    [Fact]
    public async Task What_has_come_back_by_itself_is_not_given_back_too()
    {
        await using var instance = Create(Policy);
        var first = instance.Take(cost: 6);
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.True(instance.Take(cost: 12).IsTaken);
        instance.GiveBack(first, cost: 6);
        Assert.False(instance.Take().IsTaken);
    }

    [Theory]
    [MemberData(nameof(Rates))]
    public async Task Instance_without_its_store_goes_on_from_what_it_knew_with_its_share(ThrottlePolicy policy)
    {
        await using var one = Create(policy, instances: 2);
        await using var other = Create(policy, instances: 2);
        Assert.Equal(3, one.TakeAll(3));
        Assert.Equal(5, other.TakeAll(5));
        _store.Failure = new TimeoutException();

        // Of 12 there are 9 as this one heard last, and it takes half of them; no fresh burst.
        Assert.Equal(4, one.TakeAll(20));
        Assert.Equal(2, other.TakeAll(20));
    }

    [Fact]
    public async Task What_was_admitted_without_the_store_is_told_when_it_is_back()
    {
        await using var instance = Create(Policy);
        _store.Failure = new TimeoutException();
        Assert.Equal(8, instance.TakeAll(8));
        _store.Failure = null;
        await ComesBackAsync(instance);
        await using var other = Create(Policy);
        Assert.InRange(other.TakeAll(20), 4, 4 + 3);
    }

    [Theory]
    [InlineData(StoreFailureAction.Allow, true)]
    [InlineData(StoreFailureAction.Deny, false)]
    public async Task Throttle_may_rather_pass_all_or_nobody(StoreFailureAction action, bool passes)
    {
        await using var instance = Create(Policy with { OnStoreFailure = action });
        _store.Failure = new TimeoutException();
        var decision = instance.Take();
        Assert.Equal((passes, false), (decision.IsTaken, decision.IsKnown));
        Assert.Equal(passes ? 30 : 0, instance.TakeAll(30));
    }

    [Fact]
    public async Task Store_that_hangs_is_waited_for_three_times_and_then_not_at_all()
    {
        await using var instance = Create(Policy);
        _store.Delay = new TaskCompletionSource().Task;
        for (var i = 0; i < 3; i++)
        {
            var taking = instance.AskAsync();
            Assert.False(taking.IsCompleted);
            _time.Advance(TimeSpan.FromMilliseconds(50));
            Assert.True((await taking).IsTaken);
        }

        await IsSoAsync(() => !instance.Link.IsUp);
        Assert.Equal(9, instance.TakeAll(20));
    }

    [Fact]
    public async Task Store_that_is_away_is_tried_once_at_a_time_beside_the_requests()
    {
        await using var instance = Create(Policy);
        _store.Failure = new TimeoutException();
        instance.TakeAll(3);
        Assert.False(instance.Link.IsUp);
        _store.Failure = null;
        var hanging = new TaskCompletionSource();
        _store.Delay = hanging.Task;
        var takes = _store.Takes;
        _time.Advance(TimeSpan.FromSeconds(1));
        instance.TakeAll(20);
        await IsSoAsync(() => _store.Takes > takes);
        instance.TakeAll(20);
        Assert.Equal(takes + 1, _store.Takes);
        hanging.SetResult();
        await IsSoAsync(() => instance.Link.IsUp);
    }

    [Fact]
    public async Task Caller_who_leaves_ends_the_wait()
    {
        await using var instance = Create(Policy);
        _store.Delay = new TaskCompletionSource().Task;
        using var gone = new CancellationTokenSource();
        var taking = instance.AskAsync(aborted: gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await taking);
        Assert.True(instance.Link.IsUp);
    }

    [Fact]
    public async Task Store_sees_hashes_that_are_the_same_in_all_instances()
    {
        await using var one = Create(Policy);
        await using var other = Create(Policy);
        one.Take("alice");
        other.Take("alice");
        Assert.Single(_store.Keys);
        other.Take("bob");
        Assert.Equal(2, _store.Keys.Count);
        await using var changed = Create(Policy with { Limit = 61 });
        changed.Take("alice");
        Assert.Equal(3, _store.Keys.Count);
        Assert.Equal(2, _store.Keys.Select(static key => key.Rate).Distinct().Count());
        Assert.Equal(2, _store.Keys.Select(static key => (key.High, key.Low)).Distinct().Count());
    }

    private Instance Create(ThrottlePolicy policy, int? instances = null) => new(_time, _store, policy, options => options.Instances = instances);

    private async Task ComesBackAsync(Instance instance)
    {
        _time.Advance(TimeSpan.FromMilliseconds(500));
        await IsSoAsync(() => instance.Link.IsUp);
        _time.Advance(TimeSpan.FromMilliseconds(500));
    }

    private static async Task IsSoAsync(Func<bool> isSo)
    {
        while (!isSo())
        {
            await Task.Yield();
        }
    }
}
