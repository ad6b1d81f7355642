using GatewayKit.Benchmarks.Faults;
using GatewayKit.Clusters;

namespace GatewayKit.Benchmarks.Overload;

/// <summary>The service loses half of its workers under a load of four fifths of what it could do before, and gets them back: second by second, with an adaptive limit and without.</summary>
internal static class HalvesRun
{
    public static async Task RunAsync(TimeSpan length)
    {
        await RunAsync("Adaptive", new() { Adaptive = new() }, length);
        await RunAsync("no adaptive limit, MaxInFlight as it is by default", new(), length);
    }

    private static async Task RunAsync(string name, ClusterLimits limits, TimeSpan length)
    {
        await using var lab = await OverloadLab.StartAsync(limits);
        await lab.MeasureCapacityAsync(TimeSpan.FromSeconds(3));
        var capacity = await lab.MeasureCapacityAsync(TimeSpan.FromSeconds(10));
        var third = length / 3;
        Console.WriteLine($"Capacity halves, {name}: {capacity:0}/s before, {0.8 * capacity:0}/s come; {third.TotalSeconds:0} s whole, {third.TotalSeconds:0} s half, {third.TotalSeconds:0} s whole again");
        var start = TimeProvider.System.GetTimestamp();
        var loading = lab.LoadAsync(0.8 * capacity, length);
        await Task.Delay(third);
        lab.Service.SetWorkers(OverloadLab.Workers / 2);
        await Task.Delay(third);
        lab.Service.SetWorkers(OverloadLab.Workers);
        foreach (var second in (await loading).GroupBy(sample => (int)TimeProvider.System.GetElapsedTime(start, sample.Due).TotalSeconds).OrderBy(static second => second.Key))
        {
            Sample[] served = [.. second.Where(static sample => sample.IsServed)];
            Console.WriteLine($"  {second.Key,3} s: served {served.Length,4}, shed {second.Count(static sample => sample.Reason is "overloaded"),4}, "
                + $"without an answer {second.Count(static sample => sample.Status is 0),4}, served in {(served.Length > 0 ? served.Average(static sample => sample.SinceSent) : 0):F0} ms on average");
        }
    }
}
