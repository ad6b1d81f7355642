using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing.Patterns;

namespace GatewayKit.Routing;

/// <summary>The terminal of a route that sends the client elsewhere.</summary>
internal static class RedirectTerminal
{
    private static readonly GatewayProblem Ambiguous = new(RejectionReason.AmbiguousPath);

    public static EndpointFilterDelegate Create(RouteRedirect redirect, RoutePattern pattern)
    {
        var template = RedirectTemplate.Parse(redirect.To, pattern.Parameters.Select(static parameter => parameter.Name));
        return context =>
        {
            var httpContext = context.HttpContext;
            var location = template.Fill(httpContext.Request, httpContext.Features.Get<IHttpRequestFeature>()?.RawTarget);
            return new(location is null ? Ambiguous : new Answer(redirect.Status, location));
        };
    }

    private sealed class Answer(int status, string location) : IResult, IStatusCodeHttpResult
    {
        public int? StatusCode => status;

        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = status;
            httpContext.Response.Headers.Location = location;
            return Task.CompletedTask;
        }
    }
}
