using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace GatewayKit.Identity.Schemes;

/// <summary>A response beside the one that the client gets, for what has to be looked at first.</summary>
internal sealed class SideResponse(HttpContext httpContext) : IDisposable
{
    private readonly HttpResponseFeature _response = new();
    private readonly MemoryStream _body = new();

    /// <summary>What was written into the head.</summary>
    public IHeaderDictionary Headers => _response.Headers;

    /// <summary>Whether the answer sends a browser elsewhere, by its status or by a page that does.</summary>
    public bool LeadsElsewhere => _response.StatusCode is >= 300 and < 400 || (_response.StatusCode is StatusCodes.Status200OK && _body.Length > 0);

    public void Dispose() => _body.Dispose();

    /// <summary>Has something write to it in place of the response of the request.</summary>
    public async Task WriteAsync<T>(Func<HttpContext, T, Task> write, T state)
    {
        var features = httpContext.Features;
        var (response, body, cookies) = (features.Get<IHttpResponseFeature>(), features.Get<IHttpResponseBodyFeature>(), features.Get<IResponseCookiesFeature>());
        features.Set<IHttpResponseFeature>(_response);
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(_body));
        features.Set<IResponseCookiesFeature>(new ResponseCookiesFeature(features));
        try
        {
            await write(httpContext, state).ConfigureAwait(false);
            await httpContext.Response.BodyWriter.FlushAsync(httpContext.RequestAborted).ConfigureAwait(false);
        }
        finally
        {
            features.Set(response);
            features.Set(body);
            features.Set(cookies);
        }
    }

    /// <summary>Makes it the response of the request.</summary>
    public async Task CopyAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = _response.StatusCode;
        foreach (var (name, values) in _response.Headers)
        {
            response.Headers[name] = name == HeaderNames.SetCookie ? Microsoft.Extensions.Primitives.StringValues.Concat(response.Headers.SetCookie, values) : values;
        }

        response.Headers.CacheControl = "no-store";
        if (_body.Length > 0)
        {
            await response.Body.WriteAsync(_body.GetBuffer().AsMemory(0, (int)_body.Length), httpContext.RequestAborted).ConfigureAwait(false);
        }
    }
}
