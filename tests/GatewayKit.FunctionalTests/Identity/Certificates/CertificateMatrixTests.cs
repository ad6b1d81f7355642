using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;

namespace GatewayKit.FunctionalTests.Identity.Certificates;

/// <summary>Client certificates are asked for whatever the transport is, on routes and on endpoints of the host.</summary>
public sealed class CertificateMatrixTests
{
    public static TheoryData<AccessTransport, string> Cells() =>
        new(from transport in Enum.GetValues<AccessTransport>() from path in new[] { "/route", "/own" } select (transport, path));

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task Certificate_is_asked_for(AccessTransport transport, string path)
    {
        using var authority = new TestAuthority("partners");
        using var certificate = authority.Issue();
        var file = authority.Write();
        await using var gateway = await SecureGateway.StartAsync(
            group => group.RequireClientCertificate(new() { Authorities = [file] }),
            protocols: AccessTransports.ProtocolOf(transport), upstreamProtocols: AccessTransports.ProtocolOf(transport));
        using (var handler = gateway.Handler(null))
        {
            var answer = await AccessTransports.AskAsync(handler, new(gateway.Address, path), transport);
            Assert.False(answer.IsServed);
            Assert.Equal(transport is AccessTransport.Grpc ? -16 : 401, answer.Status);
            Assert.Equal(0, gateway.Served);
        }

        using (var handler = gateway.Handler(certificate))
        {
            Assert.True((await AccessTransports.AskAsync(handler, new(gateway.Address, path), transport)).IsServed);
        }
    }
}
