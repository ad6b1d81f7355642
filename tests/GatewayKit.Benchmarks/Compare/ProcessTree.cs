using System.Globalization;

namespace GatewayKit.Benchmarks.Compare;

/// <summary>What the kernel says of a process and its children: proc_pid_stat(5), proc_pid_status(5).</summary>
internal sealed class ProcessTree(int root)
{
    private const double MicrosecondsPerTick = 10_000; // USER_HZ is 100 on every Linux that .NET supports.

    /// <summary>User and system time so far, in microseconds; the resolution is 10 ms.</summary>
    public double CpuMicroseconds() => Members().Sum(static id => Ticks($"/proc/{id}/stat")) * MicrosecondsPerTick;

    /// <summary>User and system time that the runtime has taken to compile hot code again, in microseconds.</summary>
    public double CompilerMicroseconds() => Directory.EnumerateDirectories($"/proc/{root}/task")
        .Where(static task => File.ReadAllText($"{task}/comm").StartsWith(".NET Tiered", StringComparison.Ordinal))
        .Sum(static task => Ticks($"{task}/stat")) * MicrosecondsPerTick;

    /// <summary>Resident memory in bytes. Pages that processes share count once for each.</summary>
    public long ResidentBytes() => Members().Sum(static id => File.ReadLines($"/proc/{id}/status")
        .Where(static line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
        .Sum(static line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1_024));

    private List<int> Members()
    {
        var members = new List<int> { root };
        for (var i = 0; i < members.Count; i++)
        {
            foreach (var task in Directory.EnumerateDirectories($"/proc/{members[i]}/task"))
            {
                var children = File.ReadAllText($"{task}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries);
                members.AddRange(children.Select(static child => int.Parse(child, CultureInfo.InvariantCulture)));
            }
        }

        return members;
    }

    // The name in parentheses may hold spaces; utime and stime are fields 14 and 15, which are 11 and 12 after it.
    private static long Ticks(string file)
    {
        var stat = File.ReadAllText(file);
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
    }
}
