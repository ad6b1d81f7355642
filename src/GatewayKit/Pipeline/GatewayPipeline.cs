using System.Text;

namespace GatewayKit.Pipeline;

/// <summary>The composed pipeline of one endpoint, in its metadata: what runs, in which order. Immutable.</summary>
public sealed class GatewayPipeline
{
    internal GatewayPipeline(GatewayEndpoint endpoint, IReadOnlyList<GatewayPipelineStep> steps) => (Endpoint, Steps) = (endpoint, steps);

    /// <summary>The endpoint it was built for.</summary>
    public GatewayEndpoint Endpoint { get; }

    /// <summary>The policies in effect, outermost first. Overridden policies and those that are off are not among them.</summary>
    public IReadOnlyList<GatewayPipelineStep> Steps { get; }

    /// <summary>One line, such as <c>orders: Admit Throttle → Limit Quota (Shadow) → cluster orders</c>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Endpoint.RouteId).Append(": ");
        foreach (var step in Steps)
        {
            text.Append(step).Append(" → ");
        }

        return text.Append(Endpoint.ClusterId is { } cluster ? $"cluster {cluster}" : "endpoint").ToString();
    }
}

/// <summary>One policy in a pipeline.</summary>
/// <param name="Name">The name it is registered under.</param>
/// <param name="Policy">What it was asked for.</param>
public sealed record GatewayPipelineStep(string Name, IGatewayPolicy Policy)
{
    /// <inheritdoc/>
    public override string ToString() =>
        Policy.Mode is PolicyMode.Enforce ? $"{Policy.Stage} {Name}" : $"{Policy.Stage} {Name} ({Policy.Mode})";
}
