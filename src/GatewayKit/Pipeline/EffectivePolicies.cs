namespace GatewayKit.Pipeline;

/// <summary>Which policies of an endpoint's metadata are in effect, in the order they run, and which are not.</summary>
internal readonly record struct EffectivePolicies(IReadOnlyList<IGatewayPolicy> Ordered, IReadOnlyList<IGatewayPolicy> Omitted)
{
    /// <summary>The last policy of a slot counts, in the place of the first: a group decides where a policy stands within its stage.</summary>
    public static EffectivePolicies Of(IList<object> metadata)
    {
        if (metadata.Last<IGatewayPolicy>() is null)
        {
            return new([], []);
        }

        var bySlot = new OrderedDictionary<object, IGatewayPolicy>();
        var omitted = new List<IGatewayPolicy>();
        foreach (var policy in metadata.OfType<IGatewayPolicy>())
        {
            // The same instance twice, as when two overlapping calls share it, overrides nothing.
            if (bySlot.TryGetValue(policy.Slot, out var overridden) && !ReferenceEquals(overridden, policy))
            {
                omitted.Add(overridden);
            }

            bySlot[policy.Slot] = policy;
        }

        omitted.AddRange(bySlot.Values.Where(static policy => policy.Mode is PolicyMode.Off));

        // Who has a plan has its limits wherever the gateway knows who calls.
        if (!bySlot.ContainsKey(typeof(PlanPolicy)) && bySlot.Values.Any(static policy => policy is IIdentityPolicy { FindsCaller: true } and not { Mode: PolicyMode.Off }))
        {
            bySlot[typeof(PlanPolicy)] = PlanPolicy.Implied;
        }

        // Sorting is stable, which the order within a stage relies on.
        return new(
            [.. bySlot.Values.Where(static policy => policy.Mode is not PolicyMode.Off).OrderBy(static policy => policy.Stage).ThenBy(static policy => (policy as IOrderedPolicy)?.Order ?? IOrderedPolicy.Unordered)],
            omitted);
    }
}
