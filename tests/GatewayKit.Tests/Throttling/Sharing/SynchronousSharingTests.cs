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
        ComesBack(instance);
        await using var other = Create(Policy);
        Assert.InRange(other.TakeAll(20), 4, 4 + 3);
    }

    [Theory]
    [MemberData(nameof(Rates))]
    public async Task What_came_back_by_itself_while_the_store_was_away_is_no_debt(ThrottlePolicy policy)
    {
        await using var instance = Create(policy);
        _store.Failure = new TimeoutException();

        // A tenth of the rate, for many times that in which an allowance fills.
        for (var i = 0; i < 60; i++)
        {
            Assert.True(instance.Take().IsTaken);
            _time.Advance(policy.Rule.Window / (policy.Rule.Limit / 10));
        }

        _store.Failure = null;
        ComesBack(instance);
        Assert.InRange(_store.Given, 0, 3);
        Assert.InRange(instance.TakeAll(20), 9, 12);
    }

    [Fact]
    public async Task Request_that_comes_before_the_store_is_told_does_not_bring_back_what_came_back_by_itself()
    {
        await using var instance = Create(Policy);
        _store.Failure = new TimeoutException();
        for (var i = 0; i < 60; i++)
        {
            instance.Take();
            _time.Advance(TimeSpan.FromSeconds(10));
        }

        _store.Failure = null;
        IsFoundAgain(instance);
        instance.Take();
        _time.Advance(TimeSpan.FromMilliseconds(500));
        _time.Advance(TimeSpan.FromMilliseconds(500));
        Assert.InRange(_store.Given, 1, 4);
    }

    [Theory]
    [MemberData(nameof(Rates))]
    public async Task Instances_that_were_without_the_store_owe_together_no_more_than_one_could(ThrottlePolicy policy)
    {
        var instances = Enumerable.Range(0, 3).Select(_ => Create(policy, instances: 3)).ToArray();
        _store.Failure = new TimeoutException();
        for (var i = 0; i < 400; i++)
        {
            foreach (var instance in instances)
            {
                instance.Take();
            }

            _time.Advance(policy.Rule.Window / (2 * policy.Rule.Limit));
        }

        _store.Failure = null;
        foreach (var instance in instances)
        {
            ComesBack(instance);
        }

        // And up to two of each that come back while it waits to be told.
        Assert.InRange(_store.Given, 6, 12 + (3 * 2));
        foreach (var instance in instances)
        {
            await instance.DisposeAsync();
        }
    }

    [Fact]
    public async Task What_came_back_by_itself_while_the_answer_was_on_its_way_is_not_given_back_too()
    {
        await using var instance = new Instance(_time, _store, Policy, static options => options.StoreTimeout = TimeSpan.FromSeconds(10));
        await using var other = Create(Policy);
        var way = new TaskCompletionSource();
        _store.Way = way.Task;
        var taking = instance.AskAsync(cost: 6).AsTask();
        _store.Way = null;
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.True(other.Take(cost: 9).IsTaken);
        way.SetResult();
        instance.GiveBack(await taking, cost: 6);
        Assert.Equal(6 + 9 - 3, _store.Given);
    }

    [Fact]
    public async Task Keys_for_which_there_was_no_room_among_those_that_wait_are_told_when_they_ask_again()
    {
        await using var instance = Create(Policy);
        _store.Failure = new TimeoutException();
        for (var i = 0; i <= RateCommits.MaxKeys; i++)
        {
            instance.Take($"{i}");
        }

        _store.Failure = null;
        ComesBack(instance);
        await IsSoAsync(() => instance.Commits.Count == 0 && _store.Given == RateCommits.MaxKeys);
        instance.Take($"{RateCommits.MaxKeys}");
        _time.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal(RateCommits.MaxKeys + 2, _store.Given);
    }

    [Theory]
    [MemberData(nameof(Rates))]
    public async Task Correction_that_the_store_was_not_told_of_counts_here_and_is_told_when_it_is_back(ThrottlePolicy policy)
    {
        await using var one = Create(policy);
        await using var other = Create(policy);
        var decision = one.Take(cost: 2);
        _store.Failure = new TimeoutException();
        one.Settle(decision, actual: 5, cost: 2);
        other.Settle(decision, actual: 5, cost: 2);
        Assert.Equal(7, one.TakeAll(20));
        Assert.Equal(9, other.TakeAll(20));
        _store.Failure = null;
        ComesBack(one);
        ComesBack(other);
        await IsSoAsync(() => _store.Given >= 12 + 12);
    }

    [Fact]
    public async Task What_is_given_back_without_an_answer_is_not_given_back_again()
    {
        await using var instance = Create(Policy with { Limit = 12, Window = TimeSpan.FromHours(1) });
        var decision = instance.Take(cost: 6);
        Assert.Equal(6, instance.TakeAll(6));
        _store.Delay = new TaskCompletionSource().Task;
        instance.GiveBack(decision, cost: 6);
        _time.Advance(TimeSpan.FromMilliseconds(50));
        _store.Delay = null;
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(instance.Take().IsTaken);
        Assert.Equal(12, _store.Given);
    }

    [Fact]
    public async Task Limits_of_different_costs_do_not_share_a_counter()
    {
        foreach (var policy in (ThrottlePolicy[])[Policy, Policy with { CostName = "tokens" }, Policy with { CostName = "Tokens" }, Policy with { CostName = "cents" }, Policy with { CostHeader = "cents" }])
        {
            await using var instance = Create(policy);
            instance.Take();
        }

        Assert.Equal(4, _store.Keys.Count);
    }

    [Fact]
    public async Task Whatever_a_store_says_is_no_exception()
    {
        RateAnswer odd = new() { Remaining = long.MinValue, Wait = TimeSpan.MaxValue, Next = TimeSpan.MaxValue, FullAfter = TimeSpan.MaxValue, Uncounted = long.MinValue };
        foreach (var policy in (ThrottlePolicy[])[.. Rates.Select(static row => row.Data), Policy with { Sharing = RateSharing.Leased(2) }, Policy with { Sharing = RateSharing.Asynchronous() }])
        {
            foreach (var answer in (RateAnswer[])[odd, odd with { IsAdmitted = true }, odd with { FullAfter = TimeSpan.MinValue, Wait = TimeSpan.MinValue, Next = TimeSpan.MinValue, Remaining = long.MaxValue }])
            {
                await using var instance = new Instance(_time, new OddStore(answer), policy);
                var decision = instance.Take(cost: 2);
                Assert.Equal(answer.IsAdmitted || policy.Sharing == RateSharing.Asynchronous(), decision.IsTaken);
                _time.Advance(TimeSpan.FromMilliseconds(1));
                instance.Settle(decision, actual: long.MaxValue, cost: 2);
                instance.Settle(decision, actual: 0, cost: 2);
                instance.Take(cost: 0);
                _time.Advance(TimeSpan.FromSeconds(1));
            }
        }
    }

    [Fact]
    public async Task Store_that_cannot_count_instances_is_one_that_knows_of_one()
    {
        await using var instance = new Instance(_time, new OddStore(answer: null), Policy);
        Assert.Equal(1, instance.Link.Instances);
        Assert.Equal(12, instance.TakeAll(20));
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

    private sealed class OddStore(RateAnswer? answer) : IRateStore
    {
        public int Instances => throw new InvalidOperationException();

        public ValueTask<RateAnswer> TakeAsync(RateKey key, RateRule rule, long cost, CancellationToken cancellationToken) => new(answer ?? throw new TimeoutException());

        public ValueTask<RateAnswer> AddAsync(RateKey key, RateRule rule, long units, CancellationToken cancellationToken) => TakeAsync(key, rule, units, cancellationToken);
    }

    private Instance Create(ThrottlePolicy policy, int? instances = null) => new(_time, _store, policy, options => options.Instances = instances);

    private void ComesBack(Instance instance)
    {
        IsFoundAgain(instance);
        _time.Advance(TimeSpan.FromMilliseconds(500));
    }

    // A probe from before may still be on its way: then it is the one after it that finds the store.
    private void IsFoundAgain(Instance instance)
    {
        do
        {
            _time.Advance(TimeSpan.FromMilliseconds(500));
        }
        while (!SpinWait.SpinUntil(() => instance.Link.IsUp, TimeSpan.FromSeconds(1)));
    }

    private static async Task IsSoAsync(Func<bool> isSo)
    {
        while (!isSo())
        {
            await Task.Yield();
        }
    }
}
