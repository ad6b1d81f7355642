using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Hosting;

namespace GatewayKit.Identity.Certificates;

/// <summary>What policies trust: one for those that trust the same, so that what it knows outlives a reload.</summary>
internal sealed class CertificateTrusts(TimeProvider time, IHostEnvironment? host = null)
{
    private readonly WeakMap<(string Authorities, ValueList<string> Pins, X509RevocationMode Revocation), CertificateTrust> _known = new();
    private readonly string _root = host?.ContentRootPath ?? Directory.GetCurrentDirectory();

    /// <summary>What a policy trusts. Reads its files.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="errors">What is wrong with its files. What they lack nobody is trusted for.</param>
    public CertificateTrust Get(CertificatePolicy policy, out IReadOnlyList<string> errors)
    {
        var faults = new List<string>();
        var authorities = new X509Certificate2Collection();
        foreach (var file in policy.Authorities.Where(static file => !string.IsNullOrWhiteSpace(file)))
        {
            var path = Path.GetFullPath(file, _root);
            try
            {
                var before = authorities.Count;
                authorities.ImportFromPemFile(path);
                if (authorities.Count == before)
                {
                    faults.Add($"'{path}' has no certificate. It has to be PEM: -----BEGIN CERTIFICATE-----.");
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
            {
                faults.Add($"'{path}' cannot be read: {exception.Message}");
            }
        }

        if (faults.Count == 0 && policy.Authorities.Count > 0 && !authorities.Any(CertificateTrust.IsSelfIssued))
        {
            faults.Add("None of the certificates has signed itself, so that no chain ends in one. Add the root authority.");
        }

        errors = faults;
        if (faults.Count > 0)
        {
            // Without its authorities a policy must not take everybody whom a consumer is registered with for one.
            return new([], ["(none)"], X509RevocationMode.NoCheck, time);
        }

        var texts = authorities.Select(static authority => CertificateNames.HashOf(authority.RawData)).Order(StringComparer.Ordinal);
        return _known.GetOrAdd((string.Join(' ', texts), ValueList<string>.From(policy.Pins), policy.RevocationMode), () => new(authorities, policy.Pins, policy.RevocationMode, time));
    }
}
