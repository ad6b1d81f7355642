using System.Text;

namespace GatewayKit.Auditing.Bodies;

/// <summary>Writes text that has no structure to mask anything by: the detectors are the only net.</summary>
internal static class PlainBody
{
    /// <summary>Writes it.</summary>
    /// <param name="body">The body, or the beginning of it.</param>
    /// <param name="isCut">Whether it is the beginning.</param>
    /// <param name="text">Where it goes.</param>
    /// <param name="buffer">Room for as many characters as the body has bytes.</param>
    /// <returns>Whether it is text.</returns>
    public static bool TryWrite(ReadOnlySpan<byte> body, bool isCut, ref BodyText text, Span<char> buffer)
    {
        if (body.Contains((byte)0))
        {
            return false;
        }

        var value = buffer[..Encoding.UTF8.GetChars(body, buffer)];
        if (isCut)
        {
            value = value[..BodyText.Resolve(value)];
            var end = WholeWords(value);
            value = value[..(end - text.UnfinishedAt(value, end))];
        }

        text.Clean(value, BodyEscapes.None);
        return true;
    }

    // Half of a key or a number is known to no detector: the last word is left out, and the digits in front of it.
    private static int WholeWords(ReadOnlySpan<char> value)
    {
        var end = value.Length;
        while (end > 0 && !char.IsWhiteSpace(value[end - 1]))
        {
            end--;
        }

        while (end > 0 && (char.IsDigit(value[end - 1]) || char.IsWhiteSpace(value[end - 1]) || BodyDetectors.IsSeparator(value[end - 1])))
        {
            end--;
        }

        return end;
    }
}
