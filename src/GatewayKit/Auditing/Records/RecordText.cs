using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Text;

namespace GatewayKit.Auditing.Records;

/// <summary>
/// Writes one flat record as JSON into a buffer of fixed length: what does not fit is left out, and the record says so. ASCII only, so that no value can
/// break a line, a terminal or a parser. Pays for itself in <c>AuditRecordBenchmarks</c>.
/// </summary>
/// <param name="text">The buffer.</param>
internal ref struct RecordText(Span<byte> text)
{
    private const int MostCharacters = 256;
    private const int MostCharactersOfNumber = 20;
    private const int MostBytesOfAddress = 65;

    // A character that is escaped becomes six.
    private const int MostBytesOfCharacter = 6;
    private const int MostBytesOfPair = 12;

    private static readonly SearchValues<char> Plain = SearchValues.Create(" !#$%()*,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~");

    // Quotes, the end of what is cut, and what every record keeps free.
    private const int MostBytesAround = 64;

    // What is opened can be closed, and the last word said, whatever came before.
    private const int MostClosed = 8;

    private readonly Span<byte> _text = text[..^(CutMark.Length + MostClosed)];
    private readonly Span<byte> _whole = text;

    private static ReadOnlySpan<byte> CutMark => ",\"cut\":true"u8;

    /// <summary>How much is written.</summary>
    public int Length { get; private set; }

    /// <summary>How much was left out for want of room.</summary>
    public int Omitted { get; private set; }

    /// <summary>How many more bytes there is room for.</summary>
    public readonly int Remaining => Math.Max(0, _text.Length - Length);

    /// <summary>Writes bytes that are JSON already.</summary>
    public bool TryWrite(scoped ReadOnlySpan<byte> json)
    {
        if (!HasRoom(json.Length))
        {
            return false;
        }

        Put(json);
        return true;
    }

    /// <summary>Writes a member whose value is a number.</summary>
    /// <param name="key">The key with what stands around it: <c>,"st":</c>.</param>
    /// <param name="value">The number.</param>
    public void Number(scoped ReadOnlySpan<byte> key, long value)
    {
        if (HasRoom(key.Length + MostCharactersOfNumber))
        {
            Put(key);
            Utf8Formatter.TryFormat(value, _text[Length..], out var written);
            Length += written;
        }
    }

    /// <summary>Writes a member whose value is a time in UTC (RFC 3339).</summary>
    public void Time(scoped ReadOnlySpan<byte> key, DateTime utc)
    {
        if (HasRoom(key.Length + 30))
        {
            Put(key);
            Put((byte)'"');
            Utf8Formatter.TryFormat(utc, _text[Length..], out var written, new StandardFormat('O'));
            Length += written;
            Put((byte)'"');
        }
    }

    /// <summary>Writes a member whose value is an address.</summary>
    public void Address(scoped ReadOnlySpan<byte> key, IPAddress address)
    {
        if (HasRoom(key.Length + MostBytesOfAddress + 2))
        {
            Put(key);
            Put((byte)'"');
            address.TryFormat(_text[Length..], out var written);
            Length += written;
            Put((byte)'"');
        }
    }

    /// <summary>Writes a member whose value is text that stands as it is: printable ASCII without quotes and backslashes.</summary>
    public void Verbatim(scoped ReadOnlySpan<byte> key, scoped ReadOnlySpan<byte> value)
    {
        if (HasRoom(key.Length + value.Length + 2))
        {
            Put(key);
            Put((byte)'"');
            Put(value);
            Put((byte)'"');
        }
    }

    /// <inheritdoc cref="Verbatim(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>
    public void Verbatim(scoped ReadOnlySpan<byte> key, scoped ReadOnlySpan<char> value)
    {
        if (HasRoom(key.Length + value.Length + 2))
        {
            Put(key);
            Put((byte)'"');
            PutAscii(value);
            Put((byte)'"');
        }
    }

    /// <summary>Writes a member whose value is text.</summary>
    /// <param name="key">The key with what stands around it: <c>,"host":</c>.</param>
    /// <param name="value">The text; what is not well-formed UTF-16 is replaced.</param>
    /// <param name="most">How many characters of it are shown. A longer one ends with <c>…#length</c>.</param>
    public void String(scoped ReadOnlySpan<byte> key, scoped ReadOnlySpan<char> value, int most = MostCharacters)
    {
        if (value.Length <= most && !value.ContainsAnyExcept(Plain))
        {
            Verbatim(key, value);
            return;
        }

        Escaped(key, value, most);
    }

    /// <summary>A text as <see cref="String"/> writes it, without quotes: what a line is searched for. One that was read in a record is what it was there.</summary>
    /// <param name="value">The text.</param>
    /// <param name="most">How many characters of it are shown.</param>
    public static byte[] ValueOf(string value, int most = MostCharacters)
    {
        most = IsCut(value, most) ? value.Length : most;
        var text = new RecordText(new byte[(Math.Min(value.Length, most) * MostBytesOfCharacter) + MostBytesAround]);
        text.String([], value, most);
        return text._text[1..(text.Length - 1)].ToArray();
    }

    /// <summary>Writes a member whose value is as much of a text as there is room for. Quotes take two bytes each.</summary>
    /// <param name="key">The key with what stands around it.</param>
    /// <param name="value">The text.</param>
    /// <param name="room">How many bytes the member may take.</param>
    /// <returns>How many characters of the text are there; with 0 there is no member.</returns>
    public int Beginning(scoped ReadOnlySpan<byte> key, scoped ReadOnlySpan<char> value, int room)
    {
        room = Math.Min(room, Remaining) - key.Length - 2;
        if (room < MostBytesOfPair)
        {
            return 0;
        }

        Put(key);
        Put((byte)'"');
        var shown = 0;
        while (shown < value.Length)
        {
            var plain = value[shown..].IndexOfAnyExcept(Plain) is >= 0 and var at ? at : value.Length - shown;
            plain = Math.Min(plain, room);
            PutAscii(value.Slice(shown, plain));
            (room, shown) = (room - plain, shown + plain);
            if (shown == value.Length)
            {
                break;
            }

            var (characters, bytes) = SizeAt(value[shown..]);
            if (bytes > room)
            {
                break;
            }

            PutEscaped(value.Slice(shown, characters));
            (room, shown) = (room - bytes, shown + characters);
        }

        Put((byte)'"');
        return shown;
    }

    /// <summary>How many bytes the whole of a text takes, in its quotes and without its key.</summary>
    public static int LengthOf(scoped ReadOnlySpan<char> value)
    {
        var length = 2;
        while (!value.IsEmpty)
        {
            var plain = value.IndexOfAnyExcept(Plain) is >= 0 and var at ? at : value.Length;
            length += plain;
            value = value[plain..];
            if (!value.IsEmpty)
            {
                var (characters, bytes) = SizeAt(value);
                length += bytes;
                value = value[characters..];
            }
        }

        return length;
    }

    /// <summary>Takes back what was written since, as of an item that did not fit in whole.</summary>
    /// <param name="length">The length before it.</param>
    /// <param name="omitted">What was left out before it.</param>
    /// <returns>Whether it was taken back.</returns>
    public bool TakeBack(int length, int omitted)
    {
        if (Omitted == omitted)
        {
            return false;
        }

        Length = length;
        return true;
    }

    /// <summary>Closes what was opened: an array or an object. There is always room for it.</summary>
    public void Close(byte bracket) => _whole[Length++] = bracket;

    /// <summary>Ends the record where the journal goes on: without its closing brace.</summary>
    /// <returns>Its length.</returns>
    public int End()
    {
        if (Omitted > 0)
        {
            CutMark.CopyTo(_whole[Length..]);
            Length += CutMark.Length;
        }

        return Length;
    }

    private void Escaped(scoped ReadOnlySpan<byte> key, scoped ReadOnlySpan<char> value, int most)
    {
        var shown = value.Length <= most ? value : value[..(char.IsHighSurrogate(value[most - 1]) ? most - 1 : most)];
        var tail = value.Length <= most ? string.Empty : string.Create(CultureInfo.InvariantCulture, $"\\u2026#{value.Length}");
        if (!HasRoom(key.Length + LengthOf(shown) + tail.Length))
        {
            return;
        }

        Put(key);
        Put((byte)'"');
        while (!shown.IsEmpty)
        {
            var plain = shown.IndexOfAnyExcept(Plain) is >= 0 and var at ? at : shown.Length;
            PutAscii(shown[..plain]);
            shown = shown[plain..];
            if (!shown.IsEmpty)
            {
                var (characters, _) = SizeAt(shown);
                PutEscaped(shown[..characters]);
                shown = shown[characters..];
            }
        }

        PutAscii(tail);
        Put((byte)'"');
    }

    private static bool IsCut(ReadOnlySpan<char> value, int most) =>
        value.LastIndexOf("\u2026#") is var mark && (mark == most || mark == most - 1) && !value[(mark + 2)..].ContainsAnyExceptInRange('0', '9');

    // Of a character that cannot stand for itself: how many of them go together, and what they take.
    private static (int Characters, int Bytes) SizeAt(scoped ReadOnlySpan<char> value) =>
        value[0] is '"' or '\\' ? (1, 2)
        : char.IsHighSurrogate(value[0]) && value.Length > 1 && char.IsLowSurrogate(value[1]) ? (2, MostBytesOfPair)
        : (1, MostBytesOfCharacter);

    private void PutEscaped(scoped ReadOnlySpan<char> value)
    {
        foreach (var c in value)
        {
            if (c is '"' or '\\')
            {
                Put((byte)'\\');
                Put((byte)c);
                continue;
            }

            // Half of a pair is no text.
            var code = char.IsSurrogate(c) && value.Length is 1 ? '\uFFFD' : c;
            Put("\\u"u8);
            Utf8Formatter.TryFormat((ushort)code, _text[Length..], out var written, new StandardFormat('X', 4));
            Length += written;
        }
    }

    private bool HasRoom(int bytes)
    {
        // Closing may have gone past the end of it.
        if (Remaining >= bytes)
        {
            return true;
        }

        Omitted++;
        return false;
    }

    private void Put(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_whole[Length..]);
        Length += bytes.Length;
    }

    private void PutAscii(scoped ReadOnlySpan<char> text)
    {
        Ascii.FromUtf16(text, _text[Length..], out var written);
        Length += written;
    }

    private void Put(byte one) => _text[Length++] = one;
}
