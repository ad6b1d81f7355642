using System.Globalization;
using System.Text;

namespace GatewayKit.Auditing.Bodies;

/// <summary>Writes the fields of a form again (application/x-www-form-urlencoded) without what is masked. A field in which the body is cut is left out.</summary>
internal static class FormBody
{
    private const string Mask = "***";
    private const int FewBytes = 512;

    /// <summary>Writes it.</summary>
    /// <param name="form">The body, or the beginning of it.</param>
    /// <param name="isCut">Whether it is the beginning.</param>
    /// <param name="masks">What is masked.</param>
    /// <param name="text">Where it goes.</param>
    /// <param name="buffer">Room for as many characters as the body has bytes.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryWrite(ReadOnlySpan<byte> form, bool isCut, BodyMasks masks, ref BodyText text, Span<char> buffer)
    {
        Span<byte> bytes = form.Length <= FewBytes ? stackalloc byte[FewBytes] : new byte[form.Length];
        var isFirst = true;
        while (!form.IsEmpty && !text.IsFull)
        {
            var end = form.IndexOf((byte)'&');
            if (end < 0 && isCut)
            {
                break;
            }

            var pair = end < 0 ? form : form[..end];
            form = end < 0 ? [] : form[(end + 1)..];
            var sign = pair.IndexOf((byte)'=');
            text.Write(isFirst ? string.Empty : "&");
            isFirst = false;
            var key = Decode(sign < 0 ? pair : pair[..sign], bytes, buffer);
            var isMasked = IsSecret(key) || masks.IncludeKey(key);
            text.Clean(key, BodyEscapes.Form);
            if (sign < 0)
            {
                continue;
            }

            text.Write("=");
            if (isMasked)
            {
                text.Write(Mask);
            }
            else
            {
                text.Clean(Decode(pair[(sign + 1)..], bytes, buffer), BodyEscapes.Form);
            }
        }

        return true;
    }

    // In whole or by a part of it, as in card[cvc].
    private static bool IsSecret(ReadOnlySpan<char> key)
    {
        foreach (var part in key.SplitAny("[]."))
        {
            if (JsonBody.IsSecret(key[part]))
            {
                return true;
            }
        }

        return JsonBody.IsSecret(key);
    }

    private static Span<char> Decode(ReadOnlySpan<byte> encoded, Span<byte> bytes, Span<char> buffer)
    {
        var length = 0;
        for (var i = 0; i < encoded.Length; i++)
        {
            if (encoded[i] is (byte)'%' && i + 2 < encoded.Length && byte.TryParse(encoded.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                bytes[length++] = value;
                i += 2;
            }
            else
            {
                bytes[length++] = encoded[i] is (byte)'+' ? (byte)' ' : encoded[i];
            }
        }

        return buffer[..Encoding.UTF8.GetChars(bytes[..length], buffer)];
    }
}
