using System.Text;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>An answer that the gateway gives itself, ready to be written. Immutable and safe to share.</summary>
internal sealed class StaticAnswer(StaticResponse response) : IResult, IStatusCodeHttpResult
{
    private readonly byte[] _body = Encoding.UTF8.GetBytes(response.Body ?? string.Empty);

    public int? StatusCode => response.Status;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var target = httpContext.Response;
        target.StatusCode = response.Status;
        foreach (var (name, value) in response.Headers)
        {
            target.Headers[name] = value;
        }

        // These never have content, whatever was configured (RFC 9110 §15.3.5, §15.3.6, §15.4.5); Kestrel refuses to write it.
        if (_body.Length == 0 || response.Status is StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent or StatusCodes.Status304NotModified)
        {
            return Task.CompletedTask;
        }

        target.ContentType = response.ContentType;
        target.ContentLength = _body.Length;

        // HEAD is told the length of what GET would get (RFC 9110 §9.3.2).
        return HttpMethods.IsHead(httpContext.Request.Method) ? Task.CompletedTask : target.Body.WriteAsync(_body, httpContext.RequestAborted).AsTask();
    }
}
