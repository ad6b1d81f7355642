using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace GatewayKit.WireTests.Upstreams;

/// <summary>An authority for certificates of destinations, and another one that nobody should trust.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gatewaykit-authority").FullName;
    private readonly X509Certificate2 _authority = Create("CN=Test authority");
    private readonly X509Certificate2 _other = Create("CN=Another authority");
    private readonly List<X509Certificate2> _issued = [];

    public TestAuthority() => (File, OtherFile) = (Write("ca.pem", _authority), Write("other.pem", _other));

    /// <summary>The certificate of the authority, in PEM.</summary>
    public string File { get; }

    /// <summary>That of the other one.</summary>
    public string OtherFile { get; }

    /// <summary>A certificate for <c>localhost</c> and <c>orders.internal</c>.</summary>
    /// <param name="fault">What is wrong with it: <c>expired</c>, <c>not yet valid</c>, <c>wrong name</c>, <c>for clients</c>, <c>self-signed</c>; anything else is nothing.</param>
    public X509Certificate2 Issue(string fault)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Destination", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in fault == "wrong name" ? (string[])["other.internal"] : ["localhost", "orders.internal"])
        {
            names.AddDnsName(name);
        }

        request.CertificateExtensions.Add(names.Build());

        // RFC 5280 §4.2.1.12: of a server, or of a client only.
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new(fault == "for clients" ? "1.3.6.1.5.5.7.3.2" : "1.3.6.1.5.5.7.3.1")], critical: false));
        var now = DateTimeOffset.UtcNow;
        var (from, to) = fault switch
        {
            "expired" => (now.AddDays(-2), now.AddDays(-1)),
            "not yet valid" => (now.AddDays(1), now.AddDays(2)),
            _ => (now.AddDays(-1), now.AddDays(1)),
        };
        using var made = fault == "self-signed" ? request.CreateSelfSigned(from, to) : request.Create(_authority, from, to, RandomNumberGenerator.GetBytes(8)).CopyWithPrivateKey(key);
        var issued = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
        _issued.Add(issued);
        return issued;
    }

    /// <summary>The same in files of PEM: the certificate and its key.</summary>
    public (string Certificate, string Key) Write(string fault)
    {
        var certificate = Issue(fault);
        using var key = certificate.GetECDsaPrivateKey()!;
        var keyFile = Path.Combine(_folder, "key.pem");
        System.IO.File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        return (Write("certificate.pem", certificate), keyFile);
    }

    public void Dispose()
    {
        _issued.ForEach(static certificate => certificate.Dispose());
        _authority.Dispose();
        _other.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static X509Certificate2 Create(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-9), DateTimeOffset.UtcNow.AddDays(9));
    }

    private string Write(string name, X509Certificate2 certificate)
    {
        var file = Path.Combine(_folder, name);
        System.IO.File.WriteAllText(file, certificate.ExportCertificatePem());
        return file;
    }
}
