namespace GatewayKit.Resilience;

/// <summary>
/// A running estimate of a quantile: a value above it moves it up by a little, one below down, in the proportion that lets it come to rest where
/// it belongs (Ma, Muthukrishnan and Sandler, "Frugal Streaming for Estimating Quantiles", 2013). One number; a lost update costs nothing but
/// itself. Safe for concurrent use.
/// </summary>
internal sealed class QuantileEstimate(double quantile)
{
    // A step of 4 % of the estimate for a median: it halves within some 35 values, and trembles by a few per cent.
    private const double Step = 0.08;

    private double _value;

    /// <summary>The estimate in the unit of the values; 0 before the first.</summary>
    public double Value => Volatile.Read(ref _value);

    public void Observe(double value)
    {
        var estimate = Volatile.Read(ref _value);
        var next = estimate <= 0 ? value
            : value > estimate ? estimate * (1 + (Step * quantile))
            : value < estimate ? estimate * (1 - (Step * (1 - quantile)))
            : estimate;
        Volatile.Write(ref _value, next);
    }
}
