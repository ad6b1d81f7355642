using GatewayKit.Clusters;
using GatewayKit.Forwarding;

namespace GatewayKit.Tests.Forwarding;

public sealed class ClockSettingsTests
{
    private static readonly Cluster Cluster = new()
    {
        Id = "up",
        Timeouts = new() { Attempt = TimeSpan.FromSeconds(2), PoolWait = TimeSpan.FromMilliseconds(500) },
        Http = new() { MaxConnections = 3 },
    };

    [Theory]
    [InlineData(ForwardError.UpstreamConnectTimeout, ForwardPhase.Request, "Timeouts:Connect (00:00:05) ran out")]
    [InlineData(ForwardError.UpstreamHeadersTimeout, ForwardPhase.Request, "Timeouts:Attempt (00:00:02) or Timeouts:Idle (00:01:00) ran out")]
    [InlineData(ForwardError.UpstreamStalled, ForwardPhase.Response, "Timeouts:Idle (00:01:00) ran out")]
    [InlineData(ForwardError.UpgradeIdleTimeout, ForwardPhase.Tunnel, "Timeouts:Tunnel (00:01:40) ran out")]
    [InlineData(ForwardError.DeadlineExceeded, ForwardPhase.Response, "Timeouts:Total (Infinite) or the call's grpc-timeout ran out")]
    [InlineData(ForwardError.DeadlineExceeded, ForwardPhase.Tunnel, "MaxDuration of the route's WebSockets ran out")]
    [InlineData(ForwardError.Overloaded, ForwardPhase.Waiting, "Timeouts:PoolWait (00:00:00.5000000) ran out or too many wait, at Http:MaxConnections (3)")]
    [InlineData(ForwardError.Overloaded, ForwardPhase.Request, null)]
    [InlineData(ForwardError.UpstreamReset, ForwardPhase.Request, null)]
    public void Log_names_the_setting_that_can_be_changed(ForwardError error, ForwardPhase phase, string? expected) =>
        Assert.Equal(expected, ClockSettings.Describe(error, phase, new ClusterState(Cluster, [], null!, new(new(), TimeProvider.System))));
}
