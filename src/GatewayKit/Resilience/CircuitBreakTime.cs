namespace GatewayKit.Resilience;

/// <summary>How long a circuit stays open: twice as long each time, spread a little so that many instances do not come back at once. Its owner guards it.</summary>
internal sealed class CircuitBreakTime(CircuitBreakerPolicy policy, Func<double> random)
{
    private const double Shortest = 0.8;
    private const double Spread = 0.4;

    // Enough for any limit, and no overflow.
    private const int MostDoublings = 30;

    // After so long without a break the next one is a first one.
    private static readonly TimeSpan Forgiven = TimeSpan.FromMinutes(5);

    private int _breaks;

    /// <summary>How long the break is that begins now.</summary>
    /// <param name="closedFor">How long the circuit was closed before it; zero if it was not.</param>
    /// <param name="retryAfter">How long the one who failed asks to be left alone: it makes a break longer, never shorter.</param>
    public TimeSpan Next(TimeSpan closedFor, TimeSpan? retryAfter)
    {
        if (closedFor >= Forgiven)
        {
            _breaks = 0;
        }

        var longest = policy.MaxOpenFor.TotalSeconds;
        var seconds = Math.Min(longest, policy.OpenFor.TotalSeconds * Math.Pow(2, _breaks)) * (Shortest + (Spread * random()));
        _breaks = Math.Min(_breaks + 1, MostDoublings);
        return TimeSpan.FromSeconds(Math.Max(seconds, Math.Min(retryAfter?.TotalSeconds ?? 0, longest)));
    }

    /// <summary>The next break is a first one.</summary>
    public void Forget() => _breaks = 0;
}
