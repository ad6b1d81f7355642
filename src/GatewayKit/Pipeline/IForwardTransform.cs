using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>
/// Changes what the gateway exchanges with a destination. A policy sets it as <see cref="GatewayContext.ForwardTransform"/> before the
/// terminal runs. Shared by all requests of an endpoint, so it keeps no state.
/// </summary>
public interface IForwardTransform
{
    /// <summary>
    /// Changes the request, once per attempt: after the client's fields were copied and cleaned, before the gateway writes its own.
    /// </summary>
    void TransformRequest(ForwardRequest request);

    /// <summary>Whether a header of the destination's answer is copied to the client. Default yes.</summary>
    bool KeepsResponseHeader(string name) => true;

    /// <summary>Whether a trailer of the destination's answer is copied to the client. Default yes.</summary>
    bool KeepsResponseTrailer(string name) => true;

    /// <summary>Changes the trailers after they were copied. Default nothing.</summary>
    void TransformTrailers(HttpContext httpContext, IHeaderDictionary trailers)
    {
    }
}
