using GatewayKit.Pipeline;
using GatewayKit.Resilience;

namespace GatewayKit.Tests.Resilience.Model;

/// <summary>
/// One trace: calls that come and end in any order, in good and bad weather, some of them after a reload has put another breaker in place; time that
/// passes in small steps, long pauses and to the very tick of a change; a date that is set; orders from outside.
/// </summary>
internal sealed class CircuitTrace(Trace trace)
{
    private readonly List<Underway> _underway = [];
    private CircuitPair _pair = new(PolicyOf(trace), trace);
    private double _failures = trace.OneOf(0.0, 0.1, 0.3, 0.5, 0.9, 1.0);

    public void Run()
    {
        for (var steps = trace.Number(15, 75); steps > 0; steps--)
        {
            Step();
            _pair.Compare();
            NoMoreProbesThanAllowed();
        }

        AllPlacesAreFreeOnceQuiet();
    }

    private void Step()
    {
        switch (trace.Number(0, 99))
        {
            case < 30:
                Enter();
                break;
            case < 50:
                LeaveOne();
                break;
            case < 65:
                CallSeveral();
                break;
            case < 85:
                PassTime();
                break;
            case < 88:
                trace.Note($"the date is set");
                trace.Time.SetWallClock(TimeSpan.FromHours(trace.OneOf(-1, 1)));
                break;
            case < 92:
                _failures = trace.OneOf(0.0, 0.0, 0.1, 0.5, 1.0);
                trace.Note($"weather: {_failures}");
                break;
            case < 98:
                Order();
                break;
            default:
                Reload();
                break;
        }
    }

    private void Enter()
    {
        var isOnly = trace.Chance(0.5);
        var one = _pair.Enter(isOnly);
        trace.Note($"enter, only one: {isOnly} -> {one?.Permit}");
        if (one is not null)
        {
            _underway.Add(one);
        }
    }

    private void LeaveOne()
    {
        if (_underway.Count > 0)
        {
            var at = trace.Random.Next(_underway.Count);
            var one = _underway[at];
            _underway.RemoveAt(at);
            Leave(one);
        }
    }

    private void CallSeveral()
    {
        for (var calls = trace.Number(1, 8); calls > 0; calls--)
        {
            if (_pair.Enter(isOnly: false) is { } one)
            {
                Leave(one);
            }

            _pair.Compare();
        }
    }

    private void Leave(Underway one)
    {
        var result = trace.Chance(0.15) ? CallResult.Neutral : trace.Chance(_failures) ? CallResult.Failure : CallResult.Success;
        var took = trace.Chance(0.3) ? TimeSpan.FromSeconds(trace.Number(1, 3)) : TimeSpan.FromMilliseconds(trace.Number(0, 999));
        TimeSpan? retryAfter = trace.Chance(0.05) ? TimeSpan.FromSeconds(trace.Number(0, 120)) : null;
        trace.Note($"leave {one.Permit}: {result} after {took}, asks for {retryAfter}");
        one.Pair.Leave(one, result, took, retryAfter);
    }

    private void PassTime()
    {
        var next = _pair.Breaker.NextChange;
        var left = next == long.MaxValue ? TimeSpan.FromMinutes(5) : TimeSpan.FromTicks(next - trace.Time.GetTimestamp());
        var passes = trace.Number(0, 9) switch
        {
            < 4 => trace.Milliseconds(0, 500),
            < 6 => trace.Milliseconds(500, 5_000),
            6 => left - TimeSpan.FromTicks(1),
            < 9 => left,
            _ => TimeSpan.FromSeconds(trace.Number(5, 400)),
        };
        trace.Time.Advance(passes);
        trace.Note($"{passes} passed");
    }

    private void Order()
    {
        var (breaker, model, now) = (_pair.Breaker, _pair.Model, trace.Time.GetTimestamp());
        switch (trace.Number(0, 5))
        {
            case 0:
                trace.Note($"isolate");
                breaker.Isolate();
                model.Isolate(now);
                break;
            case 1 or 2:
                trace.Note($"close");
                breaker.Close();
                model.Close(now);
                break;
            case 3:
                trace.Note($"probe early");
                breaker.ProbeEarly();
                model.ProbeEarly(now);
                break;
            default:
                trace.Note($"trip");
                breaker.Trip("outlier", 20, 7);
                model.Trip(20, 7, now);
                break;
        }
    }

    // Without a change for the circuit it stays, and with one another takes its place; calls under way end where they began.
    private void Reload()
    {
        if (trace.Chance(0.5))
        {
            trace.Note($"reload with other rules");
            var isIsolated = _pair.Breaker.State is CircuitState.Isolated;
            _pair = new(PolicyOf(trace), trace);
            if (isIsolated)
            {
                _pair.Breaker.Isolate();
                _pair.Model.Isolate(trace.Time.GetTimestamp());
            }
        }
    }

    private void NoMoreProbesThanAllowed()
    {
        var probes = _underway.Count(one => one.Pair == _pair && _pair.Model.IsProbe(one.Call));
        Assert.True(probes <= _pair.Policy.MaxProbes, "more probes under way than allowed");
    }

    // However calls ended and whatever happened meanwhile, none of them still holds a place.
    private void AllPlacesAreFreeOnceQuiet()
    {
        _failures = 0;
        while (_underway.Count > 0)
        {
            LeaveOne();
        }

        _pair.Breaker.Close();
        _pair.Breaker.Trip("outlier", 1, 1);
        _pair.Breaker.ProbeEarly();
        for (var i = 0; i < _pair.Policy.MaxProbes; i++)
        {
            Assert.True(_pair.Breaker.TryEnter(out var probe) && probe.IsProbe, "a place is taken by nobody");
        }

        Assert.False(_pair.Breaker.TryEnter(out _), "more places than there are");
    }

    private static CircuitBreakerPolicy PolicyOf(Trace trace) => new()
    {
        Mode = trace.OneOf(PolicyMode.Enforce, PolicyMode.Enforce, PolicyMode.Enforce, PolicyMode.Enforce, PolicyMode.Shadow, PolicyMode.Off),
        FailurePercent = trace.OneOf(1, 25, 50, 50, 100),
        MinResults = trace.OneOf(1, 3, 10, 20),
        Window = TimeSpan.FromSeconds(trace.OneOf(1, 3, 10, 30)),
        FailuresInARow = trace.OneOf(0, 1, 3, 5, 5),
        SlowCall = trace.OneOf<TimeSpan?>(null, TimeSpan.FromSeconds(1)),
        SlowPercent = trace.OneOf(20, 80, 100),
        OpenFor = TimeSpan.FromSeconds(trace.OneOf(0.1, 1, 5)),
        MaxOpenFor = TimeSpan.FromSeconds(trace.OneOf(5, 7, 60)),
        MaxProbes = trace.OneOf(1, 3, 3, 5),
        SuccessesToRecover = trace.OneOf(1, 3, 3, 4),
        Recovery = TimeSpan.FromSeconds(trace.OneOf(0, 1, 3.3, 10)),
    };
}
