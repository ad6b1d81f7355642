using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using GatewayKit.Clusters.Discovery;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Clusters;

/// <summary>
/// Connects with a certificate name of our choice. The handler takes the name from the <c>Host</c> of the request and overwrites any other:
/// where that is the client's, the client would choose which certificate is accepted. A <c>Host</c> that is configured for the address is
/// not the client's choice, whoever sends it, so it is the name to expect; connections are pooled by it.
/// </summary>
internal sealed class NamedTlsConnector(Cluster cluster, DestinationConnector connector)
{
    // Read once: a file that cannot be read rejects the configuration, not a connection.
    private readonly SslClientAuthenticationOptions _options = UpstreamTls.Create(cluster.Tls);

    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var stream = await connector.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
        var request = context.InitialRequestMessage;
        if (request.RequestUri?.Scheme != Uri.UriSchemeHttps)
        {
            return stream;
        }

        var secured = new SslStream(stream, leaveInnerStreamOpen: false);
        try
        {
            await secured.AuthenticateAsClientAsync(OptionsFor(request, NameFor(request, context.DnsEndPoint)), cancellationToken).ConfigureAwait(false);
            return secured;
        }
        catch (IOException exception)
        {
            await secured.DisposeAsync().ConfigureAwait(false);

            // A handshake that breaks off has failed as one that is refused; the handler says so of its own.
            throw new AuthenticationException(exception.Message, exception);
        }
        catch
        {
            await secured.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private string NameFor(HttpRequestMessage request, DnsEndPoint address)
    {
        if (cluster.Tls.ServerName is { } name)
        {
            return name;
        }

        foreach (var destination in cluster.Destinations.Values)
        {
            if (destination.Host is { } host
                && string.Equals(host, request.Headers.Host, StringComparison.OrdinalIgnoreCase)
                && string.Equals(destination.Address.IdnHost, address.Host, StringComparison.OrdinalIgnoreCase)
                && destination.Address.Port == address.Port)
            {
                return new HostString(host).Host;
            }
        }

        // An address that discovery found for a name: its certificate has the name.
        return IPAddress.TryParse(address.Host, out _) && cluster.Discovery is { } discovery && !cluster.Destinations.Values.Any(destination => destination.Address.IdnHost == address.Host)
            ? HttpName.HostOf(discovery.Name) ?? address.Host
            : address.Host;
    }

    private SslClientAuthenticationOptions OptionsFor(HttpRequestMessage request, string name) => new()
    {
        TargetHost = name,
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
