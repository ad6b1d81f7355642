using GatewayKit.Clusters;
using GatewayKit.Clusters.Discovery;
using GatewayKit.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Clusters.Discovery;

/// <summary>The states of clusters, with one scripted source, on a clock of the test's.</summary>
internal sealed class DiscoveredClusters : IDisposable
{
    private readonly ServiceProvider _services;

    public DiscoveredClusters(DestinationCheck? check = null, Action<IServiceCollection>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddApiGateway().AddDestinationSource<ScriptedSource>("Scripted");
        services.AddSingleton<TimeProvider>(Time).AddLogging(logging => logging.AddProvider(Log)).AddSingleton(Source);
        services.AddSingleton(new NameLookup(Time, (host, _) => Resolve(host)));
        if (check is not null)
        {
            services.AddSingleton(check);
        }

        configure?.Invoke(services);
        _services = services.BuildServiceProvider();
        States = _services.GetRequiredService<ClusterStates>();
    }

    public FakeTimeProvider Time { get; } = new();

    public ScriptedSource Source { get; } = new();

    public Func<string, Task<System.Net.IPAddress[]>> Resolve { get; set; } = static _ => Task.FromResult<System.Net.IPAddress[]>([]);

    public LogLines Log { get; } = new();

    public ClusterStates States { get; }

    public T Get<T>() where T : notnull => _services.GetRequiredService<T>();

    public static Cluster Orders { get; } = new()
    {
        Id = "orders",
        Discovery = new() { Source = "Scripted", Name = "orders" },
    };

    /// <summary>Puts a cluster in force as a reload does, without waiting for it: the clock stands still.</summary>
    public ClusterState Apply(Cluster cluster)
    {
        States.PutInForce(States.Build(States.InForce, [cluster]));
        return States.InForce[cluster.Id];
    }

    /// <summary>Puts a cluster in force and waits for the first answer.</summary>
    public async Task<ClusterState> FollowAsync(Cluster cluster)
    {
        var state = Apply(cluster);
        await state.Discovery!.Watch.First.WaitAsync(TimeSpan.FromSeconds(30));
        return state;
    }

    public static string[] Ids(ClusterState state)
    {
        // What is there is what is picked.
        Assert.Equal(state.Destinations.Count(static destination => destination.Weight > 0), state.Candidates.Count);
        return [.. state.Destinations.Select(static destination => destination.Id)];
    }

    public void Dispose()
    {
        _services.Dispose();
        Source.Dispose();
    }
}
