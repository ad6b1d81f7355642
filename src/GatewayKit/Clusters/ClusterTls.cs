using System.Security.Authentication;

namespace GatewayKit.Clusters;

/// <summary>TLS towards the destinations of a cluster.</summary>
public sealed record ClusterTls
{
    /// <summary>The name to send as SNI and to expect in the certificate. Default: the destination's host.</summary>
    public string? ServerName { get; init; }

    /// <summary>The protocol versions allowed. Default: TLS 1.2 and 1.3.</summary>
    public SslProtocols Protocols { get; init; } = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>A PEM file of certificate authorities to trust instead of the system's. Default: the system's.</summary>
    public string? CertificateAuthorityFile { get; init; }

    /// <summary>The certificate that the gateway shows to destinations. Default none.</summary>
    public ClientCertificate? ClientCertificate { get; init; }

    /// <summary>Accepts whatever certificate the destination shows. For development only. Default no.</summary>
    public bool DangerousAcceptAnyServerCertificate { get; init; }
}

/// <summary>A certificate and its key in files.</summary>
public sealed record ClientCertificate
{
    /// <summary>A PEM file with the certificate and its chain, or a PKCS #12 file.</summary>
    public required string File { get; init; }

    /// <summary>A PEM file with the private key. Default: <see cref="File"/> holds it.</summary>
    public string? KeyFile { get; init; }

    /// <summary>The environment variable that holds the password of the key. Default: no password.</summary>
    public string? PasswordVariable { get; init; }
}
