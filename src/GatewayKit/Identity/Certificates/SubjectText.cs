using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace GatewayKit.Identity.Certificates;

/// <summary>Writes the subject of a certificate in the one form of RFC 4514: the last part first, no spaces, backslashes before what has a meaning.</summary>
internal static class SubjectText
{
    private const int Longest = 400;

    // RFC 4514 §3. Others are written as numbers.
    private static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal)
    {
        ["2.5.4.3"] = "CN", ["2.5.4.7"] = "L", ["2.5.4.8"] = "ST", ["2.5.4.10"] = "O", ["2.5.4.11"] = "OU", ["2.5.4.6"] = "C", ["2.5.4.9"] = "STREET",
        ["0.9.2342.19200300.100.1.25"] = "DC", ["0.9.2342.19200300.100.1.1"] = "UID",
    };

    /// <param name="name">The subject.</param>
    /// <param name="text">The text; <see langword="null"/> for an empty subject, or one of several values that have no order.</param>
    /// <returns>Whether it is one that everybody reads alike.</returns>
    public static bool TryWrite(X500DistinguishedName name, out string? text)
    {
        text = null;
        var parts = new List<string>();
        var isPlain = true;
        foreach (var part in name.EnumerateRelativeDistinguishedNames(reversed: true))
        {
            if (part.HasMultipleElements)
            {
                isPlain = false;
                continue;
            }

            if (!TryWrite(part, out var written))
            {
                return false;
            }

            parts.Add(written);
        }

        text = string.Join(',', parts);
        text = isPlain && text.Length is > 0 and <= Longest ? text : null;
        return true;
    }

    private static bool TryWrite(X500RelativeDistinguishedName part, out string written)
    {
        var type = part.GetSingleElementType().Value ?? string.Empty;
        if (!Types.TryGetValue(type, out var shortName))
        {
            var element = new AsnReader(part.RawData, AsnEncodingRules.DER).ReadSetOf().ReadSequence();
            element.ReadObjectIdentifier();
            written = $"{type}=#{Convert.ToHexStringLower(element.ReadEncodedValue().Span)}";
            return true;
        }

        var value = part.GetSingleElementValue();
        if (value is null || value.Any(char.IsControl))
        {
            written = string.Empty;
            return false;
        }

        written = $"{shortName}={Escape(value)}";
        return true;
    }

    // RFC 4514 §2.4.
    private static string Escape(string value)
    {
        var text = new StringBuilder();
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] is '"' or '+' or ',' or ';' or '<' or '>' or '\\' || (i == 0 && value[i] is '#' or ' ') || (i == value.Length - 1 && value[i] is ' '))
            {
                text.Append('\\');
            }

            text.Append(value[i]);
        }

        return text.ToString();
    }
}
