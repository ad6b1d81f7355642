using System.Security.Authentication;
using GatewayKit.Clusters;

namespace GatewayKit.Configuration;

/// <summary>Checks what a cluster says of TLS.</summary>
internal static class ClusterTlsChecks
{
    public static void Check(ClusterTls tls, string path, Report report)
    {
        if (tls.ServerName is { } name && Uri.CheckHostName(name) is not UriHostNameType.Dns)
        {
            report(ModelPath.Join(path, nameof(tls.ServerName)), $"'{name}' is not a host name.");
        }

        if (tls.Protocols == SslProtocols.None || (tls.Protocols & ~(SslProtocols.Tls12 | SslProtocols.Tls13)) != 0)
        {
            // RFC 8996 retires what is older.
            report(ModelPath.Join(path, nameof(tls.Protocols)), $"Protocols is {tls.Protocols}; only Tls12 and Tls13 are safe to speak. Name one or both, or remove the key.");
        }

        CheckFile(tls.CertificateAuthorityFile, ModelPath.Join(path, nameof(tls.CertificateAuthorityFile)), report);
        if (tls.ClientCertificate is { } certificate)
        {
            var where = ModelPath.Join(path, nameof(tls.ClientCertificate));
            CheckFile(certificate.File, ModelPath.Join(where, nameof(certificate.File)), report);
            CheckFile(certificate.KeyFile, ModelPath.Join(where, nameof(certificate.KeyFile)), report);
            if (certificate.PasswordVariable is { } variable && Environment.GetEnvironmentVariable(variable) is null)
            {
                report(ModelPath.Join(where, nameof(certificate.PasswordVariable)), $"The environment variable '{variable}' is not set.");
            }
        }
    }

    private static void CheckFile(string? file, string path, Report report)
    {
        if (file is not null && !File.Exists(file))
        {
            report(path, $"The file '{file}' does not exist, or may not be read. Relative names start at {Environment.CurrentDirectory}.");
        }
    }
}
