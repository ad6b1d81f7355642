using GatewayKit.Clusters;
using GatewayKit.Forwarding;
using GatewayKit.Forwarding.Attempts;

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
    [InlineData(ForwardError.DeadlineExceeded, ForwardPhase.Response, "the host's request timeout ran out")]
    [InlineData(ForwardError.DeadlineExceeded, ForwardPhase.Tunnel, "MaxDuration of the route's WebSockets ran out")]
    [InlineData(ForwardError.Overloaded, ForwardPhase.Waiting, "Timeouts:PoolWait (00:00:00.5000000) ran out or too many wait, at Http:MaxConnections (3)")]
    [InlineData(ForwardError.Overloaded, ForwardPhase.Request, null)]
    [InlineData(ForwardError.UpstreamReset, ForwardPhase.Request, null)]
    public void Log_names_the_setting_that_can_be_changed(ForwardError error, ForwardPhase phase, string? expected) =>
        Assert.Equal(expected, ClockSettings.Describe(error, phase, State(Cluster), CallDeadline.None, grantedByRoute: null));

    [Fact]
    public void Deadline_is_told_by_who_set_it()
    {
        var state = State(Cluster with { Timeouts = new() { Total = TimeSpan.FromSeconds(4) } });
        string? Of(in CallDeadline deadline, TimeSpan? granted = null) => ClockSettings.Describe(ForwardError.DeadlineExceeded, ForwardPhase.Request, state, deadline, granted);
        Assert.Equal("Timeouts:Total (00:00:04) ran out", Of(new(1, 1, IsGranted: true)));
        Assert.Equal("Total of the route's timeout (00:00:03) ran out", Of(new(1, 1, IsGranted: true), TimeSpan.FromSeconds(3)));
        Assert.Equal("the time that the caller gives, or a cluster before this has left, ran out", Of(new CallDeadline(2, 2, IsGranted: true).Shorten(1)));
        Assert.Equal("the time that the caller gives, or a cluster before this has left, ran out", Of(new CallDeadline(2, 2, IsGranted: true).Within(new(1, 1, IsGranted: true))));
        Assert.Equal("Timeouts:Total (00:00:04) ran out", Of(new CallDeadline(2, 2, IsGranted: true).Within(CallDeadline.None)));
    }

    private static ClusterState State(Cluster cluster) => new(cluster, [], null!, new(new(), TimeProvider.System));
}
