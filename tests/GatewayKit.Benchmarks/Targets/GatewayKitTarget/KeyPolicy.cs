using GatewayKit.Pipeline;

namespace GatewayKit.Benchmarks.Targets;

/// <summary>Refuses requests without a known key, as a policy from outside the core.</summary>
public sealed record KeyPolicy : IGatewayPolicy
{
    /// <inheritdoc/>
    public GatewayStage Stage => GatewayStage.Identify;

    /// <inheritdoc/>
    public PolicyMode Mode { get; init; } = PolicyMode.Enforce;
}

internal sealed class KeyFilterFactory : GatewayFilterFactory<KeyPolicy>
{
    private static readonly RejectionReason UnknownKey = new("benchmark-unknown-key", StatusCodes.Status401Unauthorized, "The key is unknown.");

    protected override EndpointFilterDelegate Create(KeyPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) =>
        context => ApiKeys.Accept(context.HttpContext.Request) ? next(context) : new(new GatewayProblem(UnknownKey));
}
