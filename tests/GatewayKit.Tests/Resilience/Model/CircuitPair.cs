using GatewayKit.Resilience;

namespace GatewayKit.Tests.Resilience.Model;

/// <summary>A breaker and its model, which get the same calls and draws.</summary>
internal sealed class CircuitPair
{
    private readonly List<CircuitChange> _changes = [];
    private readonly Trace _trace;

    public CircuitPair(CircuitBreakerPolicy policy, Trace trace)
    {
        var seed = trace.Random.Next();
        _trace = trace;
        Policy = policy;
        Breaker = new(policy, trace.Time, new Random(seed).NextDouble, _changes.Add);
        Model = new(policy, new Random(seed), Now);
    }

    public CircuitBreakerPolicy Policy { get; }

    public CircuitBreaker Breaker { get; }

    public ReferenceCircuit Model { get; }

    private long Now => _trace.Time.GetTimestamp();

    public Underway? Enter(bool isOnly)
    {
        var may = Breaker.TryEnter(out var permit, isOnly);
        var call = Model.Enter(isOnly, Now);
        Same(call is not null, may, "may enter");
        if (call is null)
        {
            return null;
        }

        Same(Model.IsProbe(call), permit.IsProbe, "is a probe");
        return new(this, permit, call);
    }

    public void Leave(Underway one, CallResult result, TimeSpan took, TimeSpan? retryAfter)
    {
        Breaker.Leave(one.Permit, result, took, retryAfter);
        Model.Leave(one.Call, result, took, retryAfter, Now);
    }

    /// <summary>Both are in the same place, and came by the same way.</summary>
    public void Compare()
    {
        Model.Pass(Now);
        Same(Model.State, Breaker.State, "state");
        Same(Model.ShareAt(Now), Breaker.Share, "share");
        Same(Model.Bites, Breaker.Bites, "bites");
        Same(Model.RetryAfterAt(Now), Breaker.RetryAfter, "retry after");
        Same(Model.Changes.Count, _changes.Count, "number of changes");
        for (var i = 0; i < _changes.Count; i++)
        {
            Same(Model.Changes[i], _changes[i], "change");
        }

        _changes.Clear();
        Model.Changes.Clear();
        CheckNextChange();
    }

    // Nothing happens until the moment that the breaker names, and then something does.
    private void CheckNextChange()
    {
        var next = Breaker.NextChange;
        var changesByItself = Model.State is CircuitState.Open or CircuitState.Recovering;
        Same(changesByItself, next != long.MaxValue, "has a next change");
        if (changesByItself)
        {
            Same(true, next > Now, "next change is ahead");
            Same(Model.State is CircuitState.Open ? Now + Model.RetryAfterAt(Now).Ticks : NextStep(), next, "next change");
        }
    }

    // Found by halving, not by the breaker's formula. The least share hides the first step.
    private long NextStep()
    {
        var (from, to) = (Now, Now + Policy.Recovery.Ticks);
        var step = Model.StepAt(from);
        while (to - from > 1)
        {
            var middle = from + ((to - from) / 2);
            (from, to) = Model.StepAt(middle) == step ? (middle, to) : (from, middle);
        }

        return to;
    }

    private void Same<T>(T expected, T actual, string what)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
        {
            throw new InvalidOperationException($"{what}: the model says {expected}, the breaker {actual}, after [{string.Join(", ", _changes)}] instead of [{string.Join(", ", Model.Changes)}], with {Policy}");
        }
    }
}

/// <summary>A call under way at both.</summary>
internal sealed record Underway(CircuitPair Pair, CircuitPermit Permit, ReferenceCircuit.Call Call);
