using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Pipeline;

/// <summary>The certificate that the client proved to own in the TLS handshake with this host.</summary>
internal static class VerifiedCertificate
{
    /// <returns><see langword="null"/> on a connection without TLS, whatever middleware has put into the request since.</returns>
    public static X509Certificate2? Of(HttpContext httpContext) => ConnectionOf(httpContext)?.ClientCertificate;

    /// <summary>The connection, which may ask the client for its certificate later than in the handshake.</summary>
    /// <returns><see langword="null"/> on a connection without TLS.</returns>
    public static ITlsConnectionFeature? ConnectionOf(HttpContext httpContext) =>
        httpContext.Features.Get<ITlsHandshakeFeature>() is null ? null : httpContext.Features.Get<ITlsConnectionFeature>();
}
