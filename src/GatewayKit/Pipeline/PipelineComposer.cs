using GatewayKit.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace GatewayKit.Pipeline;

/// <summary>Reads the effective policies of an endpoint, orders them, links them. Runs when an endpoint is built, never per request.</summary>
internal sealed class PipelineComposer(PolicyRegistry registry, GatewayObservers observers, PipelineMetrics metrics)
{
    /// <summary>Builds the pipeline of an endpoint in front of <paramref name="next"/>.</summary>
    /// <returns>The chain, or <paramref name="next"/> itself when no policy is in effect.</returns>
    public EndpointFilterDelegate Compose(EndpointBuilder builder, EndpointFilterDelegate next, out GatewayPipeline pipeline)
    {
        var endpoint = Describe(builder);
        var policies = Effective(builder.Metadata);
        var steps = new List<GatewayPipelineStep>(policies.Count);
        var factories = new List<IGatewayFilterFactory>(policies.Count);
        foreach (var policy in policies)
        {
            var (registration, factory) = registry.Get(policy, endpoint);
            steps.Add(new(registration.Name, policy));
            factories.Add(factory);
        }

        pipeline = new GatewayPipeline(endpoint, steps);
        var chain = next;
        for (var i = steps.Count - 1; i >= 0; i--)
        {
            chain = Link(steps[i].Policy, factories[i], endpoint, i, ExecuteInside(steps, i, chain));
        }

        builder.Metadata.Add(pipeline);
        return chain;
    }

    /// <summary>The same for an endpoint of the host, whose chain starts with the framework's own context.</summary>
    public EndpointFilterDelegate ComposeForHost(EndpointBuilder builder, EndpointFilterDelegate next)
    {
        var chain = Compose(builder, next, out var pipeline);
        if (ReferenceEquals(chain, next))
        {
            return next;
        }

        return invocation =>
        {
            var context = new GatewayContext(invocation.HttpContext, pipeline, invocation);
            invocation.HttpContext.Features.Set(context);
            var running = chain(context);
            if (!running.IsCompletedSuccessfully)
            {
                return AwaitThenJudge(running, context);
            }

            var result = running.Result;
            Judge(context, result);
            Complete(context);
            return new(result);
        };
    }

    /// <summary>Notes what the pipeline answered. The first call for a request counts: an Observe stage judges before it executes.</summary>
    public void Judge(GatewayContext context, object? result)
    {
        if (context.Concluded)
        {
            return;
        }

        context.Concluded = true;
        if (result is GatewayProblem problem)
        {
            context.Reason = problem.Reason;
            var steps = context.Pipeline.Steps;
            if (context.Passed < steps.Count)
            {
                metrics.Decided(context, steps[context.Passed], PolicyOutcome.Refused, problem.Reason);
            }
        }
    }

    /// <summary>Tells the observers that the request is done.</summary>
    public void Complete(GatewayContext context) => observers.Completed(context);

    // The last policy of a slot counts, in the place of the first: a group decides where a policy stands among its stage.
    private static List<IGatewayPolicy> Effective(IList<object> metadata)
    {
        var bySlot = new OrderedDictionary<object, IGatewayPolicy>();
        foreach (var item in metadata)
        {
            if (item is IGatewayPolicy policy)
            {
                bySlot[policy.Slot] = policy;
            }
        }

        // OrderBy is stable, which the order within a stage relies on.
        return [.. bySlot.Values.Where(static policy => policy.Mode is not PolicyMode.Off).OrderBy(static policy => policy.Stage)];
    }

    private static GatewayEndpoint Describe(EndpointBuilder builder)
    {
        var identity = builder.Metadata.OfType<IGatewayRouteIdentity>().LastOrDefault();
        var name = builder.Metadata.OfType<IEndpointNameMetadata>().LastOrDefault()?.EndpointName;
        return new GatewayEndpoint(
            identity?.RouteId ?? name ?? builder.DisplayName ?? "(unnamed endpoint)",
            identity?.ClusterId,
            (builder as RouteEndpointBuilder)?.RoutePattern.RawText,
            new EndpointMetadataCollection(builder.Metadata));
    }

    private EndpointFilterDelegate Link(IGatewayPolicy policy, IGatewayFilterFactory factory, GatewayEndpoint endpoint, int index, EndpointFilterDelegate next)
    {
        var passed = index + 1;
        EndpointFilterDelegate pass = context =>
        {
            GatewayContext.From(context).Passed = passed;
            return next(context);
        };
        var link = factory.Create(policy, endpoint, pass);
        if (policy.Mode is not PolicyMode.Shadow || ReferenceEquals(link, pass))
        {
            return link;
        }

        return context => Shadow(GatewayContext.From(context), index, link, pass);
    }

    // A shadow policy decides as ever. Only its refusal is set aside: noted, then the request goes on as if it had passed.
    private async ValueTask<object?> Shadow(GatewayContext context, int index, EndpointFilterDelegate link, EndpointFilterDelegate pass)
    {
        var result = await link(context).ConfigureAwait(false);
        if (context.Passed > index)
        {
            return result;
        }

        var reason = (result as GatewayProblem)?.Reason;
        context.AddShadowRefusal(index, reason);
        metrics.Decided(context, context.Pipeline.Steps[index], PolicyOutcome.WouldRefuse, reason);
        await GatewayResults.DiscardAsync(result).ConfigureAwait(false);
        return await pass(context).ConfigureAwait(false);
    }

    // Between the Observe stage and the rest: results are executed here, so that observers see the true status, bytes and outcome (A13).
    private EndpointFilterDelegate ExecuteInside(List<GatewayPipelineStep> steps, int index, EndpointFilterDelegate next)
    {
        var isLastObserver = steps[index].Policy.Stage is GatewayStage.Observe
            && (index + 1 == steps.Count || steps[index + 1].Policy.Stage is not GatewayStage.Observe);
        return isLastObserver ? context => ExecuteAfter(GatewayContext.From(context), next) : next;
    }

    private async ValueTask<object?> ExecuteAfter(GatewayContext context, EndpointFilterDelegate next)
    {
        var result = await next(context).ConfigureAwait(false);
        if (result is not IResult executable)
        {
            return result;
        }

        Judge(context, result);
        await executable.ExecuteAsync(context.HttpContext).ConfigureAwait(false);
        return GatewayResults.Executed;
    }

    private async ValueTask<object?> AwaitThenJudge(ValueTask<object?> running, GatewayContext context)
    {
        var result = await running.ConfigureAwait(false);
        Judge(context, result);
        Complete(context);
        return result;
    }
}
