using GatewayKit.Resilience;

namespace GatewayKit.Clusters;

/// <summary>A request's place at a destination. Who has it reports once what came of the call, and ends its place there.</summary>
internal readonly struct DestinationLease
{
    // Not the one that the destination has by then: a reload may have put another in its place.
    private readonly CircuitBreaker? _circuit;
    private readonly CircuitPermit _permit;

    public DestinationLease(DestinationState destination) => Destination = destination;

    public DestinationLease(DestinationState destination, CircuitBreaker circuit, in CircuitPermit permit) => (Destination, _circuit, _permit) = (destination, circuit, permit);

    public DestinationState Destination { get; }

    /// <summary>Whether the call shows if a destination that failed has recovered.</summary>
    public bool IsProbe => _permit.IsProbe;

    /// <summary>Says what the call says of the destination.</summary>
    /// <param name="result">What it says.</param>
    /// <param name="elapsed">From the request to the head of the answer, or to the failure.</param>
    /// <param name="retryAfter">When the destination asks to be left alone until.</param>
    /// <param name="status">The status of the answer; 0 if there was none.</param>
    /// <param name="reason">The code of the failure; <see langword="null"/> if the status is all there is to say.</param>
    public void Report(CallResult result, TimeSpan elapsed, TimeSpan? retryAfter, int status = 0, string? reason = null)
    {
        if (result is CallResult.Failure)
        {
            Destination.Health?.NoteFailure(status, reason);
        }

        _circuit?.Leave(_permit, result, elapsed, retryAfter);
        if (result is not CallResult.Neutral)
        {
            // Compared with others, every 5xx counts: a request that none can serve meets all of them alike.
            Destination.Health?.Calls.Count(result is CallResult.Failure || status >= 500);
        }
    }
}
