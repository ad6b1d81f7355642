using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>
/// One request on its way through the gateway: what endpoint filters of gateway and host get as their invocation context. Not
/// thread-safe; it belongs to its request.
/// </summary>
public sealed class GatewayContext : EndpointFilterInvocationContext
{
    private readonly EndpointFilterInvocationContext? _inner;
    private List<(int Step, RejectionReason? Reason)>? _shadowRefusals;
    private object?[]? _arguments;

    internal GatewayContext(HttpContext httpContext, GatewayPipeline pipeline, EndpointFilterInvocationContext? inner = null)
    {
        HttpContext = httpContext;
        Pipeline = pipeline;
        _inner = inner;
    }

    /// <inheritdoc/>
    public override HttpContext HttpContext { get; }

    /// <summary>The arguments of the host's handler. On a gateway route there is one: the <see cref="HttpContext"/>.</summary>
    public override IList<object?> Arguments => _inner?.Arguments ?? (_arguments ??= [HttpContext]);

    /// <summary>The endpoint that is being served.</summary>
    public GatewayEndpoint Endpoint => Pipeline.Endpoint;

    /// <summary>The policies that this request passes, in order.</summary>
    public GatewayPipeline Pipeline { get; }

    /// <summary>The destination that the latest attempt went to; <see langword="null"/> before, and on endpoints of the host.</summary>
    public string? DestinationId { get; internal set; }

    /// <summary>How many attempts have been made at destinations.</summary>
    public int Attempts { get; internal set; }

    /// <summary>Why the request was not served; <see langword="null"/> while it is going well.</summary>
    public RejectionReason? Reason { get; internal set; }

    /// <summary>The address of that destination.</summary>
    public Uri? DestinationAddress { get; internal set; }

    /// <summary>What changes the exchange with the destination; <see langword="null"/> when it goes through as it came.</summary>
    public IForwardTransform? ForwardTransform { get; set; }

    /// <summary>A destination's answer that nobody has written yet; released with the request if nobody does.</summary>
    internal IAsyncDisposable? PendingAnswer { get; set; }

    /// <summary>How many of the pipeline's steps have let the request through.</summary>
    internal int Passed { get; set; }

    /// <summary>Whether the request was ended by the step after the passed ones.</summary>
    internal bool Concluded { get; set; }

    /// <summary>What each policy decided so far, in the order of the pipeline. Built when read.</summary>
    public IReadOnlyList<PolicyDecision> Decisions
    {
        get
        {
            var steps = Pipeline.Steps;
            var decisions = new List<PolicyDecision>(Passed + 1);
            for (var i = 0; i < Passed; i++)
            {
                decisions.Add(DecisionOf(i));
            }

            if (Concluded && Passed < steps.Count)
            {
                var step = steps[Passed];
                decisions.Add(new(step.Name, step.Policy.Mode, Reason is null ? PolicyOutcome.Answered : PolicyOutcome.Refused, Reason));
            }

            return decisions;
        }
    }

    /// <summary>The gateway's context of an invocation: inside a pipeline, <paramref name="context"/> itself.</summary>
    /// <exception cref="InvalidOperationException">The invocation is not inside a gateway pipeline.</exception>
    public static GatewayContext From(EndpointFilterInvocationContext context) =>
        context as GatewayContext ?? FromFeatures(context);

    /// <summary>Adds a change to the exchange with the destination after those that are there.</summary>
    public void AddForwardTransform(IForwardTransform transform)
    {
        ArgumentNullException.ThrowIfNull(transform);
        ForwardTransform = ForwardTransform is { } first ? new ForwardTransformChain(first, transform) : transform;
    }

    /// <inheritdoc/>
    public override T GetArgument<T>(int index) => _inner is null ? (T)Arguments[index]! : _inner.GetArgument<T>(index);

    internal void AddShadowRefusal(int step, RejectionReason? reason) => (_shadowRefusals ??= []).Add((step, reason));

    private PolicyDecision DecisionOf(int step)
    {
        var (name, policy) = (Pipeline.Steps[step].Name, Pipeline.Steps[step].Policy);
        foreach (var refusal in _shadowRefusals ?? [])
        {
            if (refusal.Step == step)
            {
                return new(name, policy.Mode, PolicyOutcome.WouldRefuse, refusal.Reason);
            }
        }

        return new(name, policy.Mode, PolicyOutcome.Allowed, null);
    }

    // A host filter may pass on a context of its own. The request still has one gateway context.
    private static GatewayContext FromFeatures(EndpointFilterInvocationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.HttpContext.Features.Get<GatewayContext>()
            ?? throw new InvalidOperationException(
                "This invocation is not inside a gateway pipeline. Add a gateway policy to the endpoint before the filter that asks for the gateway context.");
    }
}
