using GatewayKit.Clusters;
using GatewayKit.Routing;

namespace GatewayKit.Configuration;

/// <summary>Reads all sources, validates, and puts a new snapshot in force. One apply at a time.</summary>
public sealed class GatewayConfigurator : IDisposable
{
    private readonly IRouteSource[] _sources;
    private readonly CurrentSnapshot _current;
    private readonly ClusterStates _clusterStates;
    private readonly SemaphoreSlim _applying = new(1);

    internal GatewayConfigurator(IEnumerable<IRouteSource> sources, CurrentSnapshot current, ClusterStates clusterStates) =>
        (_sources, _current, _clusterStates) = ([.. sources], current, clusterStates);

    /// <summary>The snapshot in force.</summary>
    public GatewaySnapshot Current => _current.Value;

    /// <summary>Reads all sources and applies what they say.</summary>
    /// <returns>The new snapshot, or the errors and the last good one.</returns>
    public async Task<ApplyResult> ReloadAsync(CancellationToken cancellationToken = default)
    {
        await _applying.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var sets = new List<RouteSet>();
            foreach (var source in _sources)
            {
                sets.Add(await source.LoadAsync(cancellationToken).ConfigureAwait(false));
            }

            var snapshot = new GatewaySnapshot(
                Current.Revision + 1,
                string.Empty,
                ValueMap<GatewayRoute>.From(sets.SelectMany(static set => set.Routes).Select(static route => KeyValuePair.Create(route.Id, route))),
                [.. sets.SelectMany(static set => set.Defaults)],
                _clusterStates.Build(Current.ClusterStates, sets.SelectMany(static set => set.Clusters)));
            _current.Swap(snapshot);
            return new(snapshot, []);
        }
        finally
        {
            _applying.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _applying.Dispose();

    /// <summary>Applies the first configuration, at start.</summary>
    /// <exception cref="GatewayConfigurationException">It cannot be used.</exception>
    internal void Start()
    {
        // At start nothing is served yet and nothing else runs here: the one place where waiting is right.
        var result = ReloadAsync().GetAwaiter().GetResult();
        if (!result.Accepted)
        {
            throw new GatewayConfigurationException(result.Errors);
        }
    }
}
