using System.Globalization;

namespace GatewayKit.Throttling.Quotas;

/// <summary>
/// The last while, such as the last 24 hours, counted in buckets. What is used comes back one bucket's length late at most, and never early:
/// in no span of this length is more admitted than the limit.
/// </summary>
/// <param name="Rolling">Its length, 1 second to 366 days.</param>
/// <param name="Buckets">How many parts of it are told apart, 1 to 1,000. Default 60. Each takes 8 bytes for each partition key.</param>
public sealed record RollingWindow(TimeSpan Rolling, int Buckets = 60) : QuotaWindow
{
    private const int MaxBuckets = 1_000;

    internal override string DefaultName => "rolling";

    internal override TimeSpan NominalLength => Rolling;

    internal override string Identity => string.Create(CultureInfo.InvariantCulture, $"rolling {Rolling:c} {Buckets}");

    internal override IEnumerable<string> Errors
    {
        get
        {
            if (Rolling < FirstUseWindow.MinLength || Rolling > FirstUseWindow.MaxLength)
            {
                yield return FirstUseWindow.OutOfRange(nameof(Rolling), Rolling);
            }

            if (Buckets is < 1 or > MaxBuckets)
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"Buckets is {Buckets}; it must be from 1 to {MaxBuckets}.");
            }
        }
    }

    /// <summary>The length of a bucket, in ticks; rounded up, so that all of them cover the window.</summary>
    internal long Width => (Rolling.Ticks + Buckets - 1) / Buckets;

    /// <inheritdoc/>
    public override QuotaSpan SpanAt(DateTimeOffset instant)
    {
        var start = instant.UtcTicks / Width * Width;
        return new(new(start, TimeSpan.Zero), new(start + Width, TimeSpan.Zero));
    }
}
