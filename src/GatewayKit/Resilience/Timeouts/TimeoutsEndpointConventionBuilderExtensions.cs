using GatewayKit.Resilience.Timeouts;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Gives endpoints a deadline.</summary>
public static class TimeoutsEndpointConventionBuilderExtensions
{
    private static readonly TimeoutPolicyValidator Validator = new();

    /// <summary>Gives each request at these endpoints a deadline.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="total">How long a request may take: more than zero, at most a day.</param>
    /// <param name="endsStreams">Whether streams end too; see <see cref="TimeoutPolicy.EndsStreams"/>. Default no.</param>
    /// <exception cref="OptionsValidationException"><paramref name="total"/> is outside its range.</exception>
    public static TBuilder WithTimeout<TBuilder>(this TBuilder builder, TimeSpan total, bool endsStreams = false)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithTimeout(new TimeoutPolicy { Total = total, EndsStreams = endsStreams });

    /// <summary>Gives each request at these endpoints a deadline.</summary>
    /// <param name="builder">The endpoints.</param>
    /// <param name="policy">The deadline. It overrides that of a group or the defaults.</param>
    /// <exception cref="OptionsValidationException">A setting is outside its range.</exception>
    public static TBuilder WithTimeout<TBuilder>(this TBuilder builder, TimeoutPolicy policy)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy, Validator);
}
