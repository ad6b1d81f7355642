using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Standalone;

/// <summary>The certificate that https listeners show.</summary>
internal static class ServerCertificate
{
    /// <summary>The certificate first, then the rest of its chain.</summary>
    /// <exception cref="CryptographicException">A file holds no certificate, or the key does not fit.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static X509Certificate2Collection? Load(CommandLine line)
    {
        if (line.DevelopmentCertificate)
        {
            return [CreateSelfSigned()];
        }

        if (line.Certificate is not { } file)
        {
            return null;
        }

        var password = line.CertificatePasswordVariable is { } variable ? Environment.GetEnvironmentVariable(variable) : null;
        if (X509Certificate2.GetCertContentType(file) is X509ContentType.Pkcs12)
        {
            return WithKeyFirst(X509CertificateLoader.LoadPkcs12CollectionFromFile(file, password));
        }

        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(file);
        chain[0] = password is null
            ? X509Certificate2.CreateFromPemFile(file, line.CertificateKey)
            : X509Certificate2.CreateFromEncryptedPemFile(file, password, line.CertificateKey);
        return chain;
    }

    private static X509Certificate2Collection WithKeyFirst(X509Certificate2Collection certificates) =>
        [.. certificates.OrderByDescending(static certificate => certificate.HasPrivateKey)];

    // Lives as long as the process and is trusted by nobody: clients have to be told to accept it.
    private static X509Certificate2 CreateSelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.1", "serverAuth")], critical: false));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddMinutes(-5), now.AddDays(30));
    }
}
