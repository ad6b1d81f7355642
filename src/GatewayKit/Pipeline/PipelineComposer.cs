using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace GatewayKit.Pipeline;

/// <summary>Reads the effective policies of an endpoint, orders them, links them. Runs when an endpoint is built, never per request.</summary>
internal sealed class PipelineComposer(PolicyRegistry registry, PipelineOutcomes outcomes, ShadowMode shadowMode, IOptions<GatewayOptions> options)
{
    /// <summary>Builds the pipeline of an endpoint in front of <paramref name="next"/> and leaves its description in the metadata.</summary>
    /// <returns>The chain, or <paramref name="next"/> itself when no policy is in effect (A6).</returns>
    public EndpointFilterDelegate Compose(EndpointBuilder builder, EndpointFilterDelegate next, out GatewayPipeline pipeline)
    {
        var policies = EffectivePolicies.Of(builder.Metadata);
        var endpoint = GatewayEndpoint.Of(builder, policies.Ordered);
        var steps = Describe(policies.Ordered);
        pipeline = new GatewayPipeline(endpoint, steps)
        {
            Omitted = Describe(policies.Omitted),
            Faults = steps.Length == 0 ? [] : [.. FaultsOf(policies.Ordered), .. ConsumerFaults(policies.Ordered), .. HandlerFaults(builder, policies.Ordered)],
            LimitFields = steps.Length == 0 ? null : LimitFields.Of(options.Value),
            HasHostFilters = builder.FilterFactories.Count > 1,
            Arrival = ArrivalOf(steps),
            HasOuterFilters = builder.FilterFactories.Count > 0 && builder.FilterFactories[0].Target is not PipelineFilterFactory,
        };
        builder.Metadata.Add(pipeline);
        if (pipeline.Faults.Count > 0)
        {
            // The check at start and on reload reports all of them. An endpoint that both missed is refused, not served unguarded.
            return static _ => new(new GatewayProblem(RejectionReason.FilterError));
        }

        var chain = next;
        for (var i = steps.Length - 1; i >= 0; i--)
        {
            if (IsLast(steps, i, static policy => policy.Stage < GatewayStage.Protect))
            {
                chain = Gates(steps, chain);
            }

            chain = Link(steps[i], endpoint, i, IsLast(steps, i, static policy => policy is { Stage: GatewayStage.Observe } and not IAnswerPolicy) ? ExecuteInside(chain) : chain);
        }

        return chain;
    }

    private Action<HttpContext>? ArrivalOf(GatewayPipelineStep[] steps)
    {
        Action<HttpContext>? arrival = null;
        foreach (var step in steps)
        {
            if (step.Policy is IArrivalPolicy { SeesArrival: true } && registry.FactoryOf(step.Policy) is IArrivalFactory factory)
            {
                arrival += factory.CreateArrival(step.Policy);
            }
        }

        return arrival;
    }

    private IEnumerable<PolicyFault> FaultsOf(IReadOnlyList<IGatewayPolicy> policies) =>
        from policy in policies
        let fault = registry.FaultOf(policy)
        where fault is not null
        select new PolicyFault(fault);

    // Whether a step is the last of those that stand in front.
    private static bool IsLast(GatewayPipelineStep[] steps, int index, Func<IGatewayPolicy, bool> isInFront) =>
        isInFront(steps[index].Policy) && (index + 1 == steps.Length || !isInFront(steps[index + 1].Policy));

    private EndpointFilterDelegate Gates(IEnumerable<GatewayPipelineStep> steps, EndpointFilterDelegate pass)
    {
        foreach (var step in steps.Reverse())
        {
            if (registry.FactoryOf(step.Policy) is IAccessGateFactory factory)
            {
                pass = factory.CreateGate(step.Policy, pass);
            }
        }

        return pass;
    }

    // What goes by a caller whom nobody asks for would go by nobody.
    private IEnumerable<PolicyFault> ConsumerFaults(IReadOnlyList<IGatewayPolicy> policies) => policies.Any(static policy => policy is IIdentityPolicy { FindsCaller: true })
        ? []
        : policies.OfType<INeedsConsumer>().Where(static policy => policy.NeedsConsumerFor is not null).Select(policy =>
            new PolicyFault($"{policy.NeedsConsumerFor}, but nothing on this endpoint finds out who is calling. Add ApiKey, Identity or another policy that does, or take another setting.") { Step = new(registry.NameOf(policy), policy) });

    private IEnumerable<PolicyFault> HandlerFaults(EndpointBuilder builder, IReadOnlyList<IGatewayPolicy> policies) =>
        HandlerParameters.FaultsOf(builder, policies).Select(found => new PolicyFault($"{registry.NameOf(found.Policy)} {found.Fault}"));

    private GatewayPipelineStep[] Describe(IReadOnlyList<IGatewayPolicy> policies) =>
        policies.Count == 0 ? [] : [.. policies.Select(policy => new GatewayPipelineStep(registry.NameOf(policy), policy))];

    private EndpointFilterDelegate Link(GatewayPipelineStep step, GatewayEndpoint endpoint, int index, EndpointFilterDelegate next)
    {
        var (policy, passed) = (step.Policy, index + 1);
        EndpointFilterDelegate pass = context =>
        {
            GatewayContext.From(context).Passed = passed;
            return next(context);
        };
        var factory = registry.FactoryOf(policy)!;
        var live = policy.Mode is PolicyMode.Shadow ? InShadow(policy)
            : step.ForOthers is { } others ? ForShare(step, factory.Create(policy, endpoint, pass), InShadow(others))
            : factory.Create(policy, endpoint, pass);
        return policy.Candidate is { } candidate ? shadowMode.Beside(index, live, seen => factory.Create(candidate, endpoint.ForCandidate(), seen)) : live;

        EndpointFilterDelegate InShadow(IGatewayPolicy shadow) => shadowMode.Link(index, pass, seen => factory.Create(shadow, endpoint, seen));
    }

    private static EndpointFilterDelegate ForShare(GatewayPipelineStep step, EndpointFilterDelegate enforced, EndpointFilterDelegate inShadow)
    {
        var share = new EnforcedShare(step.Name, step.Policy.EnforcePercent, (step.Policy as IPartitionedPolicy)?.CallerKey);
        return invocation =>
        {
            if (share.Includes(invocation.HttpContext))
            {
                return enforced(invocation);
            }

            GatewayContext.From(invocation).Shadow.Spare(step.Policy);
            return inShadow(invocation);
        };
    }

    // Between the Observe stage and the rest: results are executed here, so that observers see the true status, bytes and outcome (A13).
    private EndpointFilterDelegate ExecuteInside(EndpointFilterDelegate next)
    {
        return [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))] async ValueTask<object?> (invocation) =>
        {
            var context = GatewayContext.From(invocation);
            var result = await PipelineOutcomes.RecordAsync(context, await next(context).ConfigureAwait(false)).ConfigureAwait(false);
            outcomes.Judge(context, result);
            if (result is not IResult executable)
            {
                // Left to whoever knows the handler's conventions, such as MVC.
                return result;
            }

            await executable.ExecuteAsync(context.HttpContext).ConfigureAwait(false);
            return GatewayResults.Executed;
        };
    }
}
