using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Resilience.Timeouts;

/// <summary>
/// A deadline for requests at an endpoint. On a gateway route it bounds the exchange with the cluster, all attempts and the answer's body, and can
/// only make the total of the cluster shorter. On an endpoint of the host it cancels
/// <see cref="Microsoft.AspNetCore.Http.HttpContext.RequestAborted"/>, so that queries and calls stop too. What is late is answered 504
/// <c>deadline-exceeded</c>; an answer that has begun is cut visibly.
/// </summary>
public sealed record TimeoutPolicy : IGuardPolicy, IValidatableObject
{
    // Timers take milliseconds in an int; a day is what a peer may state too.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <summary>How long a request may take, from this point of the pipeline to the last byte of its answer: more than zero, at most a day.</summary>
    public required TimeSpan Total { get; init; }

    /// <summary>
    /// Whether streams end too: WebSockets of the host, answers of <c>text/event-stream</c> and gRPC calls, since nothing tells those that stream from
    /// those that do not. Default no. WebSockets that go through the gateway have a limit of their own, that of their policy.
    /// </summary>
    public bool EndsStreams { get; init; }

    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    /// <summary>What is tried beside it on every request: another one in <see cref="PolicyMode.Shadow"/> with another time. Default <see langword="null"/>: nothing.</summary>
#pragma warning disable SYSLIB1212 // What is inside is checked at the start and on reload, with its path.
    public TimeoutPolicy? Candidate { get; init; }
#pragma warning restore SYSLIB1212

    IGatewayPolicy? IGatewayPolicy.Candidate => Candidate;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    GatewayStage IGatewayPolicy.Stage => GatewayStage.Protect;

    GuardPlace IGuardPolicy.Guard => GuardPlace.Deadline;

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (Total <= TimeSpan.Zero || Total > Longest)
        {
            yield return new($"Total is {Total:c}; it must be more than zero and at most {Longest:c}. To lift the deadline of a group, write Mode \"Off\".", [nameof(Total)]);
        }
    }
}
