using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Transforms;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Transforms;

public sealed class ClientCertTransformTests
{
    [Theory]
    [InlineData(ClientCertFormat.Base64, true)]
    [InlineData(ClientCertFormat.Rfc9440, true)]
    [InlineData(ClientCertFormat.Base64, false)]
    public async Task Certificate_of_the_tls_connection_is_told_and_never_what_the_client_wrote(ClientCertFormat format, bool presented)
    {
        using var server = Certificate("localhost");
        using var client = Certificate("client");
        await using var upstream = await Upstream.StartAsync(TransformedGateway.TellAsync);
        await using var gateway = await TestHost.StartAsync(
            builder =>
            {
                builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(new HttpsConnectionAdapterOptions
                {
                    ServerCertificate = server,
                    ClientCertificateMode = ClientCertificateMode.AllowCertificate,
                    ClientCertificateValidation = static (_, _, _) => true,
                })));
                builder.Services.AddApiGateway().AddCluster("up", upstream.Address.OriginalString);
            },
            app => app.MapGatewayRoute("/", cluster: "up").WithTransforms(steps => steps.ClientCert("Client-Cert", format)));
        var secure = gateway.App.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
            .Single(static address => address.StartsWith("https:", StringComparison.Ordinal));
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == server.Thumbprint,
                ClientCertificates = presented ? [client] : null,
            },
        };
        using var http = new HttpClient(handler);
        using var request = new HttpRequestMessage(HttpMethod.Get, secure);
        request.Headers.TryAddWithoutValidation("Client-Cert", "spoofed");
        using var response = await http.SendAsync(request);
        var seen = JsonSerializer.Deserialize<Dictionary<string, string>>(await response.Content.ReadAsStringAsync())!;
        var der = Convert.ToBase64String(client.RawData);
        Assert.Equal(!presented ? null : format is ClientCertFormat.Rfc9440 ? $":{der}:" : der, seen.GetValueOrDefault("Client-Cert"));
    }

    private static X509Certificate2 Certificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), password: null);
    }
}
