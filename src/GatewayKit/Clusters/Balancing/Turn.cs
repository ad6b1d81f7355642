namespace GatewayKit.Clusters.Balancing;

/// <summary>Whose turn it is: a count that goes on whatever becomes of the destinations. Safe for concurrent use.</summary>
/// <param name="start">Where to begin. At random in production: several gateways that start together must not march in step.</param>
internal sealed class Turn(ulong start)
{
    private ulong _next = start - 1;

    public ulong Next() => Interlocked.Increment(ref _next);
}
