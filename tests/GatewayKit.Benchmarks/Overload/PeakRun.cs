using GatewayKit.Benchmarks.Faults;
using GatewayKit.Benchmarks.Streaming;
using GatewayKit.Clusters;

namespace GatewayKit.Benchmarks.Overload;

/// <summary>Four times what the service can do for a while, and ten times for a second now and then: with a fixed limit, an adaptive one, and as good as none.</summary>
internal static class PeakRun
{
    // A little more than there are workers, so that none of them is ever idle for want of a request.
    private const int Places = OverloadLab.Workers + 2;

    public static async Task RunAsync(TimeSpan length)
    {
        await RunAsync($"MaxInFlight {Places}", new() { MaxInFlight = Places }, Places, length);
        await RunAsync("Adaptive", new() { Adaptive = new() }, null, length);
        await RunAsync("Adaptive, nobody waits", new() { Adaptive = new(), Queue = 0 }, null, length);
        await RunAsync("no limit to speak of", new() { MaxInFlight = 1_000_000 }, null, TimeSpan.FromSeconds(Math.Min(10, length.TotalSeconds)));
    }

    private static async Task RunAsync(string name, ClusterLimits limits, int? cap, TimeSpan length)
    {
        await using var lab = await OverloadLab.StartAsync(limits);
        await lab.MeasureCapacityAsync(TimeSpan.FromSeconds(3));
        var capacity = await lab.MeasureCapacityAsync(TimeSpan.FromSeconds(10));
        Console.WriteLine($"Overload, {name}: the service does {capacity:0}/s, works {OverloadLab.MeanWork.TotalMilliseconds:0} ms on a request on average; clients wait {OverloadLab.Patience.TotalSeconds:0} s");
        var calm = await lab.LoadAsync(0.8 * capacity, TimeSpan.FromSeconds(10));
        Report("0.8 ×", calm, capacity, TimeSpan.FromSeconds(10), lab, cap);

        // The first seconds are judged apart: an adaptive limit finds its number in them.
        Report("4 ×, the first 5 s", await lab.LoadAsync(4 * capacity, TimeSpan.FromSeconds(5)), capacity, TimeSpan.FromSeconds(5), lab, cap);
        Report($"4 ×, {length.TotalSeconds:0} s more", await lab.LoadAsync(4 * capacity, length), capacity, length, lab, cap);
        await RecoverAsync(lab, capacity);
        for (var spike = 1; spike <= 3; spike++)
        {
            var during = await lab.LoadAsync(10 * capacity, TimeSpan.FromSeconds(1));
            Report($"10 × for 1 s, spike {spike}", during, capacity, TimeSpan.FromSeconds(1), lab, cap);
            await RecoverAsync(lab, capacity);
        }
    }

    // From the end of a peak: the second from which on everybody is served.
    private static async Task RecoverAsync(OverloadLab lab, double capacity)
    {
        var start = TimeProvider.System.GetTimestamp();
        var after = await lab.LoadAsync(0.5 * capacity, TimeSpan.FromSeconds(8));
        var last = after.Where(static sample => !sample.IsServed).Select(sample => TimeProvider.System.GetElapsedTime(start, sample.Due).TotalSeconds).DefaultIfEmpty(0).Max();
        Console.WriteLine($"    after it, at 0.5 ×: {after.Count(static sample => !sample.IsServed):N0} of {after.Count:N0} not served, the last one {last:F1} s after its end");
        lab.Service.ForgetPeak();
    }

    private static void Report(string name, IReadOnlyList<Sample> samples, double capacity, TimeSpan length, OverloadLab lab, int? cap)
    {
        Sample[] served = [.. samples.Where(static sample => sample.IsServed)];
        Sample[] shed = [.. samples.Where(static sample => sample.Reason is "overloaded")];
        var late = samples.Count - served.Length - shed.Length;
        Console.WriteLine($"  {name}: {samples.Count:N0} requests, {served.Length:N0} served = {served.Length / length.TotalSeconds:0}/s, {100 * served.Length / length.TotalSeconds / capacity:0} % of the capacity"
            + $"{(served.Length > 0 ? $", {Percentiles.Of(served.Select(static sample => sample.SinceSent))}" : "")}; "
            + $"{shed.Length:N0} shed{(shed.Length > 0 ? $", {Percentiles.Of(shed.Select(static sample => sample.SinceSent))}" : "")}; "
            + $"{late:N0} without an answer; at most {lab.Service.Peak:N0} in the service{(cap is { } places ? $" of {places}" : "")}");
        lab.Service.ForgetPeak();
    }
}
