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
            Faults = steps.Length == 0 ? [] : [.. policies.Ordered.Select(registry.FaultOf).OfType<string>()],
            LimitFields = steps.Length == 0 ? null : LimitFields.Of(options.Value),
            HasHostFilters = builder.FilterFactories.Count > 1,
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
            var isLastObserver = steps[i].Policy.Stage is GatewayStage.Observe
                && (i + 1 == steps.Length || steps[i + 1].Policy.Stage is not GatewayStage.Observe);
            chain = Link(steps[i], endpoint, i, isLastObserver ? ExecuteInside(chain) : chain);
        }

        return chain;
    }

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
            var result = await next(context).ConfigureAwait(false);
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
