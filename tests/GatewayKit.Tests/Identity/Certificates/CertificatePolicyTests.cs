using System.Security.Cryptography.X509Certificates;
using GatewayKit.Identity.Certificates;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Identity.Certificates;

public sealed class CertificatePolicyTests
{
    [Theory]
    [InlineData("abc")]
    [InlineData("spki:abc")]
    [InlineData("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855")]
    public void Pin_that_is_none_is_refused(string pin) => Assert.Contains("Pins has", Fault(new() { Pins = [pin] }), StringComparison.Ordinal);

    [Fact]
    public void Revocation_needs_an_authority() => Assert.Contains("RevocationMode is Online", Fault(new() { RevocationMode = X509RevocationMode.Online }), StringComparison.Ordinal);

    [Fact]
    public void Scope_that_is_none_is_refused() => Assert.Contains("Scopes has 'a b'", Fault(new() { Scopes = ["a b"] }), StringComparison.Ordinal);

    [Theory]
    [InlineData("missing.pem", "cannot be read")]
    [InlineData("empty.pem", "has no certificate")]
    [InlineData("lower.pem", "None of the certificates has signed itself")]
    public void File_that_is_of_no_use_is_refused(string name, string message)
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "empty.pem"), "nothing");
            File.WriteAllText(Path.Combine(folder.FullName, "lower.pem"), LowerAuthority());
            var result = Check().Validate(null, new() { Authorities = [Path.Combine(folder.FullName, name)] });
            Assert.Contains(message, result.FailureMessage, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Word_of_proxies_needs_proxies() => Assert.Contains("TrustedProxies", Check().Validate(null, new() { AcceptForwarded = true }).FailureMessage, StringComparison.Ordinal);

    [Fact]
    public async Task Policy_whose_files_are_gone_trusts_nobody()
    {
        var trusts = new CertificateTrusts(new FakeTimeProvider());
        var trust = trusts.Get(new() { Authorities = ["/nowhere/authority.pem"] }, out _);
        using var key = System.Security.Cryptography.ECDsa.Create();
        var request = new CertificateRequest("CN=a", key, System.Security.Cryptography.HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.2")], false));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        Assert.Equal("untrusted", (await trust.JudgeAsync(certificate)).Fault);
    }

    private static CertificateTrustCheck Check() => new(new CertificateTrusts(TimeProvider.System), new TrustedPeers([]));

    private static string Fault(CertificatePolicy policy) => new CertificatePolicyValidator().Validate(null, policy).FailureMessage ?? string.Empty;

    private static string LowerAuthority()
    {
        using var rootKey = System.Security.Cryptography.ECDsa.Create();
        var root = new CertificateRequest("CN=root", rootKey, System.Security.Cryptography.HashAlgorithmName.SHA256);
        root.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var issuer = root.CreateSelfSigned(now.AddDays(-2), now.AddDays(2));
        using var key = System.Security.Cryptography.ECDsa.Create();
        using var lower = new CertificateRequest("CN=lower", key, System.Security.Cryptography.HashAlgorithmName.SHA256).Create(issuer, now.AddDays(-1), now.AddDays(1), [1, 2, 3]);
        return lower.ExportCertificatePem();
    }
}
