using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace GatewayKit.Clusters;

/// <summary>TLS options of a cluster. Files are read when its connections are set up: a file that cannot be read rejects the configuration.</summary>
internal static class UpstreamTls
{
    /// <exception cref="CryptographicException">A file holds no usable certificate or key.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    [SuppressMessage("Security", "CA5359", Justification = "Asked for by name: DangerousAcceptAnyServerCertificate.")]
    public static SslClientAuthenticationOptions Create(ClusterTls tls)
    {
        var options = new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = tls.Protocols,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        };
        if (tls.CertificateAuthorityFile is not null)
        {
            options.CertificateChainPolicy = TrustOnly(tls.CertificateAuthorityFile);
        }

        if (tls.ClientCertificate is not null)
        {
            options.ClientCertificateContext = LoadContext(tls.ClientCertificate);
        }

        if (tls.DangerousAcceptAnyServerCertificate)
        {
            options.RemoteCertificateValidationCallback = AcceptAny;
        }

        return options;
    }

    private static X509ChainPolicy TrustOnly(string file)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.ImportFromPemFile(file);
        if (policy.CustomTrustStore.Count == 0)
        {
            throw new CryptographicException($"'{file}' holds no certificate.");
        }

        return policy;
    }

    private static SslStreamCertificateContext LoadContext(ClientCertificate settings)
    {
        var password = settings.PasswordVariable is null ? null : Environment.GetEnvironmentVariable(settings.PasswordVariable);
        var chain = new X509Certificate2Collection();
        X509Certificate2 certificate;
        if (X509Certificate2.GetCertContentType(settings.File) is X509ContentType.Pkcs12)
        {
            chain = X509CertificateLoader.LoadPkcs12CollectionFromFile(settings.File, password);
            certificate = chain.FirstOrDefault(static item => item.HasPrivateKey)
                ?? throw new CryptographicException($"'{settings.File}' holds no private key.");
        }
        else
        {
            certificate = password is null
                ? X509Certificate2.CreateFromPemFile(settings.File, settings.KeyFile)
                : X509Certificate2.CreateFromEncryptedPemFile(settings.File, password, settings.KeyFile);
            chain.ImportFromPemFile(settings.File);
        }

        return SslStreamCertificateContext.Create(certificate, chain, offline: true);
    }

    private static bool AcceptAny(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) => true;
}
