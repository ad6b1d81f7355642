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
    public async Task Leases_serve_while_the_store_is_away_and_then_it_is_as_in_every_mode()
    {
        await using var instance = Create(Sliding with { OnStoreFailure = StoreFailureAction.Deny });
        instance.Take();
        _store.Failure = new TimeoutException();
        Assert.Equal(9, instance.TakeAll(20));
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
        Assert.False(instance.Take().Mark == -1);
    }

    private Instance Create(ThrottlePolicy policy, int? instances = null) => new(_time, _store, policy, options => options.Instances = instances);
}
