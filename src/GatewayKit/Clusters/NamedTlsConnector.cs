using System.Net.Security;
using System.Net.Sockets;

namespace GatewayKit.Clusters;

/// <summary>
/// Connects with a certificate name of our choice. The handler takes the name from the <c>Host</c> of the request and overwrites any other:
/// where that is the client's, the client would choose which certificate is accepted.
/// </summary>
internal sealed class NamedTlsConnector(ClusterTls tls)
{
    // Read once: a file that cannot be read rejects the configuration, not a connection.
    private readonly SslClientAuthenticationOptions _options = UpstreamTls.Create(tls);

    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
            var stream = new NetworkStream(socket, ownsSocket: true);
            var request = context.InitialRequestMessage;
            if (request.RequestUri?.Scheme != Uri.UriSchemeHttps)
            {
                return stream;
            }

            var secured = new SslStream(stream, leaveInnerStreamOpen: false);
            await secured.AuthenticateAsClientAsync(OptionsFor(request, context.DnsEndPoint.Host), cancellationToken).ConfigureAwait(false);
            return secured;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private SslClientAuthenticationOptions OptionsFor(HttpRequestMessage request, string host) => new()
    {
        TargetHost = tls.ServerName ?? host,
        EnabledSslProtocols = _options.EnabledSslProtocols,
        CertificateRevocationCheckMode = _options.CertificateRevocationCheckMode,
        CertificateChainPolicy = _options.CertificateChainPolicy,
        ClientCertificateContext = _options.ClientCertificateContext,
        RemoteCertificateValidationCallback = _options.RemoteCertificateValidationCallback,
        ApplicationProtocols = request switch
        {
            { Version.Major: < 2 } => [SslApplicationProtocol.Http11],
            { VersionPolicy: HttpVersionPolicy.RequestVersionOrLower } => [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
            _ => [SslApplicationProtocol.Http2],
        },
    };
}
