using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Resilience.Faults;

/// <summary>A result whose body is written slowly.</summary>
internal sealed class PacedResult(object result, long bytesPerSecond, TimeProvider time) : IResult, IStatusCodeHttpResult, IAsyncDisposable
{
    public int? StatusCode => (result as IStatusCodeHttpResult)?.StatusCode;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        if (httpContext.Features.Get<IHttpResponseBodyFeature>() is not { } body)
        {
            await GatewayResults.ExecuteAsync(httpContext, result).ConfigureAwait(false);
            return;
        }

        await using var stream = new PacedStream(body.Stream, bytesPerSecond, time);
        var paced = new StreamResponseBodyFeature(stream, body);
        httpContext.Features.Set<IHttpResponseBodyFeature>(paced);
        try
        {
            await GatewayResults.ExecuteAsync(httpContext, result).ConfigureAwait(false);
            if (!httpContext.RequestAborted.IsCancellationRequested)
            {
                // What the writer still holds; the server knows nothing of it.
                await paced.Writer.FlushAsync(httpContext.RequestAborted).ConfigureAwait(false);
            }
        }
        finally
        {
            httpContext.Features.Set(body);
        }
    }

    public ValueTask DisposeAsync() => GatewayResults.DiscardAsync(result);
}
