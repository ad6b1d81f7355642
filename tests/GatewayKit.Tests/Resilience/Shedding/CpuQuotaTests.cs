using GatewayKit.Resilience.Shedding;

namespace GatewayKit.Tests.Resilience.Shedding;

/// <summary>Control groups as files, as cgroups(7) has them.</summary>
public sealed class CpuQuotaTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("gatewaykit-cgroup");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void Quota_is_a_fraction_of_processors()
    {
        Write("proc/self/cgroup", "0::/\n");
        Write("sys/fs/cgroup/cpu.max", "150000 100000\n");
        Assert.Equal(1.5, CpuQuota.Read(_root.FullName));
    }

    [Fact]
    public void Lowest_quota_of_the_groups_above_counts()
    {
        Write("proc/self/cgroup", "0::/pod/app\n");
        Write("sys/fs/cgroup/pod/app/cpu.max", "max 100000\n");
        Write("sys/fs/cgroup/pod/cpu.max", "50000 100000\n");
        Write("sys/fs/cgroup/cpu.max", "400000 100000\n");
        Assert.Equal(0.5, CpuQuota.Read(_root.FullName));
    }

    // In a container of version 1 the path is one of the host.
    [Theory]
    [InlineData("sys/fs/cgroup/cpu,cpuacct")]
    [InlineData("sys/fs/cgroup/cpu")]
    public void First_version_is_read_too(string mount)
    {
        Write("proc/self/cgroup", "11:memory:/docker/1\n4:cpu,cpuacct:/docker/1\n0::/docker/1\n");
        Write($"{mount}/cpu.cfs_quota_us", "25000\n");
        Write($"{mount}/cpu.cfs_period_us", "100000\n");
        Assert.Equal(0.25, CpuQuota.Read(_root.FullName));
    }

    [Theory]
    [InlineData("max 100000")]
    [InlineData("max")]
    [InlineData("")]
    [InlineData("0 100000")]
    [InlineData("100000 0")]
    [InlineData("-1 100000")]
    public void What_is_no_quota_is_none(string text)
    {
        Write("proc/self/cgroup", "0::/../other\n");
        Write("sys/fs/cgroup/cpu.max", text);
        Assert.Null(CpuQuota.Read(_root.FullName));
    }

    [Fact]
    public void System_without_control_groups_has_none() => Assert.Null(CpuQuota.Read(_root.FullName));

    [Fact]
    public void Process_may_use_some() => Assert.InRange(CpuQuota.OfProcess(), double.Epsilon, Environment.ProcessorCount);

    private void Write(string path, string text)
    {
        var file = Path.Combine(_root.FullName, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
