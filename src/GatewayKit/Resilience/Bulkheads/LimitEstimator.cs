namespace GatewayKit.Resilience.Bulkheads;

/// <summary>
/// Finds out how much a service can have in flight, from how long its answers take: a gradient of what is normal and what is now, as in "Gradient2" of
/// Netflix's concurrency-limits, over windows and without probes. Who asks and who samples brings the settings, so that a reload keeps what was
/// learnt. Safe for concurrent use; asking takes no lock.
/// </summary>
/// <param name="initial">What it begins with.</param>
/// <param name="time">What windows are measured by.</param>
internal sealed class LimitEstimator(int initial, TimeProvider time)
{
    /// <summary>How long a window is open at least.</summary>
    public static readonly TimeSpan WindowLength = TimeSpan.FromMilliseconds(500);

    /// <summary>How many samples a window has at least.</summary>
    public const int WindowSamples = 16;

    // Of a window: nine of ten answers are there.
    private const double Share = 0.9;

    // How much of a step is taken: a window is one of many.
    private const double Smoothing = 0.2;

    private const double LeastGradient = 0.5;

    // Answers well within the tolerance show that there is no queue at all; then growth need not be careful.
    private const double ClearlyFree = 1.25;

    // Before the first queue nothing is known, and a service of a thousand places must not wait minutes for them.
    private const double FirstGrowth = 1.5;

    // One failure among hundreds says nothing of capacity, and must not bring a service of thousands of requests a second to its floor.
    private const double DropShare = 0.05;

    private const double AfterDrops = 0.9;

    // Some 300 windows of memory; what is seen while it sheds counts a quarter, lest trouble become normal.
    private const double Weight = 2.0 / 601;
    private const double WeightWhileShedding = 0.25;
    private const int FirstWindows = 10;

    // By what factor one window may be above what is normal and still be learnt in full: time-outs tell how patient the gateway is.
    private const double MostLearnt = 2;

    private readonly Lock _lock = new();
    private readonly LatencyWindow _window = new();
    private readonly long _windowTicks = (long)(WindowLength.TotalSeconds * time.TimestampFrequency);
    private double _limit = initial;
    private double _normal;
    private double _meanTime, _medianTime;
    private long _closesAt;
    private long _answered, _dropped;
    private int _drops, _peak, _windows;
    private bool _hasMetQueue;

    /// <summary>The number of places as it was last found.</summary>
    public int Limit => (int)Volatile.Read(ref _limit);

    /// <summary>What counts as normal for nine of ten answers; zero while nothing is learnt.</summary>
    public TimeSpan Normal => TimeSpan.FromMicroseconds(Volatile.Read(ref _normal));

    /// <summary>How long the answers of the last window took on average; zero before the first.</summary>
    public TimeSpan MeanTime => TimeSpan.FromMicroseconds(Volatile.Read(ref _meanTime));

    /// <summary>In what time half of them were there.</summary>
    public TimeSpan MedianTime => TimeSpan.FromMicroseconds(Volatile.Read(ref _medianTime));

    /// <summary>Samples so far: answers.</summary>
    public long Answered => Volatile.Read(ref _answered);

    /// <summary>Samples so far: requests that failed for want of capacity.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>How many places there are.</summary>
    public int LimitFor(AdaptiveLimit settings) => (int)Math.Clamp(Volatile.Read(ref _limit), settings.Min, settings.Max);

    /// <summary>Takes a sample.</summary>
    /// <param name="settings">What is in force where it comes from.</param>
    /// <param name="sample">What it says.</param>
    /// <param name="headTime">From the request to the head of its answer; <see langword="null"/> if nobody knows, and then an answer is no sample.</param>
    /// <param name="inFlight">How many are in flight, this one among them: seen at each end, the peak is seen.</param>
    public void Observe(AdaptiveLimit settings, LimitSample sample, TimeSpan? headTime, int inFlight)
    {
        if (sample is LimitSample.None || (sample is LimitSample.Answer && headTime is null))
        {
            return;
        }

        var now = time.GetTimestamp();
        lock (_lock)
        {
            if (_window.Count + _drops == 0)
            {
                _closesAt = now + _windowTicks;
            }

            _peak = Math.Max(_peak, inFlight);
            if (sample is LimitSample.Drop)
            {
                _drops++;
                _dropped++;
            }
            else
            {
                _window.Add(headTime.GetValueOrDefault());
                _answered++;
            }

            if (now >= _closesAt && _window.Count + _drops >= WindowSamples)
            {
                Close(settings);
            }
        }
    }

    private void Close(AdaptiveLimit settings)
    {
        var hasDrops = _drops > DropShare * (_window.Count + _drops);
        var room = double.PositiveInfinity;
        if (_window.Count > 0)
        {
            var current = Math.Max(1, _window.Percentile(Share));
            room = settings.Tolerance * (settings.TargetLatency?.TotalMicroseconds ?? (_normal > 0 ? _normal : current)) / current;
            Learn(current, isShedding: hasDrops || room < 1);
            Volatile.Write(ref _meanTime, _window.Mean);
            Volatile.Write(ref _medianTime, _window.Percentile(0.5));
        }

        _hasMetQueue |= hasDrops || room < 1;
        Volatile.Write(ref _limit, Math.Clamp(Next(Math.Clamp(_limit, settings.Min, settings.Max), room, hasDrops, settings.Initial), settings.Min, settings.Max));
        _window.Clear();
        (_drops, _peak) = (0, 0);
    }

    private double Next(double limit, double room, bool hasDrops, int initial)
    {
        // Places that nobody uses are not what made it slow, but would let a queue grow for long before anyone is refused.
        var isUsed = 2 * _peak >= limit;
        var used = isUsed ? limit : Math.Min(limit, Math.Max(2 * _peak, initial));
        if (hasDrops)
        {
            return used * AfterDrops;
        }

        var headroom = Math.Ceiling(Math.Sqrt(limit));
        if (room < 1)
        {
            // Far too slow, the root of a small number would be more than what it shrinks by: the floor would never be reached.
            return !isUsed ? used
                : room <= LeastGradient ? limit * (1 - (Smoothing * (1 - LeastGradient)))
                : limit + (Smoothing * ((limit * (room - 1)) + headroom));
        }

        if (!isUsed && limit >= initial)
        {
            // It is the callers who want no more.
            return limit;
        }

        return room < ClearlyFree ? limit + (Smoothing * headroom)
            : _hasMetQueue || !isUsed ? limit + headroom
            : limit * FirstGrowth;
    }

    private void Learn(double current, bool isShedding)
    {
        var weight = _windows < FirstWindows ? 1.0 / (_windows + 1) : Weight;
        _windows = Math.Min(_windows + 1, FirstWindows);
        var normal = _normal <= 0 ? current : _normal + ((isShedding ? WeightWhileShedding : 1) * weight * (Math.Min(current, MostLearnt * _normal) - _normal));

        // What was learnt in trouble is unlearnt soon when it is over.
        Volatile.Write(ref _normal, normal > 2 * current ? normal * 0.95 : normal);
    }
}
