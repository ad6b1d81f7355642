using GatewayKit.Resilience.Bulkheads;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Resilience.Bulkheads;

/// <summary>Places whose number moves.</summary>
public sealed class AdaptivePlacesTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Bulkhead _bulkhead;
    private readonly PlaceTerms _terms;

    public AdaptivePlacesTests()
    {
        _bulkhead = new("one", isCluster: true, _time);
        _terms = new(100, queue: null, TimeSpan.FromMinutes(1), new() { Min = 1, Initial = 4 }, _bulkhead);
    }

    private Places Places => _bulkhead.Requests;

    [Fact]
    public async Task First_is_served_first_up_to_half_of_the_queue_and_last_first_above()
    {
        Fill(4);
        var waiting = Enumerable.Range(0, 7).Select(_ => WaitAsync()).ToArray();
        var order = await InOrderAsync(waiting);
        Assert.Equal([6, 5, 4, 0, 1, 2, 3], order);
    }

    [Fact]
    public async Task One_that_leaves_lets_one_in()
    {
        Fill(4);
        var waiting = Enumerable.Range(0, 3).Select(_ => WaitAsync()).ToArray();
        Places.GiveBack();
        await waiting[0];
        Assert.Equal((4, 2), (Places.Taken, Places.Waiting));
    }

    [Fact]
    public async Task Places_that_are_gone_are_not_given_to_who_waits()
    {
        Fill(4);
        var waiting = WaitAsync();
        for (var i = 0; i < 30; i++)
        {
            Observe(LimitSample.Drop, default);
        }

        Assert.Equal(1, _terms.Max);
        for (var taken = 4; taken > 1; taken--)
        {
            Places.GiveBack();
            Assert.Equal((taken - 1, 1), (Places.Taken, Places.Waiting));
        }

        Places.GiveBack();
        Assert.True(await waiting);
        Assert.Equal((1, 0), (Places.Taken, Places.Waiting));
    }

    [Fact]
    public async Task Places_that_come_are_given_to_who_waits()
    {
        Fill(4);
        var waiting = Enumerable.Range(0, 3).Select(_ => WaitAsync()).ToArray();
        Observe(LimitSample.Answer, TimeSpan.FromMilliseconds(10));
        Assert.Equal(6, _terms.Max);
        Places.GiveBack();
        Assert.All(await Task.WhenAll(waiting), Assert.True);
        Assert.Equal((6, 0), (Places.Taken, Places.Waiting));
    }

    // Takers, waiters, givers, those who give up before, while and after they are let in, and a number that moves under all of them.
    [Fact]
    public async Task No_place_is_lost_in_a_million_operations()
    {
        const int Tasks = 8;
        const int Rounds = 125_000;
        var bulkhead = new Bulkhead("busy", isCluster: true, TimeProvider.System);
        var terms = new PlaceTerms(12, queue: null, TimeSpan.FromMilliseconds(50), new() { Min = 1, Initial = 4 }, bulkhead);
        var (inside, most, served, cancelled, late) = (0, 0, 0, 0, 0);
        await Task.WhenAll(Enumerable.Range(1, Tasks).Select(seed => Task.Run(async () =>
        {
            var random = new Random(seed);
            for (var round = 0; round < Rounds; round++)
            {
                var isIn = bulkhead.Requests.TryTake(terms.Max);
                if (!isIn)
                {
                    using var patience = new CancellationTokenSource();
                    var waiting = bulkhead.Requests.GetsOneAsync(terms, random.Next(4) == 0 ? TimeSpan.FromMilliseconds(1) : TimeSpan.MaxValue, patience.Token);
                    if (random.Next(3) == 0)
                    {
                        await patience.CancelAsync();
                    }

                    try
                    {
                        isIn = await waiting;
                    }
                    catch (OperationCanceledException)
                    {
                        Interlocked.Increment(ref cancelled);
                        continue;
                    }

                    if (!isIn)
                    {
                        Interlocked.Increment(ref late);
                        continue;
                    }
                }

                var now = Interlocked.Increment(ref inside);
                for (var seen = Volatile.Read(ref most); now > seen && Interlocked.CompareExchange(ref most, now, seen) != seen; seen = Volatile.Read(ref most))
                {
                }

                if (random.Next(4) == 0)
                {
                    await Task.Yield();
                }

                terms.Observe((LimitSample)random.Next(3), TimeSpan.FromMicroseconds(random.Next(1, 5_000)), bulkhead.Requests.Taken);
                Interlocked.Increment(ref served);
                Interlocked.Decrement(ref inside);
                bulkhead.Requests.GiveBack();
            }
        })));
        Assert.InRange(most, 1, 12);
        Assert.Equal(Tasks * Rounds, served + cancelled + late);
        Assert.True(served > 10_000 && cancelled > 100, $"{served} served, {cancelled} cancelled, {late} late");
        Assert.Equal((0, 0), (bulkhead.Requests.Taken, bulkhead.Requests.Waiting));
        Assert.True(bulkhead.Requests.TryTake(terms.Max));
        while (bulkhead.Requests.TryTake(terms.Max))
        {
        }

        // Whether somebody came too late among the million is for chance to say; now it is certain.
        Assert.False(await bulkhead.Requests.GetsOneAsync(terms, TimeSpan.FromMilliseconds(1), TestContext.Current.CancellationToken));
        Assert.Equal(0, bulkhead.Requests.Waiting);
    }

    private void Fill(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Assert.True(Places.TryTake(_terms.Max));
        }

        Assert.False(Places.TryTake(_terms.Max));
    }

    private Task<bool> WaitAsync() => Places.GetsOneAsync(_terms, TimeSpan.MaxValue, TestContext.Current.CancellationToken);

    // Gives places back one by one and sees who gets each.
    private async Task<int[]> InOrderAsync(Task<bool>[] waiting)
    {
        var order = new List<int>();
        while (order.Count < waiting.Length)
        {
            Places.GiveBack();
            var next = await Task.WhenAny(waiting.Where((_, who) => !order.Contains(who)));
            Assert.True(await next);
            order.Add(Array.IndexOf(waiting, next));
        }

        return [.. order];
    }

    private void Observe(LimitSample sample, TimeSpan time)
    {
        for (var i = 0; i < LimitEstimator.WindowSamples; i++)
        {
            _terms.Observe(sample, time, Places.Taken);
        }

        _time.Advance(LimitEstimator.WindowLength);
        _terms.Observe(sample, time, Places.Taken);
    }
}
