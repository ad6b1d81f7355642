using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>The composed pipeline of one endpoint, in its metadata: what runs, in which order. Immutable.</summary>
public sealed class GatewayPipeline
{
    internal GatewayPipeline(GatewayEndpoint endpoint, IReadOnlyList<GatewayPipelineStep> steps) => (Endpoint, Steps) = (endpoint, steps);

    /// <summary>The endpoint it was built for.</summary>
    public GatewayEndpoint Endpoint { get; }

    /// <summary>The policies in effect, outermost first.</summary>
    public IReadOnlyList<GatewayPipelineStep> Steps { get; }

    /// <summary>The policies of the endpoint that are not in effect, because they are off or another one overrides them.</summary>
    public IReadOnlyList<GatewayPipelineStep> Omitted { get; internal init; } = [];

    /// <summary>Whether every caller is asked who it is, and none is let through who is nobody.</summary>
    internal bool AsksEveryCaller => Steps.Any(static step => step.Policy is IIdentityPolicy { FindsCaller: true, Mode: PolicyMode.Enforce, EnforcePercent: 100 });

    /// <summary>What is wrong with the policies of the endpoint. It is not served with any of these.</summary>
    internal IReadOnlyList<PolicyFault> Faults { get; init; } = [];

    /// <summary>What tells clients of limits; <see langword="null"/> if nothing does.</summary>
    internal LimitFields? LimitFields { get; init; }

    /// <summary>Whether filters of the host take part, which may pass on a context of their own.</summary>
    internal bool HasHostFilters { get; init; }

    /// <summary>What policies see of a request at an endpoint of the host before the framework binds parameters; <see langword="null"/> if none does.</summary>
    internal Action<HttpContext>? Arrival { get; init; }

    /// <summary>Whether a filter of the host stands outside the pipeline, so that a request may end before it enters.</summary>
    internal bool HasOuterFilters { get; init; }

    /// <summary>One line, such as <c>orders /orders/{**rest}: Admit Throttle → Limit Quota (Shadow) → cluster orders</c>.</summary>
    /// <param name="verbose">Whether the settings of each policy follow, one to a line, and the policies that are not in effect.</param>
    public string Describe(bool verbose = false)
    {
        var text = new StringBuilder(Endpoint.RouteId);
        if (Endpoint.Pattern is { } pattern && pattern != Endpoint.RouteId)
        {
            text.Append(' ').Append(pattern);
        }

        text.Append(": ").AppendJoin(" → ", Steps.Select(static step => step.ToString()).Append(Endpoint.Terminal));
        if (verbose)
        {
            foreach (var step in Steps)
            {
                text.AppendLine().Append("    ").Append(step.Policy);
            }

            foreach (var step in Omitted)
            {
                text.AppendLine().Append(step.Policy.Mode is PolicyMode.Off ? "    off: " : "    overridden: ").Append(step.Policy);
            }
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public override string ToString() => Describe();
}

/// <summary>One policy in a pipeline.</summary>
/// <param name="Name">The name it is registered under.</param>
/// <param name="Policy">What it was asked for.</param>
public sealed record GatewayPipelineStep(string Name, IGatewayPolicy Policy)
{
    /// <summary>What runs for callers that the policy is not in force for; <see langword="null"/> if it is for all.</summary>
    internal IGatewayPolicy? ForOthers { get; } = Policy is { Mode: PolicyMode.Enforce, EnforcePercent: < 100 } ? Policy.InShadow() : null;

    /// <summary>Whether this is the step that runs a policy, for some callers or all.</summary>
    internal bool Runs(IGatewayPolicy policy) => ReferenceEquals(Policy, policy) || ReferenceEquals(ForOthers, policy) || ReferenceEquals(Policy.Candidate, policy);

    /// <inheritdoc/>
    public override string ToString() =>
        (Mode, Policy.Candidate) switch
        {
            (null, null) => $"{Policy.Stage} {Name}",
            (null, _) => $"{Policy.Stage} {Name} (with candidate)",
            (var mode, null) => $"{Policy.Stage} {Name} ({mode})",
            (var mode, _) => $"{Policy.Stage} {Name} ({mode}, with candidate)",
        };

    private string? Mode =>
        Policy.Mode is not PolicyMode.Enforce ? Policy.Mode.ToString()
        : Policy.EnforcePercent < 100 ? string.Create(CultureInfo.InvariantCulture, $"Enforce {Policy.EnforcePercent} %")
        : null;
}
