using GatewayKit.Pipeline;

namespace GatewayKit.Forwarding;

/// <summary>What filters and observers can ask of forwarding.</summary>
public static class ForwardingGatewayContextExtensions
{
    /// <summary>What came of the latest attempt at a destination.</summary>
    /// <param name="context">The request.</param>
    /// <returns>The outcome so far; <see langword="null"/> if no destination was asked, as when the request was refused before.</returns>
    public static ForwardOutcome? GetForwardOutcome(this GatewayContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return (context.LatestAttempt as Exchange)?.Outcome;
    }
}
