namespace GatewayKit.Rollout.Splits;

/// <summary>Requests of one side in the last while: how many, how many failed, how long they took. Six slots that follow each other. Safe for concurrent use.</summary>
internal sealed class TrafficWindow(TimeSpan length, TimeProvider time)
{
    private const int Slots = 6;

    private readonly Slot[] _slots = [.. Enumerable.Range(0, Slots).Select(static _ => new Slot())];
    private readonly long _slotLength = Math.Max(1, (long)(length.TotalSeconds * time.TimestampFrequency / Slots));

    public void Add(bool failed, TimeSpan elapsed)
    {
        var epoch = time.GetTimestamp() / _slotLength;
        _slots[epoch % Slots].Add(epoch, failed, LatencyBuckets.IndexOf(elapsed));
    }

    /// <summary>The sum of what is in the window.</summary>
    public TrafficSample Read()
    {
        var epoch = time.GetTimestamp() / _slotLength;
        var sample = new TrafficSample();
        foreach (var slot in _slots)
        {
            slot.AddTo(sample, oldest: epoch - Slots + 1);
        }

        return sample;
    }

    private sealed class Slot
    {
        private readonly int[] _latencies = new int[LatencyBuckets.Count];
        private readonly Lock _lock = new();
        private long _epoch = -1;
        private int _requests, _failures;

        public void Add(long epoch, bool failed, int bucket)
        {
            if (Volatile.Read(ref _epoch) != epoch)
            {
                Clear(epoch);
            }

            Interlocked.Increment(ref _requests);
            Interlocked.Increment(ref _latencies[bucket]);
            if (failed)
            {
                Interlocked.Increment(ref _failures);
            }
        }

        public void AddTo(TrafficSample sample, long oldest)
        {
            if (Volatile.Read(ref _epoch) >= oldest)
            {
                sample.Add(Volatile.Read(ref _requests), Volatile.Read(ref _failures), _latencies);
            }
        }

        // Who counts into the slot while it is cleared may lose one request: the sides are compared by hundreds.
        private void Clear(long epoch)
        {
            lock (_lock)
            {
                if (_epoch < epoch)
                {
                    Array.Clear(_latencies);
                    (_requests, _failures) = (0, 0);
                    Volatile.Write(ref _epoch, epoch);
                }
            }
        }
    }
}
