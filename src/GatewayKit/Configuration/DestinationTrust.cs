using GatewayKit.Clusters;
using GatewayKit.Hosting;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace GatewayKit.Configuration;

/// <summary>
/// Refuses clusters whose destinations nobody verifies, outside development. Part of every apply rather than of the start, because a
/// reload can bring one too.
/// </summary>
/// <param name="environments">The host's environment; none in a container of services without a host.</param>
/// <param name="options">What was acknowledged.</param>
internal sealed class DestinationTrust(IEnumerable<IWebHostEnvironment> environments, IOptions<GatewayOptions> options)
{
    private readonly bool _isDevelopment = environments.Any(static environment => environment.IsDevelopment());

    public void Check(Cluster cluster, string path, Report report)
    {
        if (cluster.Tls.DangerousAcceptAnyServerCertificate && !_isDevelopment && !options.Value.AcknowledgedRisks.Contains(StartChecks.UnverifiedDestination, StringComparer.OrdinalIgnoreCase))
        {
            report(
                ModelPath.Join(path, [nameof(cluster.Tls), nameof(cluster.Tls.DangerousAcceptAnyServerCertificate)]),
                "Whoever sits in between can be the destination: any certificate is accepted, and this is not the environment Development. "
                + $"Trust its authority with {nameof(cluster.Tls.CertificateAuthorityFile)} instead. {StartGuard.Acknowledge(StartChecks.UnverifiedDestination)}");
        }
    }
}
