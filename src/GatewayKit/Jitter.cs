namespace GatewayKit;

/// <summary>Pulls apart what many gateways that start at once would do at the same time.</summary>
internal static class Jitter
{
    // Within minutes they are spread over a whole period.
    private const double Share = 0.1;

    /// <summary>A span of time, give or take a tenth.</summary>
    /// <param name="span">The span.</param>
    /// <param name="random">Draws from 0 to 1.</param>
    public static TimeSpan Around(TimeSpan span, Func<double> random) => span * (1 - Share + (2 * Share * random()));
}
