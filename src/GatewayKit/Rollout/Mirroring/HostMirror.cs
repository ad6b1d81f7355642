using GatewayKit.Pipeline;
using GatewayKit.Rollout.Diffing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Rollout.Mirroring;

/// <summary>The mirror of an endpoint of the host: the copy is made of the client's request, and what the endpoint writes is what is compared.</summary>
internal static class HostMirror
{
    public static void Begin(MirrorRoute route, GatewayContext context, MirrorWatch watch)
    {
        var httpContext = context.HttpContext;
        if (route.Policy.Compare is { } compare)
        {
            Watch(httpContext, watch, compare, route.Time);
        }

        if (watch.RequestBody is not null)
        {
            // Who reads the stream reads the same bytes. What has been bound to parameters of the handler was read before any filter ran.
            httpContext.Request.Body = httpContext.Request.BodyReader.AsStream(leaveOpen: true);
        }

        if (MirrorRequest.Of(httpContext, route.Fields) is { } request)
        {
            watch.Begin(request);
        }
    }

    private static void Watch(HttpContext httpContext, MirrorWatch watch, MirrorComparison compare, TimeProvider time)
    {
        var inner = httpContext.Features.Get<IHttpResponseBodyFeature>();
        var body = compare.Body && inner is not null ? new BodyCapture(compare.MaxBodyBytes) : null;
        if (body is not null)
        {
            httpContext.Features.Set<IHttpResponseBodyFeature>(new CapturingResponseBody(inner!, body));
        }

        var start = time.GetTimestamp();
        TimeSpan? elapsed = null;
        if (!httpContext.Response.HasStarted)
        {
            httpContext.Response.OnStarting(() =>
            {
                elapsed = time.GetElapsedTime(start);
                return Task.CompletedTask;
            });
        }

        httpContext.Response.OnCompleted(() =>
        {
            var answer = AnswerRecord.Of(httpContext.Response, compare, elapsed ?? time.GetElapsedTime(start));
            watch.End(answer with { Body = body });
            return Task.CompletedTask;
        });
    }
}
