using GatewayKit.Clusters;
using GatewayKit.Clusters.Health;
using GatewayKit.Configuration;
using GatewayKit.Pipeline;

namespace GatewayKit.Tests.Configuration;

public sealed class HealthChecksTests
{
    private static readonly ActiveHealth Checks = new() { Path = "/health" };

    public static TheoryData<string, string> Faults() => new()
    {
        { "no path", "Active:Path" },
        { "path without a slash", "Active:Path" },
        { "path with a host", "Active:Path" },
        { "path with a fragment", "Active:Path" },
        { "grpc over http/1.1", "Active:Kind" },
        { "grpc with a path", "Active:Path" },
        { "service without grpc", "Active:GrpcService" },
        { "status", "Active:Statuses:1" },
        { "interval", "Active:Interval" },
        { "idle interval", "Active:IdleInterval" },
        { "timeout", "Active:Timeout" },
        { "first probe without checks", "RequireFirstProbe" },
        { "first probe with checks in shadow", "RequireFirstProbe" },
        { "window", "Outliers:Window" },
        { "slow start", "SlowStart:Window" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Fault_is_told_with_its_path(string fault, string path)
    {
        var health = fault switch
        {
            "no path" => new ClusterHealth { Active = new() },
            "path without a slash" => new() { Active = new() { Path = "health" } },
            "path with a host" => new() { Active = new() { Path = "//other/health" } },
            "path with a fragment" => new() { Active = new() { Path = "/health#a" } },
            "grpc over http/1.1" => new() { Active = new() { Kind = ProbeKind.Grpc } },
            "grpc with a path" => new() { Active = Checks with { Kind = ProbeKind.Grpc } },
            "service without grpc" => new() { Active = Checks with { GrpcService = "orders" } },
            "status" => new() { Active = Checks with { Statuses = [200, 99] } },
            "interval" => new() { Active = Checks with { Interval = TimeSpan.FromMilliseconds(50) } },
            "idle interval" => new() { Active = Checks with { IdleInterval = TimeSpan.FromSeconds(5) } },
            "timeout" => new() { Active = Checks with { Timeout = TimeSpan.FromMinutes(2) } },
            "first probe without checks" => new() { RequireFirstProbe = true },
            "first probe with checks in shadow" => new() { RequireFirstProbe = true, Active = Checks with { Mode = PolicyMode.Shadow } },
            "window" => new() { Outliers = new() { Window = TimeSpan.FromSeconds(1) } },
            _ => new() { SlowStart = new() { Window = TimeSpan.Zero } },
        };
        var http = fault is "grpc with a path" ? new ClusterHttp { Version = new(2, 0) } : new();
        Assert.Equal([$"Clusters:0:Health:{path}"], Check(new() { Id = "orders", Health = health, Http = http }).Select(static found => found.Path));
    }

    [Fact]
    public void Settings_that_are_meant_pass()
    {
        Assert.Empty(Check(new() { Id = "orders" }));
        Assert.Empty(Check(new() { Id = "orders", Health = new() { Active = Checks, RequireFirstProbe = true } }));
        Assert.Empty(Check(new() { Id = "orders", Health = new() { Active = new() { Kind = ProbeKind.Grpc, GrpcService = "orders" } }, Http = new() { Version = new(2, 0) } }));
    }

    private static List<(string Path, string Message)> Check(Cluster cluster)
    {
        var found = new List<(string, string)>();
        HealthChecks.Check(cluster, "Clusters:0", (path, message) => found.Add((path, message)));
        return found;
    }
}
