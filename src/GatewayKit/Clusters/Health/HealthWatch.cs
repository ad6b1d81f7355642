namespace GatewayKit.Clusters.Health;

/// <summary>The parts that watch the health of all clusters of a gateway.</summary>
internal sealed class HealthWatch(HealthProbes probes, OutlierSweep sweep, HealthTelemetry telemetry, TimeProvider time, Func<double>? random = null)
{
    public HealthProbes Probes => probes;

    public HealthTelemetry Telemetry => telemetry;

    public TimeProvider Time => time;

    /// <summary>Draws from 0 to 1.</summary>
    public Func<double> Random { get; } = random ?? System.Random.Shared.NextDouble;

    public ClusterVitals VitalsOf(string clusterId) => new(clusterId, this);

    /// <summary>A cluster gets requests after a while without.</summary>
    public void TrafficBegan(ClusterVitals vitals)
    {
        sweep.Add(vitals);
        probes.Hasten(vitals);
    }
}
