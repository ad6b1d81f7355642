using System.Diagnostics;
using System.Globalization;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Pipeline;

namespace GatewayKit.Benchmarks.Identity;

/// <summary>
/// Whether the time of a refusal tells what is wrong with a key: an id that nobody has, a wrong secret, a right secret that was revoked. All are known to the instance, as they are to whoever
/// asks twice; samples of the classes follow each other in random order. Judged by the size of the effect: medians within 1 %, and 0.50 ± 0.02 of all pairs in one order (rank sum).
/// </summary>
internal static class KeyTimingRun
{
    private const int Samples = 200_000;
    private const int Keys = 1_000;
    private const double MedianBar = 0.01;
    private const double OrderBar = 0.02;

    private static readonly string[] Names = ["unknown id", "wrong secret", "revoked"];

    public static async Task<int> RunAsync()
    {
        using var store = new KeyStore(Keys);
        var revoked = Enumerable.Range(0, Keys).Select(static _ => ApiKey.Create()).ToArray();
        foreach (var key in revoked)
        {
            store.Put(key.ToStored() with { IsRevoked = true });
        }

        // As a server makes them: each text is new.
        string[][] texts =
        [
            [.. Enumerable.Range(0, Keys).Select(static _ => ApiKey.Create().Reveal())],
            [.. store.Keys.Select(static key => WithOtherSecret(key).Reveal())],
            [.. revoked.Select(static key => key.Reveal())],
        ];
        var times = new long[Names.Length][];
        for (var round = 0; round < 3; round++)
        {
            // The first rounds warm up: caches, then the compiler.
            times = await MeasureAsync(store, texts, round < 2 ? Samples / 4 : Samples);
        }

        var isWithin = true;
        var sorted = Array.ConvertAll(times, static one => one.Order().ToArray());
        for (var i = 0; i < Names.Length; i++)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Names[i],-14} {Samples:N0} samples, median {Nanoseconds(Median(sorted[i])):0} ns, 90 % {Nanoseconds(sorted[i][Samples * 9 / 10]):0} ns"));
        }

        for (var a = 0; a < Names.Length; a++)
        {
            for (var b = a + 1; b < Names.Length; b++)
            {
                var (medians, order) = (Math.Abs((Median(sorted[a]) / Median(sorted[b])) - 1), ShareBelow(sorted[a], sorted[b]));
                isWithin &= medians <= MedianBar && Math.Abs(order - 0.5) <= OrderBar;
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Names[a]} and {Names[b]}: medians differ by {medians:P2}, AUC {order:0.000}"));
            }
        }

        Console.WriteLine(isWithin ? "Not separable: medians within 1 %, AUC within 0.50 ± 0.02." : "SEPARABLE.");
        return isWithin ? 0 : 1;
    }

    private static async Task<long[][]> MeasureAsync(KeyStore store, string[][] texts, int samples)
    {
        var times = Array.ConvertAll(texts, _ => new long[samples]);
        var order = new int[texts.Length];
        var request = KeyStore.Request(store.Keys[0]);
        for (var i = 0; i < samples; i++)
        {
            for (var kind = 0; kind < order.Length; kind++)
            {
                order[kind] = kind;
            }

            Random.Shared.Shuffle(order);
            foreach (var kind in order)
            {
                // What a server has just read, so that where a text lies in memory is no part of it.
                request.HttpContext.Request.Headers["X-Api-Key"] = new string(texts[kind][Random.Shared.Next(Keys)].AsSpan());
                var started = Stopwatch.GetTimestamp();
                var checking = store.Check(request);
                times[kind][i] = Stopwatch.GetTimestamp() - started;
                if ((await checking).Consumer is not null)
                {
                    throw new InvalidOperationException("A wrong key was let in.");
                }
            }
        }

        return times;
    }

    private static ApiKey WithOtherSecret(ApiKey key) =>
        ApiKey.TryParse(ApiKeyText.Create("gk_live", key.Id, ApiKey.Create().Reveal().Split('_')[3]), out var wrong) ? wrong : throw new InvalidOperationException();

    private static double Median(long[] sorted) => (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2.0;

    private static double Nanoseconds(double ticks) => ticks * 1e9 / Stopwatch.Frequency;

    // Of all pairs, those whose first is the shorter; equal ones by half (Mann and Whitney).
    private static double ShareBelow(long[] first, long[] second)
    {
        var (below, upTo) = (0, 0);
        double pairs = 0;
        foreach (var time in second)
        {
            while (below < first.Length && first[below] < time)
            {
                below++;
            }

            while (upTo < first.Length && first[upTo] <= time)
            {
                upTo++;
            }

            pairs += below + ((upTo - below) / 2.0);
        }

        return pairs / first.Length / second.Length;
    }
}
