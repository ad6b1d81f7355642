namespace GatewayKit.Clusters.Health;

/// <summary>
/// Counts the calls of a destination; who sweeps looks at the counters now and then, and has the calls of a window by the difference. So a call costs
/// one addition. Counting is safe for concurrent use, the rest is for one at a time.
/// </summary>
internal sealed class CallWindow
{
    /// <summary>In how many steps a window is gone through.</summary>
    public const int Steps = 5;

    private readonly CallCount[] _seen = new CallCount[Steps];
    private long _calls, _failures;
    private int _next;

    public CallCount Total => new(Volatile.Read(ref _calls), Volatile.Read(ref _failures));

    public void Count(bool failed)
    {
        // First the failure: whoever reads between the two sees one too many, and never more failures than calls by more than those under way.
        if (failed)
        {
            Interlocked.Increment(ref _failures);
        }

        Interlocked.Increment(ref _calls);
    }

    /// <summary>Goes on by a step.</summary>
    /// <returns>The calls of the window that ends now.</returns>
    public CallCount Advance()
    {
        var now = Total;
        var inWindow = now - _seen[_next];
        _seen[_next] = now;
        _next = (_next + 1) % Steps;
        return inWindow with { Failures = Math.Min(inWindow.Failures, inWindow.Calls) };
    }

    /// <summary>Lets no call before now count.</summary>
    public void Forget() => Array.Fill(_seen, Total);
}
