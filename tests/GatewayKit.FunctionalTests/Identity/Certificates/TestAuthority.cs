using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace GatewayKit.FunctionalTests.Identity.Certificates;

/// <summary>Issues certificates, real ones with keys of their own.</summary>
internal sealed class TestAuthority : IDisposable
{
    public const string ForClients = "1.3.6.1.5.5.7.3.2", ForServers = "1.3.6.1.5.5.7.3.1";

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly List<string> _files = [];

    public TestAuthority(string name, TestAuthority? issuer = null)
    {
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var made = issuer is null ? request.CreateSelfSigned(Now.AddYears(-5), Now.AddYears(5)) : request.Create(issuer.Certificate, Now.AddYears(-4), Now.AddYears(4), Serial());
        Certificate = made.HasPrivateKey ? X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null) : made.CopyWithPrivateKey(_key);
    }

    public static DateTimeOffset Now { get; } = TimeProvider.System.GetUtcNow();

    public X509Certificate2 Certificate { get; }

    /// <summary>A PEM file of these authorities.</summary>
    public string Write(params TestAuthority[] others)
    {
        var file = Path.GetTempFileName();
        _files.Add(file);
        File.WriteAllText(file, string.Join('\n', others.Prepend(this).Select(static authority => authority.Certificate.ExportCertificatePem())));
        return file;
    }

    public X509Certificate2 Issue(
        string subject = "CN=client", Action<SubjectAlternativeNameBuilder>? names = null, string? purpose = ForClients, DateTimeOffset? from = null, DateTimeOffset? until = null,
        Action<CertificateRequest>? change = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = CreateRequest(key, subject, names, purpose, change).Create(Certificate, from ?? Now.AddDays(-1), until ?? Now.AddDays(1), Serial());
        using var whole = made.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pfx), null);
    }

    public byte[] Revoke(X509Certificate2? certificate, DateTimeOffset until)
    {
        var list = new CertificateRevocationListBuilder();
        if (certificate is not null)
        {
            list.AddEntry(certificate);
        }

        return list.Build(Certificate, 1, until, HashAlgorithmName.SHA256, thisUpdate: Now.AddDays(-1));
    }

    /// <summary>A certificate that nobody else has issued.</summary>
    public static X509Certificate2 SelfSigned(string subject = "CN=client", Action<SubjectAlternativeNameBuilder>? names = null, ECDsa? key = null, string purpose = ForClients)
    {
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = CreateRequest(key ?? own, subject, names, purpose, null).CreateSelfSigned(Now.AddDays(-1), Now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    /// <summary>Alternative names with any bytes for a DNS name.</summary>
    public static X509Extension RawDnsName(byte[] name)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteOctetString(name, new Asn1Tag(TagClass.ContextSpecific, 2));
        }

        return new X509Extension("2.5.29.17", writer.Encode(), critical: false);
    }

    public void Dispose()
    {
        _files.ForEach(File.Delete);
        Certificate.Dispose();
        _key.Dispose();
    }

    private static CertificateRequest CreateRequest(ECDsa key, string subject, Action<SubjectAlternativeNameBuilder>? names, string? purpose, Action<CertificateRequest>? change)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        if (names is not null)
        {
            var builder = new SubjectAlternativeNameBuilder();
            names(builder);
            request.CertificateExtensions.Add(builder.Build());
        }

        if (purpose is not null)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], false));
        }

        change?.Invoke(request);
        return request;
    }

    private static byte[] Serial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7f;
        serial[0] |= 0x01;
        return serial;
    }
}
