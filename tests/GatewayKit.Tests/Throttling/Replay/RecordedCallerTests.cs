using GatewayKit.Throttling.Replay;
using static GatewayKit.Tests.Throttling.Replay.Replays;

namespace GatewayKit.Tests.Throttling.Replay;

/// <summary>What limits by callers make of records that say who called.</summary>
public sealed class RecordedCallerTests
{
    [Fact]
    public async Task Consumers_are_told_apart_by_what_records_say()
    {
        var report = await RunAsync(
            Route(""" "Identity": {}, "Throttle": { "RequestsPerSecond": 1, "Burst": 2, "Partition": "Consumer" } """),
            [Called("acme"), Called("acme"), Called("globex"), Called("acme"), Called("globex")]);
        Assert.Equal([("acme", 1)], Assert.Single(report.Routes).Policies.Single(static policy => policy.Policy == "Throttle").Keys.Select(static key => (key.Key, key.Refusals)));
    }

    [Fact]
    public async Task Limits_of_plans_hold_for_the_subscriptions_of_records()
    {
        var section = Section("""
            {
              "Plans": { "small": { "Throttle": { "RequestsPerSecond": 1, "Burst": 1 } }, "big": { "Throttle": { "RequestsPerSecond": 100, "Burst": 100 } } },
              "Routes": {
                "r": { "Match": { "Path": "/r" }, "Respond": { "Body": "" }, "Identity": {} },
                "s": { "Match": { "Path": "/s" }, "Respond": { "Body": "" }, "Identity": {} }
              }
            }
            """);
        var small = Called("acme") with { Plan = "small" };
        var report = await RunAsync(section, [small, small with { Route = "s" }, small with { Consumer = "initech" }, Called("globex") with { Plan = "big" }, Called("globex") with { Plan = "big" }]);
        Assert.Equal([("r", 0L), ("s", 1L)], report.Routes.Select(static route => (route.Route, route.Counts.Refused)).Order());
    }

    private static AccessRecord Called(string consumer) => At(0) with { Consumer = consumer };
}
