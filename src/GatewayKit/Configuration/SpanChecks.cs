namespace GatewayKit.Configuration;

/// <summary>Checks spans of time.</summary>
internal static class SpanChecks
{
    /// <param name="span">What was said.</param>
    /// <param name="least">The least that may be.</param>
    /// <param name="most">The most that may be.</param>
    /// <param name="path">Where it stands; what comes last in it is its name.</param>
    /// <param name="report">Takes the error.</param>
    /// <param name="mayBeInfinite">Whether it may be infinite besides.</param>
    public static void Check(TimeSpan span, TimeSpan least, TimeSpan most, string path, Report report, bool mayBeInfinite = false)
    {
        if ((span < least || span > most) && !(mayBeInfinite && span == Timeout.InfiniteTimeSpan))
        {
            report(path, $"{path[(path.LastIndexOf(':') + 1)..]} is {span:c}; it must be from {least:c} to {most:c}{(mayBeInfinite ? ", or \"Infinite\"" : string.Empty)}.");
        }
    }
}
