using GatewayKit.Pipeline;

namespace GatewayKit.Identity.Consumers;

/// <summary>Puts limits together of which the more specific one of the same purpose holds: credential over subscription over plan over product.</summary>
internal static class PlanMerge
{
    /// <summary>What a plan is called that is nothing but limits of a subscription or a credential. No other can be called that: ids have no colon.</summary>
    public const string OwnLimits = "own:limits";

    /// <summary>A plan over the limits of a product: itself if there are none.</summary>
    public static Plan Of(IReadOnlyList<IPlanLimit> product, Plan plan) =>
        product.Count == 0 ? plan : plan with { Policies = Merge(product, plan.Policies) };

    /// <summary>Limits of one subscription or credential over a plan; without a plan those alone.</summary>
    public static Plan? Of(Plan? plan, IReadOnlyList<IPlanLimit> subscription, IReadOnlyList<IPlanLimit> credential) =>
        subscription.Count + credential.Count == 0 ? plan
        : (plan ?? new Plan { Id = OwnLimits }) with { Policies = Merge(plan?.Policies ?? [], Merge(subscription, credential)) };

    private static IPlanLimit[] Merge(IReadOnlyList<IPlanLimit> general, IReadOnlyList<IPlanLimit> specific)
    {
        var slots = specific.Select(static policy => policy.Slot).ToHashSet();
        return [.. general.Where(policy => !slots.Contains(policy.Slot)), .. specific];
    }
}
