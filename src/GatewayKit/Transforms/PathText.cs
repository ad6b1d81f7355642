using System.Text;
using GatewayKit.Pipeline;

namespace GatewayKit.Transforms;

/// <summary>Paths as text: comparing by segments, and inserting values.</summary>
internal static class PathText
{
    /// <summary>Whether a path starts with whole segments: <c>/apiadmin</c> does not start with <c>/api</c>.</summary>
    public static bool StartsWith(ReadOnlySpan<char> path, ReadOnlySpan<char> prefix, StringComparison comparison) =>
        path.StartsWith(prefix, comparison) && (path.Length == prefix.Length || path[prefix.Length] is '/');

    public static IEnumerable<string> PrefixErrors(string? prefix)
    {
        if (!CanonicalPath.TryRewrite(prefix, out _) || prefix.AsSpan().EndsWith('/'))
        {
            yield return $"'{prefix}' is not a path prefix: percent-encoded, with one slash in front, none at the end and no dot segment.";
        }
    }

    /// <summary>
    /// Appends a route value to a path. Route values are decoded except for <c>%2F</c> (D2), which therefore stays what it is: a slash
    /// that is data. Every other percent sign is data and encoded.
    /// </summary>
    /// <exception cref="ForwardTransformException">The value is not Unicode.</exception>
    public static void AppendValue(StringBuilder path, ReadOnlySpan<char> value, bool keepsSlashes)
    {
        Span<byte> bytes = stackalloc byte[4];
        while (!value.IsEmpty)
        {
            if (IsEncodedSlash(value))
            {
                path.Append("%2F");
                value = value[3..];
                continue;
            }

            if (Rune.DecodeFromUtf16(value, out var rune, out var consumed) is not System.Buffers.OperationStatus.Done)
            {
                throw new ForwardTransformException(RejectionReason.AmbiguousPath);
            }

            if (rune.IsAscii && (IsLiteral((char)rune.Value) || (keepsSlashes && rune.Value is '/')))
            {
                path.Append((char)rune.Value);
            }
            else
            {
                foreach (var octet in bytes[..rune.EncodeToUtf8(bytes)])
                {
                    path.Append('%').Append(Hex(octet >> 4)).Append(Hex(octet & 0xF));
                }
            }

            value = value[consumed..];
        }
    }

    /// <summary>
    /// A route value as text of a header: visible ASCII as it is, the rest percent-encoded, so that one decoding gives the value back and
    /// no line break survives.
    /// </summary>
    public static string ToHeaderValue(string value)
    {
        if (!value.AsSpan().ContainsAnyExceptInRange('!', '~') && !value.Contains('%', StringComparison.Ordinal))
        {
            return value;
        }

        var text = new StringBuilder(value.Length + 8);
        var rest = value.AsSpan();
        while (!rest.IsEmpty)
        {
            var visible = rest.IndexOfAnyExceptInRange('!', '~') is var end and >= 0 ? rest[..end] : rest;
            visible = visible.IndexOf('%') is var percent and >= 0 ? visible[..percent] : visible;
            text.Append(visible);
            rest = rest[visible.Length..];
            if (rest.IsEmpty)
            {
                break;
            }

            var length = IsEncodedSlash(rest) ? 3
                : char.IsHighSurrogate(rest[0]) && rest.Length > 1 ? 2
                : 1;
            AppendValue(text, rest[..length], keepsSlashes: true);
            rest = rest[length..];
        }

        return text.ToString();
    }

    private static bool IsEncodedSlash(ReadOnlySpan<char> text) => text.StartsWith("%2F", StringComparison.OrdinalIgnoreCase);

    // pchar of RFC 3986 §3.3 without the percent sign.
    private static bool IsLiteral(char c) => char.IsAsciiLetterOrDigit(c) || "-._~!$&'()*+,;=:@".Contains(c, StringComparison.Ordinal);

    private static char Hex(int digit) => (char)(digit < 10 ? '0' + digit : 'A' + digit - 10);
}
