using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Abstractions;

namespace GatewayKit.Pipeline;

/// <summary>The life of a request on an endpoint of the host: the framework made a context and runs the filters, the pipeline is one of them.</summary>
internal sealed class HostPipeline(PipelineComposer composer, PipelineOutcomes outcomes, TimeProvider time)
{
    /// <summary>Builds the link of the framework's chain that is the pipeline.</summary>
    /// <returns>The link, or <paramref name="next"/> itself when no policy is in effect (A6).</returns>
    public EndpointFilterDelegate Compose(EndpointBuilder builder, EndpointFilterDelegate next)
    {
        // MVC casts the context to its own type at the end of the chain, so it gets that one back.
        var isAction = builder.Metadata.Any(static item => item is ActionDescriptor);
        var terminal = isAction ? invocation => next(GatewayContext.From(invocation).Inner!) : next;
        var chain = composer.Compose(builder, terminal, out var pipeline);
        if (ReferenceEquals(chain, terminal))
        {
            return next;
        }

        return invocation => Run(invocation, chain, pipeline);
    }

    private ValueTask<object?> Run(EndpointFilterInvocationContext invocation, EndpointFilterDelegate chain, GatewayPipeline pipeline)
    {
        // The handler gets its own arguments and finds the gateway context here: a Forwarder that it calls does.
        var context = new GatewayContext(invocation.HttpContext, pipeline, invocation);
        GrpcCall.Note(context, time);
        invocation.HttpContext.Features.Set(context);
        outcomes.CompleteWithResponse(context);
        var running = chain(context);
        if (!running.IsCompletedSuccessfully)
        {
            return AwaitAsync(running, context);
        }

        var result = running.Result;
        outcomes.Judge(context, result);
        return new(result);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<object?> AwaitAsync(ValueTask<object?> running, GatewayContext context)
    {
        var result = await running.ConfigureAwait(false);
        outcomes.Judge(context, result);
        return result;
    }
}
