using System.Security.Cryptography.X509Certificates;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Identity.Certificates;

public sealed class RevocationTests
{
    [Fact]
    public async Task Revoked_certificate_is_refused_and_what_cannot_be_looked_up_is_unavailable()
    {
        using var authority = new TestAuthority($"partners {Guid.NewGuid():N}");
        byte[]? list = null;
        await using var lists = await Upstream.StartAsync(async context =>
        {
            if (list is null)
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return;
            }

            context.Response.ContentType = "application/pkix-crl";
            await context.Response.Body.WriteAsync(list);
        });
        using var good = Issue("a");
        using var bad = Issue("b");
        using var unknown = Issue("c");
        var file = authority.Write();
        await using var gateway = await SecureGateway.StartAsync(group => group.RequireClientCertificate(new() { Authorities = [file], RevocationMode = X509RevocationMode.Online }));

        var answer = await gateway.AskAsync(unknown);
        Assert.Equal((503, 0), (answer.Status, gateway.Served));
        Assert.Contains("auth-unavailable", answer.Body, StringComparison.Ordinal);

        list = authority.Revoke(bad, TestAuthority.Now.AddDays(1));
        Assert.Equal(200, (await gateway.AskAsync(good)).Status);
        Assert.Equal(401, (await gateway.AskAsync(bad)).Status);

        // Of a stranger nothing is looked up at all.
        using var stranger = new TestAuthority("partners");
        using var strange = stranger.Issue();
        Assert.Equal(401, (await gateway.AskAsync(strange)).Status);

        X509Certificate2 Issue(string name) => authority.Issue(change: request =>
            request.CertificateExtensions.Add(CertificateRevocationListBuilder.BuildCrlDistributionPointExtension([$"{lists.Address}{name}-{Guid.NewGuid():N}.crl"])));
    }
}
