using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>Two changes, one after the other.</summary>
internal sealed class ForwardTransformChain(IForwardTransform first, IForwardTransform second) : IForwardTransform
{
    /// <summary>What comes first.</summary>
    public IForwardTransform First => first;

    /// <summary>What comes then.</summary>
    public IForwardTransform Second => second;

    public void TransformRequest(ForwardRequest request)
    {
        first.TransformRequest(request);
        second.TransformRequest(request);
    }

    public bool KeepsResponseHeader(string name) => first.KeepsResponseHeader(name) && second.KeepsResponseHeader(name);

    public bool KeepsResponseTrailer(string name) => first.KeepsResponseTrailer(name) && second.KeepsResponseTrailer(name);

    public void TransformTrailers(HttpContext httpContext, IHeaderDictionary trailers)
    {
        first.TransformTrailers(httpContext, trailers);
        second.TransformTrailers(httpContext, trailers);
    }
}
