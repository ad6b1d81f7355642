using GatewayKit.Resilience.Bulkheads;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Resilience.Bulkheads;

/// <summary>
/// A service as a queueing model behind real places, on virtual time: open arrivals by chance (Poisson), a number of servers, one queue, times by chance
/// (exponential). Who is not answered in time is given up, and served all the same: that is how services collapse.
/// </summary>
internal sealed class SimulatedService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new();
    private readonly Random _random;
    private readonly PriorityQueue<Action, (long At, long Turn)> _events = new();
    private readonly Queue<Request> _backlog = new();
    private readonly List<(Task<bool> Entering, Request Request)> _waiting = [];
    private readonly Bulkhead _bulkhead;
    private readonly PlaceTerms _terms;
    private readonly long _start, _end;
    private long _turn;
    private int _busy;

    /// <param name="seconds">How long it runs.</param>
    /// <param name="adaptive">What moves the number of places; <see langword="null"/> for as many as want in.</param>
    /// <param name="seed">What chance begins with.</param>
    public SimulatedService(int seconds, AdaptiveLimit? adaptive, int seed = 1)
    {
        _random = new(seed);
        _bulkhead = new("simulated", isCluster: true, _time);
        _terms = new(ceiling: 2_048, queue: null, TimeSpan.FromMilliseconds(100), adaptive, _bulkhead);
        _start = _time.GetTimestamp();
        _end = _start + (seconds * _time.TimestampFrequency);
        Seconds = [.. Enumerable.Range(0, seconds).Select(static _ => new Second())];
    }

    /// <summary>Requests that come in a second, by the second.</summary>
    public required Func<int, double> Arrivals { get; init; }

    /// <summary>How many are served at once, by the second. What is under way when it falls ends in its time.</summary>
    public required Func<int, int> Capacity { get; init; }

    /// <summary>How long one takes on average.</summary>
    public TimeSpan ServiceTime { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>By what factor one takes longer that is served with so many others. Default: it does not.</summary>
    public Func<int, double> Slowdown { get; init; } = static _ => 1;

    /// <summary>By what factor one takes longer, by the second. Default: it does not.</summary>
    public Func<int, double> Slowness { get; init; } = static _ => 1;

    /// <summary>What came of each second.</summary>
    public IReadOnlyList<Second> Seconds { get; }

    private int Now => (int)((_time.GetTimestamp() - _start) / _time.TimestampFrequency);

    public SimulatedService Run()
    {
        Schedule(0, Arrive);
        while (_events.TryDequeue(out var happens, out var when) && when.At < _end)
        {
            var step = when.At - _time.GetTimestamp();
            if (step > 0)
            {
                _time.Advance(_time.GetElapsedTime(0, step));
            }

            happens();
            Seconds[Now].Limit = _terms.Max;
        }

        return this;
    }

    /// <summary>Requests answered in time per second, from one second to before another.</summary>
    public double Goodput(int from, int to) => Seconds.Skip(from).Take(to - from).Average(static second => second.Served);

    public int Refused(int from, int to) => Seconds.Skip(from).Take(to - from).Sum(static second => second.Refused);

    /// <summary>Of those answered from one second to before another: in what time so many had their answer.</summary>
    public TimeSpan Latency(int from, int to, double share)
    {
        var times = Seconds.Skip(from).Take(to - from).SelectMany(static second => second.Latencies).Order().ToArray();
        return times[(int)(share * (times.Length - 1))];
    }

    private void Schedule(double seconds, Action happens) => _events.Enqueue(happens, (_time.GetTimestamp() + (long)(seconds * _time.TimestampFrequency), _turn++));

    private double Chance(double mean) => -mean * Math.Log(1 - _random.NextDouble());

    private void Arrive()
    {
        var request = new Request(_time.GetTimestamp());
        if (_bulkhead.Requests.TryTake(_terms.Max))
        {
            Enter(request);
        }
        else
        {
            var entering = _bulkhead.Requests.GetsOneAsync(_terms, TimeSpan.MaxValue, CancellationToken.None);
            _waiting.Add((entering, request));
            Schedule(0.1, () =>
            {
                // It is let in by now, or the time-out has fired and is on its way.
                Assert.True(SpinWait.SpinUntil(() => entering.IsCompleted, TimeSpan.FromSeconds(30)));
                Collect();
            });
        }

        Collect();
        Schedule(Chance(1 / Arrivals(Now)), Arrive);
    }

    // Who was let in or refused by what has just happened. Places change at once, the tasks that tell of it a moment later.
    private void Collect()
    {
        while (_waiting.Count > 0)
        {
            Assert.True(SpinWait.SpinUntil(() => _waiting.Count(static one => !one.Entering.IsCompleted) <= _bulkhead.Requests.Waiting, TimeSpan.FromSeconds(30)));
            var done = _waiting.FindIndex(static one => one.Entering.IsCompleted);
            if (done < 0)
            {
                return;
            }

            var (entering, request) = _waiting[done];
            _waiting.RemoveAt(done);
            if (entering.GetAwaiter().GetResult())
            {
                Enter(request);
            }
            else
            {
                Seconds[Now].Refused++;
            }
        }
    }

    private void Enter(Request request)
    {
        request.EnteredAt = _time.GetTimestamp();
        Seconds[Now].MostInFlight = Math.Max(Seconds[Now].MostInFlight, _bulkhead.Requests.Taken);
        _backlog.Enqueue(request);
        Schedule(Patience.TotalSeconds, () => Leave(request, LimitSample.Drop));
        Serve();
    }

    private void Serve()
    {
        while (_busy < Capacity(Now) && _backlog.TryDequeue(out var request))
        {
            _busy++;
            Schedule(Chance(ServiceTime.TotalSeconds) * Slowdown(_busy) * Slowness(Now), () =>
            {
                _busy--;
                Leave(request, LimitSample.Answer);
                Serve();
            });
        }
    }

    private void Leave(Request request, LimitSample sample)
    {
        if (request.HasLeft)
        {
            return;
        }

        request.HasLeft = true;
        _terms.Observe(sample, _time.GetElapsedTime(request.EnteredAt), _bulkhead.Requests.Taken);
        _bulkhead.Requests.GiveBack();
        var second = Seconds[Now];
        if (sample is LimitSample.Answer)
        {
            second.Served++;
            second.Latencies.Add(_time.GetElapsedTime(request.CameAt));
        }
        else
        {
            second.TimedOut++;
        }

        Collect();
    }

    /// <summary>What came of the requests that ended in a second.</summary>
    internal sealed class Second
    {
        public int Served { get; set; }

        public int TimedOut { get; set; }

        public int Refused { get; set; }

        public int MostInFlight { get; set; }

        /// <summary>The places there were at its end.</summary>
        public int Limit { get; set; }

        public List<TimeSpan> Latencies { get; } = [];
    }

    private sealed class Request(long cameAt)
    {
        public long CameAt => cameAt;

        public long EnteredAt { get; set; }

        public bool HasLeft { get; set; }
    }
}
