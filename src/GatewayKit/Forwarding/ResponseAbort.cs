using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Forwarding;

/// <summary>
/// Ends an answer that cannot be completed so that the client sees it: a handler that just returned would let the server finish a chunked
/// body cleanly (C10). HTTP/1.1 connections are closed, streams are reset with the code that says who failed.
/// </summary>
internal static class ResponseAbort
{
    public static void Abort(HttpContext httpContext, ForwardError error)
    {
        if (httpContext.Features.Get<IHttpResetFeature>() is { } reset)
        {
            reset.Reset(CodeOf(error, HttpProtocol.IsHttp3(httpContext.Request.Protocol)));
        }
        else
        {
            httpContext.Abort();
        }
    }

    // RFC 9113 §7: PROTOCOL_ERROR, INTERNAL_ERROR, CANCEL. RFC 9114 §8.1: their counterparts. A client that is slow breaks no protocol.
    private static int CodeOf(ForwardError error, bool isHttp3) => error switch
    {
        ForwardError.ClientBodyInvalid or ForwardError.ClientBodyTooLarge => isHttp3 ? 0x10e : 0x1,
        _ when ForwardFailure.Of(error).Blame is Blame.Destination => isHttp3 ? 0x102 : 0x2,
        _ => isHttp3 ? 0x10c : 0x8,
    };
}
