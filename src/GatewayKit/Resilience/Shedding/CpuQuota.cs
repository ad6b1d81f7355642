using System.Globalization;

namespace GatewayKit.Resilience.Shedding;

/// <summary>
/// How much processor time the process may use. .NET rounds the quota of a control group up to whole processors (<see cref="Environment.ProcessorCount"/>), and one that
/// may use 1.2 of 2 would never seem to use more than three fifths of what it has.
/// </summary>
internal static class CpuQuota
{
    private const string Groups = "sys/fs/cgroup";

    /// <summary>In processors, of this process.</summary>
    public static double OfProcess() => OperatingSystem.IsLinux() && Read("/") is { } quota ? Math.Min(quota, Environment.ProcessorCount) : Environment.ProcessorCount;

    /// <summary>The lowest quota of the control groups that the process is in.</summary>
    /// <param name="root">Where <c>proc</c> and <c>sys</c> are.</param>
    /// <returns>In processors; <see langword="null"/> if there is none, or nobody says.</returns>
    public static double? Read(string root)
    {
        try
        {
            double? least = null;
            foreach (var line in File.ReadLines(Path.Combine(root, "proc/self/cgroup")))
            {
                // Number, controllers, path: of version 2 there is one without controllers (cgroups(7)).
                if (line.Split(':', 3) is not [_, var controllers, var path])
                {
                    continue;
                }

                var isCpu = controllers.Split(',').Contains("cpu", StringComparer.Ordinal);
                IEnumerable<string> mounts = controllers.Length == 0 ? [Groups] : isCpu ? [$"{Groups}/{controllers}", $"{Groups}/cpu"] : [];
                foreach (var mount in mounts)
                {
                    least = Lower(least, LeastOf(Path.Combine(root, mount), path, hasOneFile: controllers.Length == 0));
                }
            }

            return least;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // A group has at most what those above it have. In a container the path may be one of the host, and only the mount itself is there.
    private static double? LeastOf(string mount, string path, bool hasOneFile)
    {
        double? least = null;
        var names = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (var depth = names.Contains("..", StringComparer.Ordinal) ? 0 : names.Length; depth >= 0; depth--)
        {
            var group = Path.Combine([mount, .. names[..depth]]);
            least = Lower(least, hasOneFile
                ? TextOf(Path.Combine(group, "cpu.max"))?.Split(' ') is [var quota, var period] ? Divide(quota, period) : null
                : Divide(TextOf(Path.Combine(group, "cpu.cfs_quota_us")), TextOf(Path.Combine(group, "cpu.cfs_period_us"))));
        }

        return least;
    }

    private static double? Lower(double? one, double? other) => one is null || other < one ? other : one;

    // "max" and -1 are no quota.
    private static double? Divide(string? quota, string? period) =>
        long.TryParse(quota, NumberStyles.None, CultureInfo.InvariantCulture, out var part) && part > 0
        && long.TryParse(period, NumberStyles.None, CultureInfo.InvariantCulture, out var whole) && whole > 0 ? (double)part / whole : null;

    private static string? TextOf(string path) => File.Exists(path) ? File.ReadAllText(path).Trim() : null;
}
