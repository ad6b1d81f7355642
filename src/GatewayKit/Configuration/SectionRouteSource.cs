using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Configuration;

/// <summary>The routes, clusters and defaults of one section of the host's configuration.</summary>
internal sealed class SectionRouteSource(IConfiguration section, SectionBinder binder) : IRouteSource
{
    private bool _seen;

    /// <summary>The path of the section: what the paths of its errors start with.</summary>
    public string Name => section is IConfigurationSection { Path: var path } ? path : string.Empty;

    /// <exception cref="GatewayConfigurationException">The section has errors; the exception also carries what has none.</exception>
    public ValueTask<RouteSet> LoadAsync(CancellationToken cancellationToken)
    {
        var errors = new List<ConfigurationError>();
        var exists = section.GetChildren().Any();
        if (_seen && !exists)
        {
            // A file that is deleted, or broken while it is saved, reads as empty (dotnet/runtime FileConfigurationProvider). That is
            // an accident, not the wish to serve nothing.
            errors.Add(new(Name, "The section is gone. To remove all routes on purpose, keep the section with \"Routes\": {}."));
        }

        var set = binder.BindRouteSet(section, errors);
        if (errors.Count > 0)
        {
            throw new GatewayConfigurationException(errors) { Understood = set };
        }

        _seen |= exists;
        return new(set);
    }

    public IChangeToken GetChangeToken() => section.GetReloadToken();
}
