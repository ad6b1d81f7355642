using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Configuration;

/// <summary>The routes, clusters and defaults of one section of the host's configuration.</summary>
internal sealed class SectionRouteSource(IConfiguration section, SectionBinder binder) : IRouteSource
{
    private bool _seen;

    /// <summary>Whether the host named the section; the section <c>Gateway</c> is read without being asked for.</summary>
    public bool IsNamed { get; init; }

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

        var gaps = new ListGaps();
        var set = binder.BindRouteSet(section, errors, gaps);
        if (errors.Count > 0)
        {
            throw new GatewayConfigurationException(errors) { Understood = set, Gaps = gaps };
        }

        _seen |= exists;
        return new(set);
    }

    public IChangeToken GetChangeToken() => section.GetReloadToken();

    /// <summary>Whether the configuration has no such key. An empty section is one: it says that there is nothing.</summary>
    /// <param name="nearest">The section beside it that was probably meant.</param>
    public bool IsAbsent(out string? nearest)
    {
        nearest = null;
        if (section is not IConfigurationSection { Path: var path, Key: var key } named || named.Exists() || SectionReader.RootOf(named) is not { } root)
        {
            return false;
        }

        var parent = ConfigurationPath.GetParentPath(path) is { } above ? (IConfiguration)root.GetSection(above) : root;
        var others = parent.GetChildren().ToArray();
        if (others.Any(other => string.Equals(other.Key, key, StringComparison.OrdinalIgnoreCase)))
        {
            return false;
        }

        // Environment variables are keys too; what has routes in it is the likelier one.
        var gateways = others.Where(static other => other.GetSection(nameof(RouteSet.Routes)).GetChildren().Any()).Select(static other => other.Key).ToArray();
        nearest = NearestName.Of(key, gateways) ?? NearestName.Of(key, others.Select(static other => other.Key)) ?? (gateways is [var only] ? only : null);
        return true;
    }
}
