using GatewayKit.Identity.Signatures;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Identity.Certificates;

/// <summary>The certificate that a proxy says its client has (RFC 9440). Whether the proxy may say so is another question.</summary>
internal static class ForwardedCertificate
{
    public const string Name = "Client-Cert", ChainName = "Client-Cert-Chain";

    private const int LongestCertificate = 16_384;
    private const int LongestChain = 32_768;
    private const int MostIssuers = 8;

    /// <summary>Reads the fields.</summary>
    /// <param name="headers">The request's.</param>
    /// <param name="certificate">The certificate, as DER.</param>
    /// <param name="chain">What issued it.</param>
    public static ForwardedCertificateState Read(IHeaderDictionary headers, out byte[] certificate, out IReadOnlyList<byte[]> chain)
    {
        (certificate, chain) = ([], []);
        var (lines, issuers) = (headers[Name], headers[ChainName]);
        if (lines.Count == 0)
        {
            return ForwardedCertificateState.Absent;
        }

        // Proxies may put lines together; no certificate has a comma.
        if (lines.Count > 1 || lines[0]!.Contains(',', StringComparison.Ordinal))
        {
            return ForwardedCertificateState.Twice;
        }

        if (lines[0] is not { Length: <= LongestCertificate } text || ReadCertificate(StructuredFieldReader.ReadItem(text)) is not { } leaf)
        {
            return ForwardedCertificateState.Malformed;
        }

        certificate = leaf;
        return TryReadChain(issuers.Count > 1 ? string.Join(", ", issuers.ToArray()) : issuers.ToString(), out chain) ? ForwardedCertificateState.Present : ForwardedCertificateState.Malformed;
    }

    private static bool TryReadChain(string text, out IReadOnlyList<byte[]> chain)
    {
        var issuers = new List<byte[]>();
        chain = issuers;
        if (text.Length == 0)
        {
            return true;
        }

        if (text.Length > LongestChain || StructuredFieldReader.ReadList(text) is not { Count: <= MostIssuers } members)
        {
            return false;
        }

        foreach (var member in members)
        {
            if (ReadCertificate(member) is not { } issuer)
            {
                return false;
            }

            issuers.Add(issuer);
        }

        return true;
    }

    // DER begins with a sequence: what looks like PEM, or like a store of several, is none.
    private static byte[]? ReadCertificate(StructuredMember? item) => item?.Value is byte[] and [0x30, ..] bytes ? bytes : null;
}

/// <summary>What there is of a forwarded certificate.</summary>
internal enum ForwardedCertificateState
{
    Absent,
    Present,
    Twice,
    Malformed,
}
