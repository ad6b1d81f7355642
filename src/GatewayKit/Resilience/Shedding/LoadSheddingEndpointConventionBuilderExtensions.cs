using GatewayKit.Resilience.Shedding;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Sheds load at endpoints.</summary>
public static class LoadSheddingEndpointConventionBuilderExtensions
{
    private static readonly LoadSheddingPolicyValidator Validator = new();

    /// <summary>Refuses requests at these endpoints while the process has too much to do, those of the lowest class first.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policy">Whether it is in force. It overrides one that a group or the defaults set. Default: in force.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range.</exception>
    public static TBuilder WithLoadShedding<TBuilder>(this TBuilder builder, LoadSheddingPolicy? policy = null)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy ?? new(), Validator);
}
