namespace GatewayKit.Pipeline;

/// <summary>
/// Something a route or endpoint asks of the gateway: an immutable record in endpoint metadata, added by a <c>With…</c> or
/// <c>Require…</c> call, or bound from the configuration key it is registered under.
/// </summary>
/// <remarks>
/// Implementations are records with value equality and are safe to share between threads: the same instance serves every request,
/// and a changed policy is a new instance.
/// </remarks>
public interface IGatewayPolicy
{
    /// <summary>The place of the policy in the order of the pipeline.</summary>
    GatewayStage Stage { get; }

    /// <summary>Whether the policy refuses, only records what it would refuse, or is absent. Default <see cref="PolicyMode.Enforce"/>.</summary>
    PolicyMode Mode { get; }

    /// <summary>
    /// Of how many of a hundred callers the policy refuses requests, 1 to 100; for the others it runs as in <see cref="PolicyMode.Shadow"/>. Default 100. A
    /// caller is in or out on every route and instance alike, and more percent only add callers. Without effect in other modes than
    /// <see cref="PolicyMode.Enforce"/>.
    /// </summary>
    int EnforcePercent => 100;

    /// <summary>
    /// What is tried beside the policy: another one of its type and slot in <see cref="PolicyMode.Shadow"/>, with a state of its own, which decides on every request
    /// that gets there and is compared with it. Default <see langword="null"/>: nothing.
    /// </summary>
    IGatewayPolicy? Candidate => null;

    /// <summary>
    /// What the policy overrides: of several policies with equal slots the last one in the metadata stays (endpoint over group over
    /// defaults), policies with different slots add up. Default: the type of the policy.
    /// </summary>
    object Slot => GetType();

    /// <summary>The same policy in <see cref="PolicyMode.Shadow"/>: what serves the callers that <see cref="EnforcePercent"/> leaves out.</summary>
    /// <returns><see langword="null"/>, the default, if the policy can only be in force for all.</returns>
    IGatewayPolicy? InShadow() => null;
}
