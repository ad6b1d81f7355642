using GatewayKit.Pipeline;

namespace GatewayKit.Testing;

/// <summary>One request that went through a gateway pipeline, and what the gateway decided about it. Immutable.</summary>
public sealed record RecordedRequest
{
    /// <summary>The request's method.</summary>
    public required string Method { get; init; }

    /// <summary>
    /// The request's path with the path base of the host, percent-encoded in the one form in which it is matched and forwarded. If it has no
    /// single reading: as the server decoded it.
    /// </summary>
    public required string Path { get; init; }

    /// <summary>The id of the gateway route; for an endpoint of the host its name, else its display name.</summary>
    public required string RouteId { get; init; }

    /// <summary>The cluster the route leads to; <see langword="null"/> for an endpoint of the host, a static answer or a redirect.</summary>
    public string? ClusterId { get; init; }

    /// <summary>The destination of the latest attempt; <see langword="null"/> if the request was not forwarded.</summary>
    public string? DestinationId { get; init; }

    /// <summary>The address of that destination.</summary>
    public Uri? DestinationAddress { get; init; }

    /// <summary>How many attempts were made at destinations.</summary>
    public int Attempts { get; init; }

    /// <summary>The status of the answer.</summary>
    public required int Status { get; init; }

    /// <summary>Why the request was not served; <see langword="null"/> if it was.</summary>
    public RejectionReason? Reason { get; init; }

    /// <summary>What each policy decided, in the order of the pipeline, up to the one that ended the request.</summary>
    public required IReadOnlyList<PolicyDecision> Decisions { get; init; }

    /// <summary>What one policy decided.</summary>
    /// <param name="policy">The name it is registered under, such as <c>Throttle</c>.</param>
    /// <exception cref="InvalidOperationException">The request did not come to the policy, or to several of that name.</exception>
    public PolicyDecision DecisionOf(string policy)
    {
        var decisions = Decisions.Where(decision => string.Equals(decision.Policy, policy, StringComparison.OrdinalIgnoreCase)).ToArray();
        return decisions.Length == 1
            ? decisions[0]
            : throw new InvalidOperationException($"{decisions.Length} policies '{policy}' decided about {this}.");
    }

    /// <summary>One line with all of it, for the message of a failing test.</summary>
    public override string ToString() =>
        $"{Method} {Path} on {RouteId}: {Status}{(Reason is null ? string.Empty : $" {Reason}")}, {(DestinationId is null ? "not forwarded" : $"forwarded to {DestinationId}")}"
        + $", decided: {(Decisions.Count == 0 ? "nothing" : string.Join(", ", Decisions.Select(static decision => $"{decision.Policy} {decision.Outcome}")))}";

    internal static RecordedRequest Of(GatewayContext context)
    {
        var request = context.HttpContext.Request;
        return new()
        {
            Method = request.Method,
            Path = request.PathBase.ToUriComponent() + (context.Path ?? request.Path),
            RouteId = context.Endpoint.RouteId,
            ClusterId = context.Endpoint.ClusterId,
            DestinationId = context.DestinationId,
            DestinationAddress = context.DestinationAddress,
            Attempts = context.Attempts,
            Status = context.HttpContext.Response.StatusCode,
            Reason = context.Reason,
            Decisions = context.Decisions,
        };
    }
}
