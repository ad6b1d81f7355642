using GatewayKit.Pipeline;

namespace GatewayKit.Identity.Upstream;

/// <summary>Sends the caller's <c>Authorization</c> on, also one that the gateway has checked and would keep.</summary>
internal sealed class RelayTransform : IForwardTransform
{
    public static readonly RelayTransform Instance = new();

    public void TransformRequest(ForwardRequest request)
    {
        // Two are refused before anything is forwarded.
        if (request.HttpContext.Request.Headers.Authorization is { Count: 1 } authorization)
        {
            request.SetHeader("Authorization", authorization);
        }
    }
}
