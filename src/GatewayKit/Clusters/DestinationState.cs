namespace GatewayKit.Clusters;

/// <summary>What changes about a destination while it serves. Survives a reload that leaves the destination as it was.</summary>
internal sealed class DestinationState(string id, Destination destination)
{
    private int _inFlight;

    public string Id { get; } = id;

    public Destination Destination { get; } = destination;

    public int InFlight => Volatile.Read(ref _inFlight);

    public void Begin() => Interlocked.Increment(ref _inFlight);

    public void End() => Interlocked.Decrement(ref _inFlight);
}
