using GatewayKit.Pipeline;
using GatewayKit.Resilience.Priorities;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Says which class the requests at endpoints belong to.</summary>
public static class PrioritiesEndpointConventionBuilderExtensions
{
    private static readonly RequestPriorityPolicyValidator Validator = new();

    /// <summary>Puts requests at these endpoints in a class.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="priority">The class, such as <see cref="PriorityClass.Critical"/>.</param>
    public static TBuilder WithRequestPriority<TBuilder>(this TBuilder builder, string priority)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithRequestPriority(new RequestPriorityPolicy { Class = priority });

    /// <summary>Puts requests at these endpoints in the class that a function finds.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="select">Finds it; <see langword="null"/> is <see cref="PriorityClass.Standard"/>. It must be quick and safe for concurrent use.</param>
    public static TBuilder WithRequestPriority<TBuilder>(this TBuilder builder, Func<HttpContext, string?> select)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithRequestPriority(new RequestPriorityPolicy { Select = select ?? throw new ArgumentNullException(nameof(select)) });

    /// <summary>Puts requests at these endpoints in classes.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policy">By what. It overrides one that a group or the defaults set.</param>
    /// <exception cref="OptionsValidationException">A setting is not valid.</exception>
    public static TBuilder WithRequestPriority<TBuilder>(this TBuilder builder, RequestPriorityPolicy policy)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy, Validator);
}
