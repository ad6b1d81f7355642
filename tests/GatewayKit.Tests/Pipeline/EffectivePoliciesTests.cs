using GatewayKit.Pipeline;
using GatewayKit.Resilience.Bulkheads;
using GatewayKit.Resilience.Fallbacks;
using GatewayKit.Resilience.Timeouts;

namespace GatewayKit.Tests.Pipeline;

public sealed class EffectivePoliciesTests
{
    [Fact]
    public void Stages_decide_the_order_whatever_the_order_of_the_metadata()
    {
        Policy[] metadata = [.. Enum.GetValues<GatewayStage>().Select(static stage => new Policy($"{stage}", stage))];

        var effective = EffectivePolicies.Of([.. metadata.AsEnumerable().Reverse()]);

        Assert.Equal(metadata, effective.Ordered);
    }

    [Fact]
    public void Policies_of_one_stage_keep_the_order_of_the_metadata() =>
        Assert.Equal(["b", "a", "c"], Names(EffectivePolicies.Of([new Policy("b"), "other metadata", new Policy("a"), new Policy("c")]).Ordered));

    [Fact]
    public void Guards_of_the_terminal_have_a_fixed_order_behind_those_of_others()
    {
        IGatewayPolicy[] inOrder =
        [
            new Policy("others", GatewayStage.Protect),
            new TimeoutPolicy { Total = TimeSpan.FromSeconds(1) },
            new BulkheadPolicy { MaxInFlight = 1, Name = "b" },
            new BulkheadPolicy { MaxInFlight = 1 },
            new FallbackPolicy { Cluster = "c" },
        ];
        Assert.Equal(inOrder, EffectivePolicies.Of([inOrder[4], inOrder[2], inOrder[1], inOrder[3], inOrder[0]]).Ordered);
    }

    [Fact]
    public void Last_policy_of_a_slot_counts_in_the_place_of_the_first()
    {
        var first = new Policy("x") { Value = 1 };
        var last = new Policy("x") { Value = 2 };

        var effective = EffectivePolicies.Of([first, new Policy("y"), last]);

        Assert.Equal([last, new Policy("y")], effective.Ordered);
        Assert.Same(first, Assert.Single(effective.Omitted));
    }

    [Fact]
    public void Policy_that_is_off_overrides_and_is_absent()
    {
        var off = new Policy("x") { Mode = PolicyMode.Off };

        var effective = EffectivePolicies.Of([new Policy("x"), off]);

        Assert.Empty(effective.Ordered);
        Assert.Equal([new Policy("x"), off], effective.Omitted);
    }

    [Fact]
    public void Policy_may_be_switched_on_again()
    {
        var effective = EffectivePolicies.Of([new Policy("x"), new Policy("x") { Mode = PolicyMode.Off }, new Policy("x") { Mode = PolicyMode.Shadow }]);

        Assert.Equal(PolicyMode.Shadow, Assert.Single(effective.Ordered).Mode);
    }

    [Fact]
    public void Same_instance_twice_overrides_nothing()
    {
        var shared = new Policy("x");

        var effective = EffectivePolicies.Of([shared, shared]);

        Assert.Same(shared, Assert.Single(effective.Ordered));
        Assert.Empty(effective.Omitted);
    }

    private static IEnumerable<string> Names(IEnumerable<IGatewayPolicy> policies) => policies.Cast<Policy>().Select(static policy => policy.Name);

    private sealed record Policy(string Name, GatewayStage Stage = GatewayStage.Limit) : IGatewayPolicy
    {
        public int Value { get; init; }

        public PolicyMode Mode { get; init; }

        object IGatewayPolicy.Slot => Name;
    }
}
