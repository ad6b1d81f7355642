using GatewayKit.Throttling;
using GatewayKit.Throttling.Concurrency;

namespace GatewayKit.Tests.Throttling.Concurrency;

public sealed class CallersInFlightTests
{
    private readonly CallersInFlight _callers = new();

    [Fact]
    public void Each_caller_has_as_many_as_may_be()
    {
        Assert.True(_callers.TryEnter(Key(1), 2, out var first) && _callers.TryEnter(Key(1), 2, out var second) && (first, second) == (1, 2));
        Assert.False(_callers.TryEnter(Key(1), 2, out var inFlight));
        Assert.Equal(2, inFlight);
        Assert.True(_callers.TryEnter(Key(2), 2, out _));
        _callers.Leave(Key(1));
        Assert.True(_callers.TryEnter(Key(1), 2, out _));
    }

    [Fact]
    public void Caller_with_nothing_in_flight_is_not_known()
    {
        for (var i = 0; i < 10_000; i++)
        {
            Assert.True(_callers.TryEnter(Key(i), 1, out _));
        }

        Assert.Equal(10_000, _callers.Count);
        for (var i = 0; i < 10_000; i++)
        {
            _callers.Leave(Key(i));
        }

        Assert.Equal(0, _callers.Count);
    }

    [Fact]
    public async Task Cap_of_each_holds_when_all_come_at_once()
    {
        const int Max = 2;
        var inside = new int[4];
        var most = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(task => Task.Run(() =>
        {
            var random = new Random(task);
            for (var round = 0; round < 50_000; round++)
            {
                var caller = random.Next(inside.Length);
                if (!_callers.TryEnter(Key(caller), Max, out _))
                {
                    continue;
                }

                var now = Interlocked.Increment(ref inside[caller]);
                for (var seen = Volatile.Read(ref most); now > seen && Interlocked.CompareExchange(ref most, now, seen) != seen; seen = Volatile.Read(ref most))
                {
                }

                Interlocked.Decrement(ref inside[caller]);
                _callers.Leave(Key(caller));
            }
        })));
        Assert.InRange(most, 1, Max);
        Assert.Equal(0, _callers.Count);
    }

    private static ThrottleKey Key(int caller) => ThrottleKey.Of($"{caller}");
}
