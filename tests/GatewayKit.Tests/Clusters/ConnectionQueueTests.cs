using GatewayKit.Clusters;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Clusters;

public sealed class ConnectionQueueTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider _time = new();
    private readonly DestinationState _destination = new("a", new() { Address = new("http://a") });

    [Fact]
    public async Task First_come_is_first_served()
    {
        _destination.Begin();
        _destination.Begin();
        var (first, second) = (Enter(most: 2), Enter(most: 2));
        Assert.False(first.IsCompleted || second.IsCompleted);
        _destination.End();
        Assert.True(await first);
        Assert.False(second.IsCompleted);
        _destination.End();
        Assert.True(await second);
    }

    [Fact]
    public async Task Wait_ends_at_its_limit_and_its_place_goes_to_nobody()
    {
        _destination.Begin();
        var waiting = Enter();
        _time.Advance(Limit);
        Assert.False(await waiting);
        Assert.Equal(0, _destination.Use.Queue.Waiting);
        _destination.End();
        _destination.End();
        Assert.Equal(0, _destination.InFlight);
    }

    [Fact]
    public async Task As_many_may_wait_as_may_be_connected()
    {
        _destination.Begin();
        var waiting = Enter();
        Assert.False(await Enter());
        Assert.False(waiting.IsCompleted);
    }

    [Fact]
    public async Task Request_that_goes_away_leaves_the_queue()
    {
        _destination.Begin();
        _destination.Begin();
        using var gone = new CancellationTokenSource();
        _destination.Begin();
        var leaving = _destination.Use.Queue.WaitAsync(2, Limit, _time, gone.Token).AsTask();
        var staying = Enter(most: 2);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);

        // The one that left ends, as every request does; then one that is connected.
        _destination.End();
        Assert.False(staying.IsCompleted);
        _destination.End();
        Assert.True(await staying);
    }

    /// <summary>Every begin and end races with every other: nobody waits for ever, and never do more than the limit hold a connection.</summary>
    [Fact]
    public async Task Race_of_many_leaves_nobody_behind()
    {
        const int Most = 3;
        var (holding, tooMany, served) = (0, 0, 0);
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 2_000; i++)
            {
                _destination.Begin();
                if (_destination.InFlight <= Most || await _destination.Use.Queue.WaitAsync(Most, Timeout.InfiniteTimeSpan, TimeProvider.System, default))
                {
                    if (Interlocked.Increment(ref holding) > Most)
                    {
                        Interlocked.Increment(ref tooMany);
                    }

                    if (i % 7 == 0)
                    {
                        await Task.Yield();
                    }

                    Interlocked.Decrement(ref holding);
                    Interlocked.Increment(ref served);
                }

                _destination.End();
            }
        }))).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal((0, 0, 0), (tooMany, _destination.InFlight, _destination.Use.Queue.Waiting));
        Assert.True(served > 16);
    }

    private Task<bool> Enter(int most = 1)
    {
        _destination.Begin();
        return _destination.Use.Queue.WaitAsync(most, Limit, _time, default).AsTask();
    }
}
