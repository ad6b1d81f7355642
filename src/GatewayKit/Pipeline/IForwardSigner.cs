namespace GatewayKit.Pipeline;

/// <summary>Adds to a message what depends on all of it. Shared by all requests of an endpoint, so it keeps no state.</summary>
internal interface IForwardSigner
{
    /// <summary>A message is complete and about to be sent; before each attempt.</summary>
    /// <exception cref="ForwardTransformException">It cannot be signed.</exception>
    void Sign(HttpRequestMessage message, Microsoft.AspNetCore.Http.HttpContext httpContext);
}
