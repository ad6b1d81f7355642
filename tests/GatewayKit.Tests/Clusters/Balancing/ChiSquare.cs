namespace GatewayKit.Tests.Clusters.Balancing;

/// <summary>Pearson's test: how likely counts as uneven as these are, if each pick falls to a destination with the chance of its weight.</summary>
internal static class ChiSquare
{
    public static double P(IReadOnlyList<long> counts, IReadOnlyList<double> weights)
    {
        var (picks, total, sum) = (counts.Sum(), weights.Sum(), 0.0);
        for (var i = 0; i < counts.Count; i++)
        {
            var expected = picks * weights[i] / total;
            if (weights[i] == 0)
            {
                Assert.Equal(0, counts[i]);
                continue;
            }

            sum += (counts[i] - expected) * (counts[i] - expected) / expected;
        }

        // The distribution's upper tail by Wilson and Hilferty's cube root: exact to 0.001 here, where only "below 0.001 or not" counts.
        var freedom = weights.Count(static weight => weight > 0) - 1;
        var part = 2.0 / (9 * freedom);
        return UpperTail((Math.Cbrt(sum / freedom) - (1 - part)) / Math.Sqrt(part));
    }

    // Of the normal distribution (Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.17).
    private static double UpperTail(double z)
    {
        var t = 1 / (1 + (0.2316419 * Math.Abs(z)));
        var series = t * (0.319381530 + (t * (-0.356563782 + (t * (1.781477937 + (t * (-1.821255978 + (t * 1.330274429))))))));
        var tail = Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI) * series;
        return z >= 0 ? tail : 1 - tail;
    }
}
