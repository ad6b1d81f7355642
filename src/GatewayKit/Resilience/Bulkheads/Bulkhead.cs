namespace GatewayKit.Resilience.Bulkheads;

/// <summary>What is in flight at an endpoint, at several that share it, or at a cluster. Requests and streams have places of their own.</summary>
/// <param name="name">What it is called in metrics.</param>
/// <param name="isCluster">Whether that is a cluster.</param>
/// <param name="time">What waits are measured by.</param>
internal sealed class Bulkhead(string name, bool isCluster, TimeProvider time)
{
    public string Name => name;

    public bool IsCluster => isCluster;

    public Places Requests { get; } = new(time);

    public Places Streams { get; } = new(time);
}
