using GatewayKit.Resilience.Bulkheads;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Resilience.Bulkheads;

public sealed class PlacesTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(100);

    private readonly FakeTimeProvider _time = new();
    private readonly Places _places;

    public PlacesTests() => _places = new(_time);

    [Fact]
    public void There_are_as_many_as_there_are()
    {
        Assert.True(_places.TryTake(2) && _places.TryTake(2));
        Assert.False(_places.TryTake(2));
        _places.GiveBack();
        Assert.True(_places.TryTake(2));
        Assert.Equal(2, _places.Taken);
    }

    [Fact]
    public void Number_may_change_while_places_are_taken()
    {
        Assert.True(_places.TryTake(3) && _places.TryTake(3) && _places.TryTake(3));
        Assert.False(_places.TryTake(1));
        _places.GiveBack();
        _places.GiveBack();
        Assert.False(_places.TryTake(1));
        Assert.True(_places.TryTake(2));
    }

    [Fact]
    public async Task First_come_is_first_served_and_nobody_overtakes()
    {
        _places.TryTake(1);
        var (first, second) = (WaitAsync(), WaitAsync());
        _places.GiveBack();
        Assert.True(await first);
        Assert.False(_places.TryTake(1) || second.IsCompleted);
        _places.GiveBack();
        Assert.True(await second);
        Assert.Equal((1, 0), (_places.Taken, _places.Waiting));
    }

    [Fact]
    public async Task No_more_wait_than_may()
    {
        _places.TryTake(1);
        var waiting = WaitAsync(mostWaiting: 1);
        Assert.False(await WaitAsync(mostWaiting: 1));
        Assert.False(waiting.IsCompleted);
    }

    [Fact]
    public async Task Wait_ends_at_its_limit_and_holds_nothing()
    {
        _places.TryTake(1);
        var waiting = WaitAsync();
        _time.Advance(Limit);
        Assert.False(await waiting);
        _places.GiveBack();
        Assert.Equal((0, 0), (_places.Taken, _places.Waiting));
    }

    [Fact]
    public async Task Who_goes_away_while_waiting_gives_way_to_the_next()
    {
        _places.TryTake(1);
        using var gone = new CancellationTokenSource();
        var (leaving, staying) = (WaitAsync(cancellationToken: gone.Token), WaitAsync());
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        _places.GiveBack();
        Assert.True(await staying);
        Assert.Equal(1, _places.Taken);
    }

    [Fact]
    public async Task Who_needs_more_room_than_there_is_does_not_hold_up_who_does_not()
    {
        Assert.True(_places.TryTake(3) && _places.TryTake(3));
        var modest = WaitAsync(max: 1);
        Assert.True(_places.TryTake(3));
        var generous = WaitAsync(max: 3);
        _places.GiveBack();
        Assert.True(await generous);
        Assert.False(modest.IsCompleted);
        _places.GiveBack();
        _places.GiveBack();
        Assert.False(modest.IsCompleted);
        _places.GiveBack();
        Assert.True(await modest);
    }

    // Takers, waiters, givers and those who give up meet in every order: the cap holds at every moment, and nothing is left over.
    [Fact]
    public async Task Cap_holds_and_no_place_is_lost_when_all_come_at_once()
    {
        const int Max = 3;
        var places = new Places(TimeProvider.System);
        var terms = new PlaceTerms(Max, queue: 4, TimeSpan.FromSeconds(30));
        var (inside, most, served) = (0, 0, 0);
        await Task.WhenAll(Enumerable.Range(1, 8).Select(seed => Task.Run(async () =>
        {
            var random = new Random(seed);
            for (var round = 0; round < 2_000; round++)
            {
                using var patience = new CancellationTokenSource();
                var isIn = places.TryTake(Max);
                if (!isIn)
                {
                    var waiting = places.GetsOneAsync(terms, TimeSpan.MaxValue, patience.Token);
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
                        continue;
                    }
                }

                if (!isIn)
                {
                    continue;
                }

                InterlockedMax(ref most, Interlocked.Increment(ref inside));
                await Task.Yield();
                Interlocked.Increment(ref served);
                Interlocked.Decrement(ref inside);
                places.GiveBack();
            }
        })));
        Assert.InRange(most, 1, Max);
        Assert.InRange(served, Max, int.MaxValue);
        Assert.Equal((0, 0), (places.Taken, places.Waiting));
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); value > seen;)
        {
            var before = Interlocked.CompareExchange(ref target, value, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    private Task<bool> WaitAsync(int max = 1, int mostWaiting = 8, CancellationToken cancellationToken = default) =>
        _places.GetsOneAsync(new(max, mostWaiting, Limit), TimeSpan.MaxValue, cancellationToken);
}
