using GatewayKit.Pipeline;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Sharing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Options;

namespace GatewayKit.Tests.Throttling;

public sealed class ThrottlePolicyTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(0, 1, "RequestsPerSecond")]
    [InlineData(0.0009, 1, "RequestsPerSecond")]
    [InlineData(1_000_001, 1, "RequestsPerSecond")]
    [InlineData(double.NaN, 1, "RequestsPerSecond")]
    [InlineData(double.PositiveInfinity, 1, "RequestsPerSecond")]
    [InlineData(1, 0, "Burst")]
    [InlineData(1, 1_000_000_001, "Burst")]
    [InlineData(0.001, 31_537, "more than a year")]
    public void Setting_outside_its_range_is_refused_where_it_is_made(double requestsPerSecond, int burst, string word)
    {
        var error = Assert.Throws<OptionsValidationException>(() => new NoEndpoints().WithThrottling(requestsPerSecond, burst));
        Assert.Contains(word, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.001, 31_536)]
    [InlineData(1_000_000, 1_000_000)]
    public void Setting_at_the_edge_of_its_range_is_accepted(double requestsPerSecond, int burst) =>
        new NoEndpoints().WithThrottling(requestsPerSecond, burst);

    [Theory]
    [InlineData(50.0, null, null, 10)]
    [InlineData(200.0, null, null, 20)]
    [InlineData(5.0, null, null, 5)]
    [InlineData(2.5, null, null, 2)]
    [InlineData(0.1, null, null, 1)]
    [InlineData(1_000_000.0, null, null, 100_000)]
    [InlineData(null, 60, 60, 10)]
    [InlineData(null, 1_000, 3_600, 100)]
    [InlineData(null, 1, 60, 1)]
    public void Burst_is_a_tenth_of_the_limit_but_at_least_ten_unless_the_limit_is_less(double? requestsPerSecond, int? limit, int? seconds, int burst)
    {
        var rule = new ThrottlePolicy { RequestsPerSecond = requestsPerSecond, Limit = limit, Window = seconds is { } known ? TimeSpan.FromSeconds(known) : null }.Rule;
        Assert.Equal(burst, rule.Burst);
    }

    [Fact]
    public void Both_ways_to_say_a_rate_mean_the_same() =>
        Assert.Equal(new ThrottlePolicy { RequestsPerSecond = 20 }.Rule, new ThrottlePolicy { Limit = 20, Window = TimeSpan.FromSeconds(1) }.Rule);

    public static TheoryData<ThrottlePolicy, string> Contradictions => new()
    {
        { new(), "Nothing says how fast" },
        { new() { RequestsPerSecond = 1, Limit = 60, Window = Minute }, "RequestsPerSecond stands beside Limit" },
        { new() { RequestsPerSecond = 1, Window = Minute }, "RequestsPerSecond stands beside Window" },
        { new() { Limit = 60 }, "Window is missing" },
        { new() { Window = Minute }, "Limit is missing" },
        { new() { Limit = 0, Window = Minute }, "Limit" },
        { new() { Limit = 60, Window = TimeSpan.FromMilliseconds(999) }, "Window is 00:00:00.9990000; it must be from 00:00:01 to 365.00:00:00." },
        { new() { Limit = 60, Window = TimeSpan.FromDays(366) }, "Window is 366" },
        { new() { Limit = 1_000_000_000, Window = TimeSpan.FromSeconds(9) }, "more than 100000000 a second" },
        { new() { Limit = 1, Window = TimeSpan.FromDays(365), Burst = 2 }, "more than a year" },
        { new() { RequestsPerSecond = 10, Algorithm = RateAlgorithm.SlidingWindow }, "Set Limit and Window in place of RequestsPerSecond" },
        { new() { Limit = 60, Window = Minute, Burst = 5, Algorithm = RateAlgorithm.SlidingWindow }, "Burst is of no use with SlidingWindow" },
        { new() { Limit = 60, Window = Minute, MaxDelay = TimeSpan.FromSeconds(1), Algorithm = RateAlgorithm.SlidingWindow }, "MaxDelay is of no use with SlidingWindow" },
        { new() { RequestsPerSecond = 1, MaxDelay = TimeSpan.FromSeconds(61) }, "MaxDelay is 00:01:01; it must be from 00:00:00 to 00:01:00." },
        { new() { RequestsPerSecond = 1, MaxDelay = TimeSpan.FromTicks(-1) }, "MaxDelay is -" },
        { new() { RequestsPerSecond = 1, MaxDelay = Minute, CostName = "rows" }, "MaxDelay is of no use where the cost is known in the end" },
        { new() { RequestsPerSecond = 1, CostName = "a b" }, "CostName is 'a b'; it must be a token" },
        { new() { RequestsPerSecond = 1, CostHeader = "a b" }, "'a b' is not a header name" },
        { new() { RequestsPerSecond = 50, Cost = RequestCost.Of(0) }, "Cost is 0, so that no request would ever be refused" },
        { new() { RequestsPerSecond = 50, Cost = RequestCost.Of(11) }, "Cost is 11, and the allowance holds 10: no request could ever pass. Lower Cost, or raise Burst." },
        { new() { Limit = 60, Window = Minute, Cost = RequestCost.Of(61), Algorithm = RateAlgorithm.SlidingWindow }, "or raise Limit" },
        { new() { RequestsPerSecond = 1, OnStoreFailure = StoreFailureAction.Deny }, "OnStoreFailure is of no use without a store. Set Sharing to Synchronous, Asynchronous or Leased" },
        { new() { RequestsPerSecond = 1, MaxDelay = Minute, Sharing = RateSharing.Synchronous }, "MaxDelay is of no use with Sharing Synchronous" },
        { new() { RequestsPerSecond = 1, Sharing = RateSharing.Asynchronous(TimeSpan.FromSeconds(2)) }, "instances would hear of each other when it is over" },
        { new() { RequestsPerSecond = 1, Sharing = RateSharing.Leased(2) }, "Sharing is Leased:2, and the allowance holds 1: no batch could ever be taken" },
    };

    [Theory]
    [MemberData(nameof(Contradictions))]
    public void Settings_that_contradict_each_other_are_refused_with_one_sentence(ThrottlePolicy policy, string words)
    {
        var error = Assert.Throws<OptionsValidationException>(() => new NoEndpoints().WithThrottling(policy));
        Assert.Contains(words, Assert.Single(error.Failures), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 365 * 86_400)]
    [InlineData(1_000_000_000, 10)]
    public void Limit_at_the_edge_of_its_range_is_accepted(int limit, int seconds)
    {
        new NoEndpoints().WithThrottling(limit, TimeSpan.FromSeconds(seconds));
        new NoEndpoints().WithThrottling(new() { Limit = limit, Window = TimeSpan.FromSeconds(seconds), Algorithm = RateAlgorithm.SlidingWindow });
    }

    [Fact]
    public void Address_is_checked_before_identity_and_everything_else_after()
    {
        Assert.Equal(GatewayStage.Admit, StageOf(ThrottlePartition.ClientAddress));
        Assert.Equal(GatewayStage.Admit, StageOf(ThrottlePartition.Parse("ClientAddress+Constant")));
        Assert.All(
            [ThrottlePartition.Route, ThrottlePartition.Constant, ThrottlePartition.Header("X-Tenant"), ThrottlePartition.Claim("sub"), ThrottlePartition.Parse("ClientAddress+Claim:sub")],
            static partition => Assert.Equal(GatewayStage.Limit, StageOf(partition)));
    }

    [Fact]
    public void Request_may_cost_nothing_at_first_where_its_cost_is_known_in_the_end() =>
        new NoEndpoints().WithThrottling(new() { RequestsPerSecond = 50, Cost = RequestCost.Of(0), CostName = "rows" });

    [Fact]
    public void Slot_tells_apart_what_is_counted()
    {
        ThrottlePolicy requests = new() { Limit = 60, Window = Minute }, rows = requests with { CostName = "rows" };
        ThrottlePolicy[] different =
        [
            requests, requests with { Cost = RequestCost.ContentLength }, requests with { Cost = RequestCost.Header("X-Cost") }, requests with { Cost = RequestCost.From(static _ => 1) },
            rows, requests with { CostName = "cpu" }, requests with { CostHeader = "rows" },
        ];
        Assert.Equal(different.Length, different.Select(SlotOf).Distinct().Count());
        Assert.Equal(SlotOf(requests), SlotOf(requests with { Cost = RequestCost.Of(5) }));
        Assert.Equal(SlotOf(rows), SlotOf(rows with { CostName = "ROWS", Cost = RequestCost.Header("X-Cost"), CostHeader = "X-Rows" }));
    }

    [Fact]
    public void Slot_is_the_type_the_partition_and_the_window()
    {
        Assert.NotEqual(SlotOf(new ThrottlePolicy { Limit = 10, Window = Minute }), SlotOf(new ThrottlePolicy { Limit = 10, Window = 60 * Minute }));
        Assert.Equal(SlotOf(new ThrottlePolicy { Limit = 10, Window = Minute }), SlotOf(new ThrottlePolicy { Limit = 20, Window = Minute }));
        Assert.Equal(SlotOf(new ThrottlePolicy { Limit = 10, Window = Minute / 60 }), SlotOf(new ThrottlePolicy { RequestsPerSecond = 0.5 }));
        Assert.Equal(SlotOf(ThrottlePartition.Header("a")), SlotOf(ThrottlePartition.Header("A")));
        Assert.NotEqual(SlotOf(ThrottlePartition.Header("a")), SlotOf(ThrottlePartition.Header("b")));
        Assert.NotEqual(SlotOf(ThrottlePartition.Route), SlotOf(ThrottlePartition.Constant));
    }

    [Fact]
    public void Policies_are_equal_when_every_setting_is()
    {
        ThrottlePolicy policy = new() { RequestsPerSecond = 1, Burst = 2, Partition = ThrottlePartition.Header("a") };
        Assert.Equal(policy, new() { RequestsPerSecond = 1, Burst = 2, Partition = ThrottlePartition.Header("A") });
        ThrottlePolicy[] changed =
        [
            policy with { RequestsPerSecond = 2 },
            policy with { Burst = 3 },
            policy with { Limit = 3 },
            policy with { Window = Minute },
            policy with { Algorithm = RateAlgorithm.SlidingWindow },
            policy with { Cost = RequestCost.Of(2) },
            policy with { MaxDelay = Minute },
            policy with { CostName = "rows" },
            policy with { CostHeader = "X-Rows" },
            policy with { Partition = ThrottlePartition.Route },
            policy with { Sharing = RateSharing.Synchronous },
            policy with { OnStoreFailure = StoreFailureAction.Allow },
            policy with { Mode = PolicyMode.Shadow },
        ];
        Assert.All(changed, other => Assert.NotEqual(policy, other));
    }

    private static GatewayStage StageOf(ThrottlePartition partition) => AsPipelineSees(partition).Stage;

    private static object SlotOf(ThrottlePartition partition) => AsPipelineSees(partition).Slot;

    private static object SlotOf(IGatewayPolicy policy) => policy.Slot;

    private static IGatewayPolicy AsPipelineSees(ThrottlePartition partition)
    {
        IGatewayPolicy policy = new ThrottlePolicy { RequestsPerSecond = 1, Partition = partition };
        return policy;
    }

    private sealed class NoEndpoints : IEndpointConventionBuilder
    {
        public void Add(Action<EndpointBuilder> convention)
        {
        }
    }
}
