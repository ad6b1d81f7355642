namespace GatewayKit.Clusters.Discovery;

/// <summary>The sources by name.</summary>
/// <param name="registrations">What was registered.</param>
/// <param name="create">Makes a source of a type.</param>
internal sealed class DestinationSources(IEnumerable<DestinationSources.Registration> registrations, Func<Type, IDestinationSource> create)
{
    private readonly Dictionary<string, Lazy<IDestinationSource>> _sources = registrations
        .ToDictionary(static one => one.Name, one => new Lazy<IDestinationSource>(() => create(one.Type)), StringComparer.OrdinalIgnoreCase);

    /// <summary>The names that a cluster may give.</summary>
    public IEnumerable<string> Names => _sources.Keys.Order(StringComparer.OrdinalIgnoreCase);

    /// <summary>The source of that name, made when it is first asked for; <see langword="null"/> if there is none.</summary>
    public IDestinationSource? Find(string name) => _sources.GetValueOrDefault(name)?.Value;

    /// <summary>What <c>AddDestinationSource</c> was told.</summary>
    public sealed record Registration(string Name, Type Type);
}
