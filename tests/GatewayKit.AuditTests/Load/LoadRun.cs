using System.Diagnostics;

namespace GatewayKit.AuditTests.Load;

/// <summary>So many clients at once, each asking for one thing after the other, until so many requests were made.</summary>
internal static class LoadRun
{
    public static async Task<LoadReport> RunAsync(LoadTarget target, RunLog log, int clients, int seed, long requests, CancellationToken stop = default)
    {
        var (left, start) = (requests, Stopwatch.GetTimestamp());
        var workers = Enumerable.Range(0, clients).Select(number => new LoadWorker(target, log, number, seed)).ToArray();
        await Task.WhenAll(workers.Select(worker => Task.Run(
            async () =>
            {
                while (Interlocked.Decrement(ref left) >= 0 && !stop.IsCancellationRequested)
                {
                    await worker.AskAsync();
                }
            },
            CancellationToken.None)));
        var time = Stopwatch.GetElapsedTime(start);
        Array.ForEach(workers, static worker => worker.Dispose());
        return new(requests - Math.Max(0, left), time, Sum(workers.SelectMany(static worker => worker.Aborts)), Sum(workers.SelectMany(static worker => worker.Faults)));
    }

    private static Dictionary<TKey, int> Sum<TKey>(IEnumerable<KeyValuePair<TKey, int>> counts)
        where TKey : notnull => counts.GroupBy(static one => one.Key).ToDictionary(static group => group.Key, static group => group.Sum(static one => one.Value));
}

/// <summary>What a load was.</summary>
internal sealed record LoadReport(long Requests, TimeSpan Time, IReadOnlyDictionary<AbortAt, int> Aborts, IReadOnlyDictionary<string, int> Faults)
{
    public override string ToString() => FormattableString.Invariant(
        $"{Requests} requests in {Time.TotalSeconds:0.0} s ({Requests / Time.TotalSeconds:0}/s), {Faults.Values.Sum()} faults of {Faults.Count} kinds, {Aborts.Values.Sum()} clients that left in {Aborts.Count} places");
}
