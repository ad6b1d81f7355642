using GatewayKit.Throttling;
using GatewayKit.Throttling.Sharing;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Throttling.Sharing;

/// <summary>How a rate stands that instances share, asked by somebody who takes nothing.</summary>
public sealed class SharedPeekTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly InMemoryRateStore _store;

    public SharedPeekTests() => _store = new(_time);

    public static TheoryData<string> Modes => ["Synchronous", "Asynchronous", "Leased"];

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Instance_that_has_served_nobody_tells_what_others_have_taken(string mode)
    {
        await using var one = Create(mode);
        await using var other = Create(mode);
        Assert.Equal(50, (await other.PeekAsync()).Remaining);
        Assert.Equal(20, one.TakeAll(20));
        await one.StopAsync();

        var decision = await other.PeekAsync();
        Assert.Equal((30, TimeSpan.FromSeconds(1)), (decision.Remaining, ThrottleClock.ToTimeSpan(decision.Next)));
        Assert.Equal(50, (await other.PeekAsync("bob")).Remaining);
    }

    // Of a batch what is left is the caller's too; what the store has not been told yet is gone all the same.
    [Theory]
    [MemberData(nameof(Modes))]
    public async Task What_only_the_instance_knows_counts(string mode)
    {
        await using var instance = Create(mode);
        Assert.Equal(7, instance.TakeAll(7));
        var decision = await instance.PeekAsync();
        Assert.Equal((43, TimeSpan.FromSeconds(1)), (decision.Remaining, ThrottleClock.ToTimeSpan(decision.Next)));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Ten_thousand_peeks_take_nothing(string mode)
    {
        await using var instance = Create(mode);
        for (var i = 0; i < 10_000; i++)
        {
            Assert.Equal(50, (await instance.PeekAsync()).Remaining);
        }

        Assert.Equal((0, 0), (_store.Given, _store.Adds));
        Assert.Equal(50, instance.TakeAll(60));
        Assert.Equal(0, (await instance.PeekAsync()).Remaining);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task While_the_store_does_not_answer_nobody_knows(string mode)
    {
        await using var instance = Create(mode);
        instance.TakeAll(5);
        _store.Failure = new InvalidOperationException("gone");
        for (var i = 0; i < 5; i++)
        {
            Assert.False((await instance.PeekAsync()).IsKnown);
        }
    }

    private Instance Create(string mode) => new(_time, _store, new()
    {
        Limit = 60,
        Window = TimeSpan.FromMinutes(1),
        Burst = 50,
        Partition = ThrottlePartition.Header("X-Tenant"),
        Sharing = mode switch { "Synchronous" => RateSharing.Synchronous, "Leased" => RateSharing.Leased(10), _ => RateSharing.Asynchronous(TimeSpan.FromSeconds(1)) },
    });
}
