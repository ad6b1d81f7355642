namespace GatewayKit.Pipeline;

/// <summary>A limit that a <see cref="Plan"/> may hold: one that can be counted by subscription.</summary>
public interface IPlanLimit : IGatewayPolicy
{
    /// <summary>The same limit for callers with the plan: counted by <see cref="GatewayConsumer"/>, or rather its subscription, over all endpoints together.</summary>
    IGatewayPolicy PerSubscription();

    /// <summary>What is wrong with the limit in a plan, such as that it says by itself what it counts by; <see langword="null"/> if nothing is.</summary>
    string? FaultInPlan => null;
}
