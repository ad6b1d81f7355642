using System.Globalization;
using System.Text;

namespace GatewayKit.Tests.Pipeline;

/// <summary>
/// Reads lists of structured fields by the steps of RFC 9651 §4.2, as a client would that knows nothing of what wrote them. Throws
/// <see cref="FormatException"/> where a parser has to fail.
/// </summary>
internal sealed class StructuredFieldList
{
    private readonly string _text;
    private int _at;

    private StructuredFieldList(string text) => _text = text;

    private bool IsAtEnd => _at >= _text.Length;

    private char Next => IsAtEnd ? '\0' : _text[_at];

    /// <summary>Reads a list from the lines of a field, which are one (§4.2, step 2 and 3).</summary>
    public static IReadOnlyList<Member> Parse(params IEnumerable<string> lines)
    {
        var text = string.Join(", ", lines);
        if (text.Any(static c => c > 127))
        {
            throw new FormatException("Not ASCII.");
        }

        var reader = new StructuredFieldList(text);
        reader.SkipSpaces();
        var members = reader.ReadList();
        reader.SkipSpaces();
        return reader.IsAtEnd ? members : throw reader.Error("something behind the list");
    }

    // §4.2.1
    private List<Member> ReadList()
    {
        var members = new List<Member>();
        while (!IsAtEnd)
        {
            members.Add(ReadMember());
            SkipOptionalSpaces();
            if (IsAtEnd)
            {
                return members;
            }

            Take(',');
            SkipOptionalSpaces();
            if (IsAtEnd)
            {
                throw Error("a comma at the end");
            }
        }

        return members;
    }

    // §4.2.1.1, §4.2.1.2
    private Member ReadMember()
    {
        if (Next != '(')
        {
            return ReadItem();
        }

        _at++;
        var items = new List<Member>();
        while (true)
        {
            SkipSpaces();
            if (Next == ')')
            {
                _at++;
                return new(items, ReadParameters());
            }

            items.Add(ReadItem());
            if (Next is not (' ' or ')'))
            {
                throw Error("no space behind an item");
            }
        }
    }

    // §4.2.3
    private Member ReadItem() => new(ReadBareItem(), ReadParameters());

    // §4.2.3.1
    private object ReadBareItem() => Next switch
    {
        '-' or (>= '0' and <= '9') => ReadNumber(),
        '"' => ReadString(),
        '*' or (>= 'A' and <= 'Z') or (>= 'a' and <= 'z') => ReadToken(),
        ':' => ReadBytes(),
        '?' => ReadBoolean(),
        '@' => ReadDate(),
        '%' => ReadDisplayString(),
        _ => throw Error("no item"),
    };

    // §4.2.3.2: a later parameter of the same name takes the place of the former.
    private Dictionary<string, object> ReadParameters()
    {
        var parameters = new Dictionary<string, object>();
        while (Next == ';')
        {
            _at++;
            SkipSpaces();
            var key = ReadKey();
            object value = true;
            if (Next == '=')
            {
                _at++;
                value = ReadBareItem();
            }

            parameters[key] = value;
        }

        return parameters;
    }

    // §4.2.3.3
    private string ReadKey()
    {
        if (Next is not ('*' or (>= 'a' and <= 'z')))
        {
            throw Error("no key");
        }

        return TakeWhile(static c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '_' or '-' or '.' or '*');
    }

    // §4.2.4
    private object ReadNumber()
    {
        var sign = 1;
        if (Next == '-')
        {
            _at++;
            sign = -1;
        }

        var whole = TakeWhile(char.IsAsciiDigit);
        if (whole.Length == 0)
        {
            throw Error("no digit");
        }

        if (Next != '.')
        {
            return whole.Length <= 15 ? sign * long.Parse(whole, CultureInfo.InvariantCulture) : throw Error("an integer of more than 15 digits");
        }

        _at++;
        var fraction = TakeWhile(char.IsAsciiDigit);
        return whole.Length <= 12 && fraction.Length is >= 1 and <= 3
            ? sign * decimal.Parse($"{whole}.{fraction}", CultureInfo.InvariantCulture)
            : throw Error("a decimal that is too long");
    }

    // §4.2.5
    private string ReadString()
    {
        Take('"');
        var read = new StringBuilder();
        while (!IsAtEnd)
        {
            var c = _text[_at++];
            switch (c)
            {
                case '\\':
                    read.Append(Next is '"' or '\\' ? _text[_at++] : throw Error("a bad escape"));
                    break;
                case '"':
                    return read.ToString();
                case <= '\x1F' or >= '\x7F':
                    throw Error("a character that is not printable");
                default:
                    read.Append(c);
                    break;
            }
        }

        throw Error("an open string");
    }

    // §4.2.6
    private Token ReadToken() => new(TakeWhile(static c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~:/".Contains(c)));

    // §4.2.7
    private byte[] ReadBytes()
    {
        Take(':');
        var encoded = TakeWhile(static c => c != ':');
        Take(':');
        return Convert.FromBase64String(encoded);
    }

    // §4.2.8
    private object ReadBoolean()
    {
        Take('?');
        return Next is '0' or '1' ? _text[_at++] == '1' : throw Error("no boolean");
    }

    // §4.2.9
    private DateTimeOffset ReadDate()
    {
        Take('@');
        return ReadNumber() is long seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : throw Error("a fraction of a second");
    }

    // §4.2.10
    private DisplayString ReadDisplayString()
    {
        Take('%');
        Take('"');
        var bytes = new List<byte>();
        while (!IsAtEnd)
        {
            var c = _text[_at++];
            if (c == '"')
            {
                return new(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString([.. bytes]));
            }

            if (c == '%')
            {
                var hex = _text.Substring(_at, Math.Min(2, _text.Length - _at));
                if (hex.Length < 2 || !hex.All(static digit => digit is (>= '0' and <= '9') or (>= 'a' and <= 'f')))
                {
                    throw Error("a bad escape");
                }

                _at += 2;
                bytes.Add(byte.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            }
            else if (c is <= '\x1F' or >= '\x7F')
            {
                throw Error("a character that is not printable");
            }
            else
            {
                bytes.Add((byte)c);
            }
        }

        throw Error("an open string");
    }

    private void SkipSpaces() => TakeWhile(static c => c == ' ');

    private void SkipOptionalSpaces() => TakeWhile(static c => c is ' ' or '\t');

    private string TakeWhile(Func<char, bool> wanted)
    {
        var start = _at;
        while (!IsAtEnd && wanted(Next))
        {
            _at++;
        }

        return _text[start.._at];
    }

    private void Take(char expected)
    {
        if (IsAtEnd || Next != expected)
        {
            throw Error($"no {expected}");
        }

        _at++;
    }

    private FormatException Error(string what) => new($"{what} at {_at} of '{_text}'");

    /// <summary>An item or an inner list, whose value is the list of its items.</summary>
    internal sealed record Member(object Value, IReadOnlyDictionary<string, object> Parameters)
    {
        /// <summary>A parameter; <see langword="null"/> if it is not there.</summary>
        public object? this[string key] => Parameters.GetValueOrDefault(key);
    }

    internal sealed record Token(string Text);

    internal sealed record DisplayString(string Text);
}
