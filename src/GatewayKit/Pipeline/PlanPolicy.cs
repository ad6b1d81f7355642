using System.ComponentModel.DataAnnotations;

namespace GatewayKit.Pipeline;

/// <summary>
/// Applies the limits of the caller's plan (<see cref="GatewayConsumer.Plan"/>). Every endpoint with an <see cref="IIdentityPolicy"/> has it without being told; to spare a route
/// from plans, say <c>"Plan": { "Mode": "Off" }</c>.
/// </summary>
public sealed record PlanPolicy : IOrderedPolicy
{
    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    GatewayStage IGatewayPolicy.Stage => GatewayStage.Limit;

    // Behind the limits of the route: those protect what is behind, from everybody.
    int IOrderedPolicy.Order => 2;

    internal static PlanPolicy Implied { get; } = new();
}
