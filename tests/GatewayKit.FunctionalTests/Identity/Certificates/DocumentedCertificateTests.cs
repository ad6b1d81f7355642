using GatewayKit.Identity.Consumers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace GatewayKit.FunctionalTests.Identity.Certificates;

/// <summary>The code of certificates that docs/mtls-and-signatures.md shows.</summary>
public sealed class DocumentedCertificateTests
{
    [Fact]
    public async Task Example_lets_in_whom_it_names()
    {
        using var authority = new TestAuthority("partners");
        using var certificate = authority.Issue(names: static names => names.AddDnsName("orders.acme.example"));
        await using var gateway = await SecureGateway.StartAsync(
            group => MapOrders(group, authority.Write()),
            static builder => builder.AddConsumers([new Consumer { Id = "acme", Identities = ["certificate/dns:orders.acme.example"] }]));
        Assert.Equal(200, (await gateway.AskAsync(certificate, "/orders")).Status);
        Assert.Equal(401, (await gateway.AskAsync(null, "/orders")).Status);
    }

    [Fact]
    public void Server_asks_for_certificates()
    {
        var options = new KestrelServerOptions();
        AskForCertificates(options);
    }

    private static void MapOrders(IEndpointRouteBuilder app, string authorities)
    {
        app.MapGet("/orders", ListOrders).RequireClientCertificate(new()
        {
            Authorities = [authorities],
            RequireRegistered = true,
        });
    }

    private static void AskForCertificates(KestrelServerOptions kestrel)
    {
        kestrel.ConfigureHttpsDefaults(https =>
        {
            https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
            https.AllowAnyClientCertificate(); // the policy decides which of them count
        });
    }

    private static string ListOrders() => "orders";
}
