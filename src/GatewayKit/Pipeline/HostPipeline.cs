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
        var terminal = isAction ? invocation => next(GatewayContext.From(invocation).Inner!) : WithCaller(HandlerParameters.PrincipalsOf(builder), next);
        var chain = composer.Compose(builder, terminal, out var pipeline);
        if (ReferenceEquals(chain, terminal))
        {
            return next;
        }

        return invocation => Run(invocation, chain, pipeline);
    }

    // The framework has bound the handler's arguments before: the caller among them is whom the host took them for, and not whom a policy has found since.
    private static EndpointFilterDelegate WithCaller(int[] principals, EndpointFilterDelegate next) => principals.Length == 0 ? next : invocation =>
    {
        var arguments = GatewayContext.From(invocation).Inner!.Arguments;
        foreach (var principal in principals)
        {
            arguments[principal] = invocation.HttpContext.User;
        }

        return next(invocation);
    };

    private ValueTask<object?> Run(EndpointFilterInvocationContext invocation, EndpointFilterDelegate chain, GatewayPipeline pipeline)
    {
        // The handler gets its own arguments and finds the gateway context here: a Forwarder that it calls does.
        var context = new GatewayContext(invocation.HttpContext, pipeline, invocation);
        GrpcCall.Note(context, time);
        invocation.HttpContext.Features.Set(context);
        outcomes.CompleteWithResponse(context);
        ValueTask<object?> running;
        try
        {
            running = chain(context);
        }
        catch
        {
            context.LeaveRecord();
            throw;
        }

        if (!running.IsCompletedSuccessfully || context.Record is { IsBegun: false })
        {
            return AwaitAsync(running, context);
        }

        var result = running.Result;
        outcomes.Judge(context, result);
        context.LeaveRecord();
        return new(result);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<object?> AwaitAsync(ValueTask<object?> running, GatewayContext context)
    {
        try
        {
            var result = await PipelineOutcomes.RecordAsync(context, await running.ConfigureAwait(false)).ConfigureAwait(false);
            outcomes.Judge(context, result);
            return result;
        }
        finally
        {
            context.LeaveRecord();
        }
    }
}
