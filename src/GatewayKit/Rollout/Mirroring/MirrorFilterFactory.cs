using GatewayKit.Diagnostics;
using GatewayKit.Pipeline;
using GatewayKit.Rollout.Diffing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Rollout.Mirroring;

/// <summary>Chooses requests that are copied and watches them. What is not chosen passes untouched, and at 0 % nothing is in its way.</summary>
internal sealed class MirrorFilterFactory(Mirrors mirrors) : GatewayFilterFactory<MirrorPolicy>
{
    protected override EndpointFilterDelegate Create(MirrorPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        if (KeyHash.BucketsOf(policy.Percent) == 0)
        {
            return next;
        }

        var (route, chooser) = (mirrors.For(endpoint, policy), new MirrorChooser(policy, endpoint.RouteId, Random.Shared.NextDouble));
        var isForwarded = endpoint.ClusterId is not null;
        return context => !chooser.Includes(context.HttpContext) ? next(context)
            : policy.Mode is PolicyMode.Shadow ? Count(context)
            : isForwarded ? Forwarded(context)
            : Own(context);

        ValueTask<object?> Count(EndpointFilterInvocationContext invocation)
        {
            if (chooser.WhyNot(invocation.HttpContext, out _) is { } reason)
            {
                route.Skipped(reason);
            }
            else
            {
                route.Ended("would-send");
            }

            return next(invocation);
        }

        ValueTask<object?> Forwarded(EndpointFilterInvocationContext invocation)
        {
            var context = GatewayContext.From(invocation);
            if (TryWatch(route, chooser, context, endsByItself: true) is not { } watch)
            {
                return next(invocation);
            }

            context.ForwardWatch = watch;
            return policy.Compare is { } compare ? CompareAsync(next, invocation, watch, compare, mirrors.Time) : next(invocation);
        }

        ValueTask<object?> Own(EndpointFilterInvocationContext invocation)
        {
            var context = GatewayContext.From(invocation);
            if (TryWatch(route, chooser, context, endsByItself: policy.Compare is null) is { } watch)
            {
                HostMirror.Begin(route, context, watch);
            }

            return next(invocation);
        }
    }

    private static async ValueTask<object?> CompareAsync(
        EndpointFilterDelegate next, EndpointFilterInvocationContext invocation, MirrorWatch watch, MirrorComparison compare, TimeProvider time)
    {
        var start = time.GetTimestamp();
        var result = await next(invocation).ConfigureAwait(false);
        watch.Answered(result, compare, time.GetElapsedTime(start));
        return result;
    }

    private static MirrorWatch? TryWatch(MirrorRoute route, MirrorChooser chooser, GatewayContext context, bool endsByItself)
    {
        var httpContext = context.HttpContext;
        if (chooser.WhyNot(httpContext, out var hasBody) is { } reason)
        {
            route.Skipped(reason);
            return null;
        }

        if (!route.TryEnter())
        {
            return null;
        }

        var pair = route.Policy.Compare is null ? null : new MirrorPair(route, httpContext.Request.Method, TraceIdentifiers.Of(httpContext));
        var watch = new MirrorWatch(route, context, pair) { RequestBody = hasBody ? new(route.Policy.MaxBodyBytes) : null };
        if (watch.RequestBody is { } body)
        {
            var reader = new CapturingPipeReader(httpContext.Request.BodyReader, body, watch.BodyConsumed);
            httpContext.Features.Set<IRequestBodyPipeFeature>(new CapturedBody(reader));
        }

        if (endsByItself)
        {
            httpContext.Response.OnCompleted(static state =>
            {
                ((MirrorWatch)state).End();
                return Task.CompletedTask;
            }, watch);
        }

        return watch;
    }

    private sealed record CapturedBody(System.IO.Pipelines.PipeReader Reader) : IRequestBodyPipeFeature;
}
