namespace GatewayKit.Diagnostics;

/// <summary>Lets a line through once in a minute: what comes with every request says nothing new with each. Safe for concurrent use.</summary>
internal sealed class LogPace
{
    private const int Seconds = 60;

    private long _due;

    /// <summary>Whether the line may be written now.</summary>
    /// <param name="now">Monotonic time, in units of the caller's.</param>
    /// <param name="perSecond">How many of them a second has.</param>
    public bool IsDue(long now, long perSecond)
    {
        var due = Volatile.Read(ref _due);
        return now >= due && Interlocked.CompareExchange(ref _due, now + (Seconds * perSecond), due) == due;
    }
}
