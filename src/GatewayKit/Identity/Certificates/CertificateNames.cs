using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace GatewayKit.Identity.Certificates;

/// <summary>What a certificate can be called by, as <see cref="Consumers.Consumer.Identities"/> has it. Names of different kinds cannot be taken for each other.</summary>
/// <param name="Hash">The SHA-256 of the certificate.</param>
/// <param name="Keys">Names that nobody but its owner can have: its hash, and that of its public key.</param>
/// <param name="Given">Names that its issuer gave it, the narrowest first: URIs, DNS names, the subject.</param>
internal sealed record CertificateNames(string Hash, string[] Keys, string[] Given)
{
    /// <summary>What stands in front of all names.</summary>
    public const string Scheme = IdentityPrefixes.Certificate;

    /// <summary>What stands in front of the hash of a public key.</summary>
    public const string PublicKey = "spki:";

    private const string AlternativeNames = "2.5.29.17";
    private const int MostNames = 32;
    private const int LongestName = 400;

    private static readonly Asn1Tag DnsTag = new(TagClass.ContextSpecific, 2), UriTag = new(TagClass.ContextSpecific, 6);

    /// <summary>Reads the names.</summary>
    /// <returns>Whether all of them are well-formed. Of one that is not, readers could see different things (CVE-2009-2408).</returns>
    public static bool TryRead(X509Certificate2 certificate, [NotNullWhen(true)] out CertificateNames? names)
    {
        names = null;
        List<string> uris = [], hosts = [];
        try
        {
            var extensions = certificate.Extensions.Where(static extension => extension.Oid?.Value == AlternativeNames).ToArray();
            if (extensions.Length > 1 || (extensions.Length == 1 && !TryReadAlternatives(extensions[0].RawData, uris, hosts)) || !SubjectText.TryWrite(certificate.SubjectName, out var subject))
            {
                return false;
            }

            var hash = HashOf(certificate.RawData);

            // A name with a wildcard is that of many, and so of nobody.
            names = new(
                hash,
                [Scheme + hash, Scheme + PublicKey + HashOf(certificate.PublicKey.ExportSubjectPublicKeyInfo())],
                [
                    .. uris.Select(static uri => $"{Scheme}uri:{uri}"),
                    .. hosts.Where(static host => !host.Contains('*')).Select(static host => $"{Scheme}dns:{host.ToLowerInvariant()}"),
                    .. subject is null ? Array.Empty<string>() : [$"{Scheme}subject:{subject}"],
                ]);
            return true;
        }
        catch (Exception exception) when (exception is AsnContentException or CryptographicException)
        {
            return false;
        }
    }

    public static string HashOf(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return Convert.ToHexStringLower(hash);
    }

    // RFC 5280 §4.2.1.6.
    private static bool TryReadAlternatives(byte[] extension, List<string> uris, List<string> hosts)
    {
        var reader = new AsnReader(extension, AsnEncodingRules.DER);
        var names = reader.ReadSequence();
        reader.ThrowIfNotEmpty();
        for (var count = 0; names.HasData; count++)
        {
            var tag = names.PeekTag();
            if (count == MostNames)
            {
                return false;
            }

            if (!tag.HasSameClassAndValue(DnsTag) && !tag.HasSameClassAndValue(UriTag))
            {
                names.ReadEncodedValue();
                continue;
            }

            var name = names.ReadCharacterString(UniversalTagNumber.IA5String, tag);
            if (name.Length is 0 or > LongestName || name.AsSpan().ContainsAnyExceptInRange('!', '~'))
            {
                return false;
            }

            (tag.HasSameClassAndValue(DnsTag) ? hosts : uris).Add(name);
        }

        return true;
    }
}
