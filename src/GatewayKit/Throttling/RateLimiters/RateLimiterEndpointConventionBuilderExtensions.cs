using System.Threading.RateLimiting;
using GatewayKit;
using GatewayKit.Throttling.RateLimiters;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Limits endpoints by limiters of <c>System.Threading.RateLimiting</c>.</summary>
public static class RateLimiterEndpointConventionBuilderExtensions
{
    private static readonly RateLimiterPolicyValidator Validator = new();

    /// <summary>Asks a limiter that the host has added by name. Unlike <c>RequireRateLimiting</c> it needs no middleware, and what it refuses is refused as by every policy of the gateway.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="limiter">The name given to <see cref="GatewayBuilder.AddRateLimiter(string, Func{IServiceProvider, PartitionedRateLimiter{HttpContext}})"/>; case is ignored. An unknown one is an error at start.</param>
    public static TBuilder WithRateLimiter<TBuilder>(this TBuilder builder, string limiter)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithRateLimiter(new RateLimiterPolicy { Limiter = limiter });

    /// <summary>Asks a limiter.</summary>
    /// <param name="builder">The endpoints; they share it.</param>
    /// <param name="limiter">The limiter. It stays the caller's to dispose.</param>
    /// <param name="name">What clients are told was violated. Default <c>limiter</c>. Other limiters add up whatever they are called.</param>
    public static TBuilder WithRateLimiter<TBuilder>(this TBuilder builder, PartitionedRateLimiter<HttpContext> limiter, string name = "limiter")
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(limiter);
        return builder.WithRateLimiter(new RateLimiterPolicy { Limiter = name, Instance = limiter });
    }

    /// <summary>Asks a limiter that is the same for all requests.</summary>
    /// <param name="builder">The endpoints; they share it.</param>
    /// <param name="limiter">The limiter. It stays the caller's to dispose.</param>
    /// <param name="name">What clients are told was violated. Default <c>limiter</c>. Other limiters add up whatever they are called.</param>
    public static TBuilder WithRateLimiter<TBuilder>(this TBuilder builder, RateLimiter limiter, string name = "limiter")
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(limiter);
        return builder.WithRateLimiter(new RateLimiterPolicy { Limiter = name, Instance = new SameForAll(limiter) });
    }

    /// <summary>Asks a limiter.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policy">Which, and how.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range.</exception>
    public static TBuilder WithRateLimiter<TBuilder>(this TBuilder builder, RateLimiterPolicy policy)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy, Validator);
}
