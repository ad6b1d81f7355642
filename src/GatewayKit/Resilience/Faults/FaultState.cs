using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Resilience.Faults;

/// <summary>What the faults of one endpoint share: their draws, their end, and how many requests suffer. Thread-safe.</summary>
internal sealed class FaultState
{
    private readonly TimeProvider _time;
    private readonly Random? _seeded;
    private readonly Lock _lock = new();
    private int _active;

    public FaultState(FaultPolicy policy, TimeProvider time)
    {
        (Policy, _time) = (policy, time);
        _seeded = policy.Seed is { } seed ? new(seed) : null;

        // A date is for people, so it is the wall clock's.
        Until = policy.Until ?? time.GetUtcNow() + FaultPolicy.DefaultDuration;
    }

    public FaultPolicy Policy { get; }

    public DateTimeOffset Until { get; }

    /// <summary>Whether a request may meet faults here.</summary>
    public bool Concerns(HttpContext httpContext) => _time.GetUtcNow() < Until && (Policy.Match.Count == 0 || Asks(httpContext));

    /// <summary>Whether it is this one's turn.</summary>
    /// <param name="percent">Of all; 0 is never, 100 always.</param>
    public bool Draw(double percent) => Next() * 100 < percent;

    /// <summary>From 0 to less than 1.</summary>
    public double Next()
    {
        if (_seeded is null)
        {
            return Random.Shared.NextDouble();
        }

        lock (_lock)
        {
            return _seeded.NextDouble();
        }
    }

    /// <summary>Takes a place among those that suffer, to be given back once.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _active) <= Policy.MaxActive)
        {
            return true;
        }

        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _active);

    private bool Asks(HttpContext httpContext)
    {
        if (httpContext.User.Identity?.IsAuthenticated is not true && !ForwardedHops.IsTrusted(httpContext.Connection.RemoteIpAddress, Policy.From))
        {
            return false;
        }

        foreach (var (name, value) in Policy.Match)
        {
            if (!httpContext.Request.Headers.TryGetValue(name, out var values) || (value != "*" && (values.Count != 1 || values[0] != value)))
            {
                return false;
            }
        }

        return true;
    }
}
