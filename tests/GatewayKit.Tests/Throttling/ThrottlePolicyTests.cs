using GatewayKit.Pipeline;
using GatewayKit.Throttling;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Options;

namespace GatewayKit.Tests.Throttling;

public sealed class ThrottlePolicyTests
{
    [Theory]
    [InlineData(0, 1, "RequestsPerSecond")]
    [InlineData(0.0009, 1, "RequestsPerSecond")]
    [InlineData(1_000_001, 1, "RequestsPerSecond")]
    [InlineData(double.NaN, 1, "RequestsPerSecond")]
    [InlineData(double.PositiveInfinity, 1, "RequestsPerSecond")]
    [InlineData(1, 0, "Burst")]
    [InlineData(1, 1_000_001, "Burst")]
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

    [Fact]
    public void Address_is_checked_before_identity_and_everything_else_after()
    {
        Assert.Equal(GatewayStage.Admit, StageOf(ThrottlePartition.ClientAddress));
        Assert.All(
            [ThrottlePartition.Route, ThrottlePartition.Constant, ThrottlePartition.Header("X-Tenant")],
            static partition => Assert.Equal(GatewayStage.Limit, StageOf(partition)));
    }

    [Fact]
    public void Slot_is_the_type_and_the_partition()
    {
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
            policy with { Partition = ThrottlePartition.Route },
            policy with { Mode = PolicyMode.Shadow },
        ];
        Assert.All(changed, other => Assert.NotEqual(policy, other));
    }

    private static GatewayStage StageOf(ThrottlePartition partition) => AsPipelineSees(partition).Stage;

    private static object SlotOf(ThrottlePartition partition) => AsPipelineSees(partition).Slot;

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
