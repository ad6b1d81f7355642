using GatewayKit.Resilience;

namespace GatewayKit.Clusters;

/// <summary>A request's place at a destination. Who has it reports once what came of the call, and ends its place there.</summary>
internal readonly struct DestinationLease(DestinationState destination)
{
    public DestinationState Destination { get; } = destination;

    /// <summary>Whether the call shows if a destination that failed has recovered.</summary>
    public bool IsProbe => Destination is null;

    /// <summary>Says what the call says of the destination.</summary>
    /// <param name="result">What it says.</param>
    /// <param name="elapsed">From the request to the head of the answer, or to the failure.</param>
    /// <param name="retryAfter">When the destination asks to be left alone until.</param>
    public void Report(CallResult result, TimeSpan elapsed, TimeSpan? retryAfter)
    {
        _ = Destination;
    }
}
