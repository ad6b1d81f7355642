using System.Globalization;

namespace GatewayKit.Benchmarks.Streaming;

/// <summary>Times in milliseconds, summed up.</summary>
internal readonly record struct Percentiles(double P50, double P99, double Maximum, int Count)
{
    public static Percentiles Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return new(At(sorted, 0.5), At(sorted, 0.99), sorted[^1], sorted.Length);
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"p50 {P50:F2} ms, p99 {P99:F2} ms, maximum {Maximum:F2} ms of {Count:N0}");

    // The nearest rank: no figure is made up between two measured ones.
    private static double At(double[] sorted, double part) => sorted[(int)Math.Ceiling(part * sorted.Length) - 1];
}
