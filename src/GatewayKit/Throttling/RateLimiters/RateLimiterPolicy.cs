using System.ComponentModel.DataAnnotations;
using System.Threading.RateLimiting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.RateLimiters;

/// <summary>Asks a limiter of <c>System.Threading.RateLimiting</c>, of the framework or of others, whether a request may go on. What it leases is held until the response is done.</summary>
public sealed record RateLimiterPolicy : IGatewayPolicy
{
    /// <summary>The name that the limiter was added under with <see cref="GatewayBuilder.AddRateLimiter(string, Func{IServiceProvider, PartitionedRateLimiter{HttpContext}})"/>; case is ignored.</summary>
    [Required]
    public required string Limiter { get; init; }

    /// <summary>Permits that a request takes, 0 to 1,000,000. Default 1. More than the limiter ever has fails every request, for limiters of the framework throw then.</summary>
    [Range(0, 1_000_000)]
    public int Permits { get; init; } = 1;

    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    /// <summary>The limiter itself, where an endpoint in code has it in hand.</summary>
    internal PartitionedRateLimiter<HttpContext>? Instance { get; init; }

    GatewayStage IGatewayPolicy.Stage => GatewayStage.Limit;

    // Two that somebody has in hand are two, whatever they are called.
    object IGatewayPolicy.Slot => (typeof(RateLimiterPolicy), (object?)Instance ?? Limiter.ToUpperInvariant());

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };
}
