using System.Globalization;
using System.Security.Cryptography;
using GatewayKit.ClientTests.Hosting;
using GatewayKit.ClientTests.Node;

namespace GatewayKit.ClientTests.Chromium;

/// <summary>Chromium sees the same of a page's service directly and through Standalone, over TLS with HTTP/2 and with HTTP/1.1.</summary>
public sealed class ChromiumTests(ClientFixture fixture) : IClassFixture<ClientFixture>
{
    [Theory]
    [InlineData("h2")]
    [InlineData("http/1.1")]
    public async Task Browser_sees_through_the_gateway_what_it_sees_directly(string version)
    {
        var direct = await RunAsync(version, Way.Direct);
        Assert.Equal($"[\"{version}\"]", direct[0]);
        Assert.Equal(30, direct.Length);
        Assert.Equal(direct, await RunAsync(version, Way.ThroughGateway));
    }

    private Task<string[]> RunAsync(string version, Way way)
    {
        using var certificate = fixture.Certificate.Load();
        return NodeClient.RunAsync(
            "chromium.mjs",
            fixture.Certificate,
            fixture.Address(Wire.Tls, way).ToString(),
            string.Create(CultureInfo.InvariantCulture, $"{version.Replace('/', '-')}-{way}"),
            fixture.OtherAddress(way).ToString(),
            version,
            Convert.ToBase64String(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo())));
    }
}
