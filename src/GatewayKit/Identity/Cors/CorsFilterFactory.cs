using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace GatewayKit.Identity.Cors;

/// <summary>Answers preflights, and says on every other answer which pages may read it.</summary>
internal sealed class CorsFilterFactory : GatewayFilterFactory<GatewayCorsPolicy>
{
    private static readonly GatewayProblem Refusal = new(RejectionReason.OriginNotAllowed);

    private static readonly Func<object, Task> Write = static state =>
    {
        ((Answer)state).Write();
        return Task.CompletedTask;
    };

    protected override EndpointFilterDelegate Create(GatewayCorsPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        if (policy.Mode is PolicyMode.Shadow)
        {
            return next;
        }

        // As the framework does for its own: the matcher then takes a preflight for the method that it asks about.
        if (endpoint.Metadata.GetMetadata<IHttpMethodMetadata>() is { AcceptCorsPreflight: false } methods)
        {
            methods.AcceptCorsPreflight = true;
        }

        var fields = new CorsFields(policy, endpoint);
        return invocation =>
        {
            var httpContext = invocation.HttpContext;

            // There browsers send an origin and ask no leave.
            if (WebSocketHandshake.IsAsked(httpContext))
            {
                return next(invocation);
            }

            var (origin, isPreflight) = (fields.OriginFor(httpContext.Request), IsPreflight(httpContext.Request));

            // The last word before the head is written: destinations, handlers and whoever clears a response on an error have had theirs.
            httpContext.Response.OnStarting(Write, new Answer(httpContext.Response, fields, origin, isPreflight));
            return !isPreflight ? next(invocation) : new(origin is null ? Refusal : Leave.Given);
        };
    }

    private static bool IsPreflight(HttpRequest request) =>
        HttpMethods.IsOptions(request.Method) && request.Headers.Origin.Count > 0 && request.Headers.AccessControlRequestMethod.Count > 0;

    private sealed class Answer(HttpResponse response, CorsFields fields, string? origin, bool isPreflight)
    {
        public void Write() => fields.Write(response.Headers, origin, isPreflight);
    }

    // What a page may do is in the fields, whether that is what it asked for or not: browsers compare, and tell the developer what is missing.
    private sealed class Leave : IResult, IStatusCodeHttpResult
    {
        public static readonly Leave Given = new();

        public int? StatusCode => StatusCodes.Status204NoContent;

        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }
    }
}
