using GatewayKit.Clusters;
using GatewayKit.Diagnostics;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Bulkheads;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Tests.Resilience.Bulkheads;

/// <summary>A million requests at a cluster with classes and a number of places that moves, which end in every way there is, and all at once.</summary>
public sealed class PlaceChaosTests : IDisposable
{
    private const int Tasks = 8;
    private const int Rounds = 125_000;
    private const int MaxInFlight = 12;

    private static readonly string?[] Classes = [PriorityClass.Critical, PriorityClass.Standard, PriorityClass.BestEffort, "none of them", null];

    private readonly GatewayKit.Resilience.Bulkheads.Bulkheads _bulkheads = new(TimeProvider.System);
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddSingleton<GatewayMeter>().BuildServiceProvider();
    private readonly Bulkhead _bulkhead;
    private readonly ClusterBulkhead _cluster;
    private int _served, _thrown, _cancelled, _refused, _moved, _most;

    public PlaceChaosTests()
    {
        _bulkhead = _bulkheads.ForCluster("busy");
        _cluster = new(
            new() { MaxInFlight = MaxInFlight, MaxStreams = 3, MaxWait = TimeSpan.FromMilliseconds(20), Adaptive = new() { Min = 2, Initial = 6 }, Priorities = new() },
            _bulkhead,
            new(_services.GetRequiredService<GatewayMeter>(), _bulkheads),
            TimeProvider.System);
    }

    public void Dispose() => _services.Dispose();

    // Without any place left each request would wait in vain for its 20 ms.
    [Fact(Timeout = 120_000)]
    public async Task All_places_are_there_again_after_a_million_requests()
    {
        await Task.WhenAll(Enumerable.Range(1, Tasks).Select(seed => Task.Run(() => RunAsync(new(seed)))));
        Assert.Equal(Tasks * Rounds, _served + _thrown + _cancelled + _refused);
        Assert.True(
            _served > 100_000 && _thrown > 1_000 && _cancelled > 100 && _refused > 100 && _moved > 100,
            $"{_served} served, {_thrown} thrown, {_cancelled} cancelled, {_refused} refused, {_moved} moved to streams");
        Assert.InRange(_most, 1, MaxInFlight);
        Assert.Equal((0, 0, 0, 0), (_bulkhead.Requests.Taken, _bulkhead.Requests.Waiting, _bulkhead.Streams.Taken, _bulkhead.Streams.Waiting));
        Assert.All(_bulkhead.Requests.Classes, static one => Assert.Equal((0, 0, 0), (one.Taken, one.Waiting, one.Lines.Count)));

        // As many as there are now, whoever they are for, and no more.
        var max = Math.Clamp(_bulkhead.Estimator!.Limit, 2, MaxInFlight);
        var taken = Classes.Sum(name => Enumerable.Range(0, MaxInFlight + 1).Count(who => _cluster.TryEnter(isStream: false, name, out var place) && place is not null));
        Assert.Equal((max, 3), (taken, Enumerable.Range(0, 5).Count(who => _cluster.TryEnter(isStream: true, priority: null, out _))));
    }

    private async Task RunAsync(Random random)
    {
        for (var round = 0; round < Rounds; round++)
        {
            var (isStream, priority) = (random.Next(16) == 0, Classes[random.Next(Classes.Length)]);
            if (!_cluster.TryEnter(isStream, priority, out var place))
            {
                if (isStream)
                {
                    Interlocked.Increment(ref _refused);
                    continue;
                }

                if ((place = await WaitAsync(random, priority)) is null)
                {
                    continue;
                }
            }

            try
            {
                await ServeAsync(random, isStream, ref place);
                Interlocked.Increment(ref _served);
            }
            catch (InvalidOperationException)
            {
                Interlocked.Increment(ref _thrown);
            }
            finally
            {
                place!.GiveBack();
            }
        }
    }

    // An answer, one that turns out to be a stream, an exception; seen by the estimator as a success, a failure for want of capacity, or nothing.
    private Task ServeAsync(Random random, bool isStream, ref PlaceClass? place)
    {
        var now = _bulkhead.Requests.Taken;
        for (var seen = Volatile.Read(ref _most); now > seen && Interlocked.CompareExchange(ref _most, now, seen) != seen; seen = Volatile.Read(ref _most))
        {
        }

        _cluster.Observe((LimitSample)random.Next(3), TimeSpan.FromMicroseconds(random.Next(1, 5_000)));
        if (!isStream && random.Next(16) == 0)
        {
            var former = place;
            place = _cluster.ToStreams(place!);
            Interlocked.Add(ref _moved, ReferenceEquals(former, place) ? 0 : 1);
        }

        return random.Next(64) == 0 ? throw new InvalidOperationException() : random.Next(8) == 0 ? YieldAsync() : Task.CompletedTask;
    }

    private static async Task YieldAsync() => await Task.Yield();

    // Some have hardly any time left, and some go away before, while or after they are let in.
    private async Task<PlaceClass?> WaitAsync(Random random, string? priority)
    {
        var now = TimeProvider.System.GetTimestamp();
        var deadline = random.Next(4) switch { 0 => now + (TimeProvider.System.TimestampFrequency / 1_000), 1 => now, _ => long.MaxValue };
        using var gone = new CancellationTokenSource();
        var entering = _cluster.EnterAsync(deadline, priority, gone.Token).AsTask();
        if (random.Next(16) == 0)
        {
            await gone.CancelAsync();
        }

        try
        {
            if ((await entering).Place is { } place)
            {
                return place;
            }

            Interlocked.Increment(ref _refused);
        }
        catch (OperationCanceledException)
        {
            Interlocked.Increment(ref _cancelled);
        }

        return null;
    }
}
