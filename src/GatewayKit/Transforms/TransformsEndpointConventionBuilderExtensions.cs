using GatewayKit.Transforms;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Adds transforms to endpoints.</summary>
public static class TransformsEndpointConventionBuilderExtensions
{
    /// <summary>
    /// Changes what these endpoints exchange with their destination, and the head of what the client gets. On endpoints of the host only
    /// response transforms have something to do. A list on an endpoint replaces that of its group as a whole.
    /// </summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="steps">Says what to change, in order, such as <c>steps => steps.PathRemovePrefix("/orders")</c>.</param>
    /// <exception cref="OptionsValidationException">A step cannot do what it says; the message names it.</exception>
    public static TBuilder WithTransforms<TBuilder>(this TBuilder builder, Action<TransformSteps> steps)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithTransforms(TransformPolicy.Of(steps));

    /// <summary>The same from a list that is there, or with a mode.</summary>
    /// <exception cref="OptionsValidationException">A step cannot do what it says; the message names it.</exception>
    public static TBuilder WithTransforms<TBuilder>(this TBuilder builder, TransformPolicy policy)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy, TransformPolicyValidator.Instance);
}
