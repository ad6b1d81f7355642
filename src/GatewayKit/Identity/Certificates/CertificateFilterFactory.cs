using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.Certificates;

/// <summary>Finds out who is calling by a client certificate.</summary>
internal sealed class CertificateFilterFactory(CertificateTrusts trusts, ConsumerDirectory directory, TrustedPeers peers, IdentityMetrics metrics, TimeProvider time, IOptions<GatewayOptions> options)
    : AuthenticationFilterFactory<CertificatePolicy>
{
    protected override AuthenticationCheck CreateCheck(CertificatePolicy policy, GatewayEndpoint endpoint) =>
        new CertificateCheck(policy, endpoint, trusts.Get(policy, out _), directory, policy.AcceptForwarded ? peers : null, ChallengesOf(policy), metrics, time).RunAsync;

    // There is no registered scheme for what is said below HTTP.
    protected override IReadOnlyList<string> ChallengesOf(CertificatePolicy policy) => [$"ClientCertificate realm=\"{options.Value.Pseudonym}\""];
}
