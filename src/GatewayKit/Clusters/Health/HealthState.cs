namespace GatewayKit.Clusters.Health;

/// <summary>What is known of a destination by one way of finding out.</summary>
public enum HealthState
{
    /// <summary>Nothing yet.</summary>
    Unknown,

    /// <summary>It is well.</summary>
    Healthy,

    /// <summary>It is not.</summary>
    Unhealthy,
}
