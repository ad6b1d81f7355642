using GatewayKit.Throttling;
using GatewayKit.Throttling.Sharing;

namespace GatewayKit.Tests.Throttling.Sharing;

/// <summary>What every store of rates has to do.</summary>
public abstract class RateStoreConformance
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly RateRule Bucket = new(RateAlgorithm.TokenBucket, 60, Minute, Burst: 5);
    private static readonly RateRule Window = new(RateAlgorithm.SlidingWindow, 10, Minute, Burst: 10);

    private readonly RateKey _key = new((ulong)Random.Shared.NextInt64(), 5, 6);

    protected abstract IRateStore Store { get; }

    /// <summary>Lets time pass for the store.</summary>
    protected abstract Task PassAsync(TimeSpan time);

    public static TheoryData<RateRule> Rules => [Bucket, Window];

    [Fact]
    public async Task Token_bucket_decides_as_the_golden_vector_says()
    {
        foreach (var remaining in (int[])[4, 3, 2, 1, 0])
        {
            var answer = await TakeAsync(Bucket, 1);
            Assert.True(answer.IsAdmitted);
            Assert.Equal(remaining, answer.Remaining);
        }

        var refused = await TakeAsync(Bucket, 1);
        Assert.False(refused.IsAdmitted);
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Wait);
        Assert.Equal(TimeSpan.FromSeconds(5), refused.FullAfter);
        await PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(0, (await TakeAsync(Bucket, 1)).Remaining);
        await PassAsync(TimeSpan.FromSeconds(9));
        Assert.Equal(4, (await TakeAsync(Bucket, 1)).Remaining);
    }

    [Fact]
    public async Task Sliding_window_takes_all_of_its_limit_and_weighs_it_in_the_next()
    {
        Assert.Equal(0, (await TakeAsync(Window, 10)).Remaining);
        var refused = await TakeAsync(Window, 1);
        Assert.False(refused.IsAdmitted);
        await PassAsync(refused.Wait);
        Assert.True((await TakeAsync(Window, 1)).IsAdmitted);
        Assert.False((await TakeAsync(Window, 1)).IsAdmitted);
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task Refusal_takes_nothing(RateRule rule)
    {
        await TakeAsync(rule, rule.Burst - 1);
        Assert.False((await TakeAsync(rule, 2)).IsAdmitted);
        Assert.True((await TakeAsync(rule, 1)).IsAdmitted);
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task Who_asks_takes_nothing(RateRule rule)
    {
        for (var i = 0; i < 3; i++)
        {
            var answer = await TakeAsync(rule, 0);
            Assert.True(answer.IsAdmitted);
            Assert.Equal(rule.Burst, answer.Remaining);
            Assert.Null(answer.Next);
            Assert.Equal(TimeSpan.Zero, answer.FullAfter);
        }
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task What_is_noted_counts_whether_there_is_room_or_not(RateRule rule)
    {
        await TakeAsync(rule, rule.Burst);
        var noted = await Store.AddAsync(_key, rule, 2, default);
        Assert.Equal(0, noted.Remaining);
        await Store.AddAsync(_key, rule, -2, default);
        Assert.False((await TakeAsync(rule, 1)).IsAdmitted);
        await Store.AddAsync(_key, rule, -1, default);
        Assert.True((await TakeAsync(rule, 1)).IsAdmitted);
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task No_more_comes_back_than_is_out(RateRule rule)
    {
        await TakeAsync(rule, 1);
        Assert.Equal(rule.Burst, (await Store.AddAsync(_key, rule, -rule.Burst, default)).Remaining);
        Assert.True((await TakeAsync(rule, rule.Burst)).IsAdmitted);
        Assert.False((await TakeAsync(rule, 1)).IsAdmitted);
    }

    [Fact]
    public async Task Nobody_owes_more_than_another_burst()
    {
        await TakeAsync(Bucket, 5);
        Assert.Equal(TimeSpan.FromSeconds(10), (await Store.AddAsync(_key, Bucket, 1_000, default)).FullAfter);
    }

    [Fact]
    public async Task What_is_not_counted_because_too_much_is_owed_is_told()
    {
        await TakeAsync(Bucket, 5);
        Assert.Equal(0, (await Store.AddAsync(_key, Bucket, 3, default)).Uncounted);
        Assert.Equal(2, (await Store.AddAsync(_key, Bucket, 4, default)).Uncounted);
        Assert.Equal(0, (await Store.AddAsync(_key, Bucket, -4, default)).Uncounted);
        Assert.Equal(3, (await Store.AddAsync(_key, Bucket, 7, default)).Uncounted);
    }

    [Fact]
    public async Task Other_keys_and_other_rules_start_full()
    {
        await TakeAsync(Bucket, 5);
        Assert.True((await Store.TakeAsync(_key with { Rate = _key.Rate + 1 }, Bucket, 5, default)).IsAdmitted);
        Assert.True((await Store.TakeAsync(_key with { High = _key.High + 1 }, Bucket, 5, default)).IsAdmitted);
        Assert.True((await Store.TakeAsync(_key with { Low = _key.Low + 1 }, Bucket, 5, default)).IsAdmitted);
        Assert.True((await TakeAsync(Bucket with { Limit = 61 }, 5)).IsAdmitted);
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task Those_who_take_at_once_get_no_more_than_there_is(RateRule rule)
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8 * rule.Burst).Select(_ => Task.Run(() => TakeAsync(rule, 1))));
        Assert.Equal(rule.Burst, answers.Count(static answer => answer.IsAdmitted));
    }

    private Task<RateAnswer> TakeAsync(RateRule rule, long cost) => Store.TakeAsync(_key, rule, cost, default).AsTask();
}
