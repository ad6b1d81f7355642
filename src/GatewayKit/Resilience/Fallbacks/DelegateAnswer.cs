using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Resilience.Fallbacks;

/// <summary>An answer that code of the host writes when it is executed.</summary>
/// <param name="run">Writes it.</param>
/// <param name="endpoint">The endpoint that it belongs to, which sees its own metadata; <see langword="null"/> if it belongs to none.</param>
internal sealed class DelegateAnswer(RequestDelegate run, Endpoint? endpoint) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (served, context) = (httpContext.GetEndpoint(), httpContext.Features.Get<GatewayContext>());
        httpContext.Response.StatusCode = StatusCodes.Status200OK;
        try
        {
            if (endpoint is not null)
            {
                httpContext.SetEndpoint(endpoint);
            }

            await run(httpContext).ConfigureAwait(false);
        }
        finally
        {
            // Whoever stands outside sees the request's own endpoint again.
            httpContext.SetEndpoint(served);
            httpContext.Features.Set(context);
        }
    }
}
