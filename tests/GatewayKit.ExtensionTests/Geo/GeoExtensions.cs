using GatewayKit.ExtensionTests.Geo;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace GatewayKit;

/// <summary>The entry points of the capability: one for the host, one for endpoints.</summary>
public static class GeoExtensions
{
    private static readonly GeoPolicyValidator Validator = new();

    /// <summary>Adds the capability. From now on <c>Geo</c> is a key of routes and defaults.</summary>
    public static GatewayBuilder AddGeo(this GatewayBuilder builder, CountryTable countries)
    {
        builder.Services.TryAddSingleton(countries);
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<GeoPolicy>>(Validator));
        return builder.AddPolicy<GeoPolicy, GeoFilterFactory>("Geo");
    }

    /// <summary>Lets requests to these endpoints through that come from some countries.</summary>
    /// <exception cref="OptionsValidationException">A code is not one of two capital letters, or there is none.</exception>
    public static TBuilder WithGeo<TBuilder>(this TBuilder builder, params IEnumerable<string> countries)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGeo(new GeoPolicy { Countries = [.. countries] });

    /// <inheritdoc cref="WithGeo{TBuilder}(TBuilder, IEnumerable{string})"/>
    public static TBuilder WithGeo<TBuilder>(this TBuilder builder, GeoPolicy policy)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithGatewayPolicy(policy, Validator);
}
