using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Resilience.Shedding;

/// <summary>
/// Refuses requests while this process has too much to do, those of the lowest class first (<see cref="GatewayContext.Priority"/>). They are answered 503
/// <c>overloaded</c> with <c>Retry-After</c> before anything is asked about them. Endpoints without it, such as health checks, are never refused. When there is too much
/// to do is said by <see cref="LoadSheddingOptions"/>.
/// </summary>
public sealed record LoadSheddingPolicy : IOrderedPolicy
{
    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    GatewayStage IGatewayPolicy.Stage => GatewayStage.Admit;

    // Behind the class of the request.
    int IOrderedPolicy.Order => 1;
}
