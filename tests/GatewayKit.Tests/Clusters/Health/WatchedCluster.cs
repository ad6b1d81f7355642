using System.Diagnostics.Metrics;
using System.Net;
using GatewayKit.Clusters;
using GatewayKit.Clusters.Health;
using GatewayKit.Diagnostics;
using GatewayKit.Lifecycle;
using GatewayKit.Resilience;
using GatewayKit.Tests.Clusters.Discovery;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Clusters.Health;

/// <summary>A cluster whose health is watched, on a clock and with chance of the test's. Its destinations are called a, b, c and so on.</summary>
internal sealed class WatchedCluster : IDisposable
{
    public const string Id = "orders";

    private readonly ServiceProvider _services;
    private readonly MeterListener _meters = new();
    private readonly ClusterStates _states;

    public WatchedCluster(int seed = 1, bool keepsLog = true)
    {
        var random = new Random(seed);
        var services = new ServiceCollection();
        services.AddApiGateway().UseUpstreamHandler(Id, () => new ScriptedHandler(this));
        services.AddSingleton<TimeProvider>(Time).AddLogging(logging => logging.SetMinimumLevel(keepsLog ? LogLevel.Trace : LogLevel.None).AddProvider(Log));
        services.AddSingleton(provider => new HealthProbes(provider.GetRequiredService<HealthTelemetry>(), Time, provider.GetService<DrainState>(), () => Jitter));
        services.AddSingleton(provider => new HealthWatch(
            provider.GetRequiredService<HealthProbes>(), provider.GetRequiredService<OutlierSweep>(), provider.GetRequiredService<HealthTelemetry>(), Time, random.NextDouble));
        _services = services.BuildServiceProvider();
        _states = _services.GetRequiredService<ClusterStates>();
        Clusters = _services.GetRequiredService<GatewayClusters>();
        var meter = _services.GetRequiredService<GatewayMeter>().Meter;
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == meter)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Measure(instrument, value, tags));
        _meters.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Measure(instrument, value, tags));
        _meters.Start();
    }

    public FakeTimeProvider Time { get; } = new();

    public LogLines Log { get; } = new();

    public GatewayClusters Clusters { get; }

    /// <summary>What each destination answers to health checks; throws for one that is away.</summary>
    public Func<string, HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> Answer { get; set; } = static (_, _, _) => Answers(HttpStatusCode.OK);

    /// <summary>The health checks that came, by destination.</summary>
    public List<(string Destination, TimeSpan At)> Asked { get; } = [];

    /// <summary>What chance says of the times of health checks: 0.5 is no jitter.</summary>
    public double Jitter { get; set; } = 0.5;

    /// <summary>The sums of what was measured, by name and outcome.</summary>
    public Dictionary<string, long> Measured { get; } = [];

    public ClusterState State => _states.InForce[Id];

    public HealthProbes Probes => _services.GetRequiredService<HealthProbes>();

    public DestinationHealth this[string destination] => State.Destinations.Single(one => one.Id == destination).Health!;

    public string Available => string.Concat(State.Candidates.Available.Select(static destination => destination.Id));

    public static Task<HttpResponseMessage> Answers(HttpStatusCode status) => Task.FromResult(new HttpResponseMessage(status));

    public static Cluster Of(int destinations, ClusterHealth? health = null) => new()
    {
        Id = Id,
        LoadBalancing = LoadBalancing.RoundRobin,
        Destinations = Enumerable.Range(0, destinations).ToDictionary(static index => $"{(char)('a' + index)}", static index => new Destination { Address = new($"http://host{(char)('a' + index)}") }),
        Health = health ?? new(),
    };

    /// <summary>Puts a cluster in force, as a reload does.</summary>
    public WatchedCluster Apply(Cluster? cluster)
    {
        _states.PutInForce(_states.Build(_states.InForce, cluster is null ? [] : [cluster]));
        return this;
    }

    /// <summary>Builds what a reload would put in force, and gives it up, as when the rest of the configuration is wrong.</summary>
    public void Reject(Cluster cluster) => _states.Discard(_states.Build(_states.InForce, [cluster]));

    /// <summary>Begins a call at whichever destination is picked.</summary>
    public PickRefusal TryBegin(out DestinationLease lease) => State.TryBegin(new DefaultHttpContext(), default, out lease);

    /// <summary>Makes a call that ends at once.</summary>
    /// <param name="fails">Whether the call fails at a destination, as a 500 does.</param>
    /// <returns>The destination; <see langword="null"/> if there was none.</returns>
    public string? Call(Func<string, bool>? fails = null, int status = 500)
    {
        if (TryBegin(out var lease) is not PickRefusal.None)
        {
            return null;
        }

        var failed = fails?.Invoke(lease.Destination.Id) is true;
        End(lease, failed ? status : 200);
        return lease.Destination.Id;
    }

    public static void End(in DestinationLease lease, int status)
    {
        lease.Report(status is 502 or 503 or 504 ? CallResult.Failure : CallResult.Success, default, null, status);
        lease.Destination.End();
    }

    public void Dispose()
    {
        _meters.Dispose();
        _services.Dispose();
    }

    private void Measure(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var name = instrument.Name;
        foreach (var (key, said) in tags)
        {
            name += key == TelemetryTags.Outcome ? $" {said}" : string.Empty;
        }

        Measured[name] = instrument is ObservableInstrument<int> ? value : Measured.GetValueOrDefault(name) + value;
    }

    /// <summary>What an observed value is now.</summary>
    public long Observe(string name)
    {
        _meters.RecordObservableInstruments();
        return Measured[name];
    }

    private sealed class ScriptedHandler(WatchedCluster owner) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var destination = request.RequestUri!.Host["host".Length..];
            owner.Asked.Add((destination, owner.Time.GetElapsedTime(0)));
            return owner.Answer(destination, request, cancellationToken);
        }
    }
}
