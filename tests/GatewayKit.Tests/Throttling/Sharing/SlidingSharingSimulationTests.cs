using GatewayKit.Throttling;
using GatewayKit.Throttling.Sharing;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Throttling.Sharing;

/// <summary>Random instances that share a sliding window through a store whose answers take their time: what they admit together in any window, wherever it begins, is what is documented, and no more.</summary>
public sealed class SlidingSharingSimulationTests
{
    private const int Windows = 8;

    // What is measured: the edges of windows differ between instances and store, and now and then more passes than came unheard of.
    private const double Measured = 1.2;

    // The last ones are the worst of the first 500.
    private static readonly int[] Seeds = [.. Enumerable.Range(0, 15), 175, 306, 320, 322];

    private static readonly TimeSpan Slowest = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    [Fact]
    public async Task Instances_stay_within_the_bound_whatever_comes_when()
    {
        var worst = 0d;
        foreach (var seed in Seeds)
        {
            var random = new Random(seed);
            var (instances, limit) = (random.Next(2, 4), random.Next(1, 12) * 10);
            var window = TimeSpan.FromMilliseconds(10 * random.Next(100, 300));
            var interval = TimeSpan.FromMilliseconds(10 * random.Next(1, (int)(window.TotalMilliseconds / 40)));
            var (most, unheard) = await RunAsync(random, instances, limit, window, interval);

            // One instance alone may admit two limits in a window that begins in the middle of its own.
            worst = Math.Max(worst, (most - (2d * limit)) / unheard);
            Assert.True(most <= (2 * limit) + (Measured * unheard), $"Seed {seed}: {instances} instances, {limit} in {window}, every {interval}: {most} in one window, and {unheard} came unheard of.");
        }

        // A bound that nothing comes near would show nothing.
        Assert.InRange(worst, 1, Measured);
    }

    private static async Task<(int Most, int Unheard)> RunAsync(Random random, int instances, int limit, TimeSpan window, TimeSpan interval)
    {
        FakeTimeProvider time = new();
        time.Advance(TimeSpan.FromMilliseconds(random.Next(5_000)));
        SlowStore store = new(time, random, Slowest);
        ThrottlePolicy policy = new()
        {
            Limit = limit,
            Window = window,
            Algorithm = RateAlgorithm.SlidingWindow,
            Partition = ThrottlePartition.Header("X-Tenant"),
            Sharing = RateSharing.Asynchronous(interval),
        };
        var all = new Instance[instances];
        for (var i = 0; i < instances; i++)
        {
            // Windows of each have edges of their own.
            time.Advance(TimeSpan.FromMilliseconds(random.Next(1_000)));
            all[i] = new(time, store, policy, static options => options.StoreTimeout = TimeSpan.FromSeconds(10));
        }

        var (admitted, loads, blind) = (new Queue<(long Step, int Count)>(), new int[instances], (int)((interval + (2 * Slowest)) / Step) + 1);
        var (arrived, peaks) = (Enumerable.Range(0, instances).Select(_ => new Queue<int>()).ToArray(), new int[instances]);
        var (inWindow, most) = (0, 0);
        for (var step = 0L; step < Windows * (window / Step); step++)
        {
            var count = 0;
            for (var i = 0; i < instances; i++)
            {
                if (random.Next(30) == 0)
                {
                    // Silence, a trickle or a peak.
                    loads[i] = random.Next(3) switch { 0 => 0, 1 => -4, _ => random.Next(1, limit) };
                }

                var requests = loads[i] >= 0 ? loads[i] : random.Next(-loads[i]) == 0 ? 1 : 0;
                count += all[i].TakeAll(requests);
                arrived[i].Enqueue(requests);
                if (arrived[i].Count > blind)
                {
                    arrived[i].Dequeue();
                }

                peaks[i] = Math.Max(peaks[i], Math.Min(limit, arrived[i].Sum()));
            }

            admitted.Enqueue((step, count));
            inWindow += count;
            while (admitted.Peek().Step <= step - (window / Step))
            {
                inWindow -= admitted.Dequeue().Count;
            }

            most = Math.Max(most, inWindow);
            time.Advance(Step);
            await store.SettleAsync();
        }

        foreach (var instance in all)
        {
            await instance.DisposeAsync();
        }

        return (most, peaks.Sum() - peaks.Min());
    }

    /// <summary>Hears of everything and answers, each after a time of its own.</summary>
    private sealed class SlowStore(FakeTimeProvider time, Random random, TimeSpan slowest) : IRateStore
    {
        private readonly InMemoryRateStore _inner = new(time);
        private readonly List<(long Due, Action Go)> _messages = [];

        public async ValueTask<RateAnswer> TakeAsync(RateKey key, RateRule rule, long cost, CancellationToken cancellationToken)
        {
            await DelayAsync();
            var answer = await _inner.TakeAsync(key, rule, cost, cancellationToken);
            await DelayAsync();
            return answer;
        }

        public async ValueTask<RateAnswer> AddAsync(RateKey key, RateRule rule, long units, CancellationToken cancellationToken)
        {
            await DelayAsync();
            var answer = await _inner.AddAsync(key, rule, units, cancellationToken);
            await DelayAsync();
            return answer;
        }

        /// <summary>Delivers what is due, on this thread.</summary>
        public Task SettleAsync()
        {
            while (_messages.FindIndex(message => message.Due <= time.GetTimestamp()) is >= 0 and var index)
            {
                var go = _messages[index].Go;
                _messages.RemoveAt(index);
                go();
            }

            return Task.CompletedTask;
        }

        private Task DelayAsync()
        {
            var arrived = new TaskCompletionSource();
            _messages.Add((time.GetTimestamp() + (long)(random.NextDouble() * slowest.TotalSeconds * time.TimestampFrequency), arrived.SetResult));
            return arrived.Task;
        }
    }
}
