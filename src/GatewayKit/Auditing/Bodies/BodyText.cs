using System.Buffers;
using System.Globalization;

namespace GatewayKit.Auditing.Bodies;

/// <summary>Text of a body on its way into a record, in a buffer of fixed length: whatever comes from a client goes through the detectors first.</summary>
/// <param name="text">The buffer.</param>
/// <param name="secrets">What is known to be secret.</param>
internal ref struct BodyText(Span<char> text, IReadOnlyList<string> secrets)
{
    // A key whose escape is escaped again, as where JSON is in a string of JSON.
    private const int MostRounds = 3;

    private const int FewCharacters = 512;

    private readonly Span<char> _text = text;

    /// <summary>How much is written.</summary>
    public int Length { get; private set; }

    /// <summary>What is written.</summary>
    public readonly ReadOnlySpan<char> Written => _text[..Length];

    /// <summary>Whether something did not fit. Nothing is written after it.</summary>
    public bool IsFull { get; private set; }

    /// <summary>Writes text of this class's callers as it is.</summary>
    public void Write(scoped ReadOnlySpan<char> plain)
    {
        if (IsFull || !plain.TryCopyTo(_text[Length..]))
        {
            IsFull = true;
            return;
        }

        Length += plain.Length;
    }

    /// <summary>Writes text of a client without what the detectors find.</summary>
    /// <param name="value">The text. Escapes that are left in it are resolved here, in place.</param>
    /// <param name="escapes">What cannot stand for itself where it goes.</param>
    /// <returns>Whether anything was found.</returns>
    public bool Clean(scoped Span<char> value, BodyEscapes escapes)
    {
        ReadOnlySpan<char> plain = value[..Resolve(value)];
        if (!BodyDetectors.MayFind(plain, secrets))
        {
            Write(plain, escapes);
            return false;
        }

        Span<byte> marks = plain.Length <= FewCharacters ? stackalloc byte[FewCharacters] : new byte[plain.Length];
        marks = marks[..plain.Length];
        marks.Clear();
        if (!BodyDetectors.Mark(plain, secrets, marks))
        {
            Write(plain, escapes);
            return false;
        }

        for (var i = 0; i < plain.Length;)
        {
            var mark = marks[i];
            var end = marks[i..].IndexOfAnyExcept(mark) is >= 0 and var length ? i + length : plain.Length;
            if (mark is BodyDetectors.Nothing)
            {
                Write(plain[i..end], escapes);
            }
            else
            {
                Write(BodyDetectors.PlaceholderOf(mark));
            }

            i = end;
        }

        return true;
    }

    /// <summary>How many characters in front of a place are the beginning of a secret that would go on there.</summary>
    public readonly int UnfinishedAt(scoped ReadOnlySpan<char> value, int end) => BodyDetectors.LengthOfUnfinished(value, end, secrets);

    /// <summary>Takes back what was written since.</summary>
    public void TakeBack(int length) => Length = length;

    private void Write(scoped ReadOnlySpan<char> plain, BodyEscapes escapes)
    {
        while (!plain.IsEmpty && !IsFull)
        {
            var run = plain.IndexOfAny(escapes.Characters) is >= 0 and var at ? at : plain.Length;
            if (run > 0)
            {
                // As much of it as there is room for.
                var shown = Math.Min(run, _text.Length - Length);
                Write(plain[..shown]);
                IsFull |= shown < run;
            }

            if (run < plain.Length)
            {
                Write(escapes.Of(plain[run]));
            }

            plain = plain[Math.Min(run + 1, plain.Length)..];
        }
    }

    /// <summary>Resolves escapes in place: <c>\u0065yJ</c> and <c>eyJ</c> are the same to whoever reads it.</summary>
    /// <returns>How long it is then.</returns>
    public static int Resolve(Span<char> value)
    {
        var length = value.Length;
        for (var round = 0; round < MostRounds && value[..length].IndexOf("\\u") is >= 0 and var first; round++)
        {
            var to = first;
            for (var from = first; from < length; to++)
            {
                if (value[from] is '\\' && length - from >= 6 && value[from + 1] is 'u'
                    && ushort.TryParse(value.Slice(from + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var character))
                {
                    value[to] = (char)character;
                    from += 6;
                }
                else
                {
                    value[to] = value[from];
                    from++;
                }
            }

            if (to == length)
            {
                break;
            }

            length = to;
        }

        return length;
    }
}

/// <summary>Which characters of a client's text cannot stand for themselves, and what stands for them.</summary>
/// <param name="characters">The characters.</param>
/// <param name="of">What stands for one.</param>
internal sealed class BodyEscapes(string characters, Func<char, string> of)
{
    private const string Controls = "\0\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000B\f\r\u000E\u000F\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001A\u001B\u001C\u001D\u001E\u001F";

    /// <summary>None: the record escapes what it has to.</summary>
    public static BodyEscapes None { get; } = new(string.Empty, static c => c.ToString());

    /// <summary>In a string of JSON (RFC 8259 §7).</summary>
    public static BodyEscapes Json { get; } = new("\"\\" + Controls, static c => c switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        _ => $"\\u{(int)c:x4}",
    });

    /// <summary>In a field of a form: only what would make it another form, for it is to be read.</summary>
    public static BodyEscapes Form { get; } = new("&=+%" + Controls, static c => $"%{(int)c:X2}");

    /// <summary>The characters.</summary>
    public SearchValues<char> Characters { get; } = SearchValues.Create(characters);

    /// <summary>What stands for one of them.</summary>
    public string Of(char c) => of(c);
}
