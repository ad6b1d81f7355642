using System.Buffers;
using System.Globalization;
using System.Text;

namespace GatewayKit.Identity.Signatures;

/// <summary>Reads structured fields as strictly as RFC 9651 §4.2 asks: what is not well-formed to the last character is nothing.</summary>
internal ref struct StructuredFieldReader
{
    private static readonly SearchValues<char> KeyCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_-.*");
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~:/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    // As many as every reader must take (RFC 9651 §3.1 to §3.2); more only cost time.
    private const int MostMembers = 1_024;
    private const int MostItems = 256;

    private ReadOnlySpan<char> _rest;

    private StructuredFieldReader(ReadOnlySpan<char> text) => _rest = text.Trim(' ');

    /// <summary>Reads a dictionary. Of a key that is there twice the last value counts, at the first place.</summary>
    /// <returns>The members in their order; <see langword="null"/> if the text is none.</returns>
    public static IReadOnlyList<KeyValuePair<string, StructuredMember>>? ReadDictionary(ReadOnlySpan<char> text)
    {
        var reader = new StructuredFieldReader(text);
        var members = new List<KeyValuePair<string, StructuredMember>>();
        while (!reader._rest.IsEmpty)
        {
            if (!reader.TryReadKey(out var key))
            {
                return null;
            }

            var member = reader.TryTake('=') ? reader.ReadMember() : reader.ReadParameters(true);
            if (member is null || !reader.TryEndMember() || members.Count == MostMembers)
            {
                return null;
            }

            Set(members, key, member);
        }

        return members;
    }

    /// <summary>Reads a list.</summary>
    /// <returns>The members; <see langword="null"/> if the text is none.</returns>
    public static IReadOnlyList<StructuredMember>? ReadList(ReadOnlySpan<char> text)
    {
        var reader = new StructuredFieldReader(text);
        var members = new List<StructuredMember>();
        while (!reader._rest.IsEmpty)
        {
            if (reader.ReadMember() is not { } member || !reader.TryEndMember() || members.Count == MostMembers)
            {
                return null;
            }

            members.Add(member);
        }

        return members;
    }

    /// <summary>Reads an item.</summary>
    /// <returns><see langword="null"/> if the text is none.</returns>
    public static StructuredMember? ReadItem(ReadOnlySpan<char> text)
    {
        var reader = new StructuredFieldReader(text);
        var item = reader.ReadItem();
        return reader._rest.IsEmpty ? item : null;
    }

    private static void Set<T>(List<KeyValuePair<string, T>> entries, string key, T value)
    {
        var known = entries.FindIndex(entry => entry.Key == key);
        if (known < 0)
        {
            entries.Add(new(key, value));
        }
        else
        {
            entries[known] = new(key, value);
        }
    }

    // A comma needs something behind it.
    private bool TryEndMember()
    {
        _rest = _rest.TrimStart(" \t");
        if (_rest.IsEmpty)
        {
            return true;
        }

        if (!TryTake(','))
        {
            return false;
        }

        _rest = _rest.TrimStart(" \t");
        return !_rest.IsEmpty;
    }

    private StructuredMember? ReadMember() => _rest is ['(', ..] ? ReadInnerList() : ReadItem();

    private StructuredMember? ReadInnerList()
    {
        _rest = _rest[1..];
        var items = new List<StructuredMember>();
        while (true)
        {
            _rest = _rest.TrimStart(' ');
            if (TryTake(')'))
            {
                return ReadParameters(items);
            }

            if (ReadItem() is not { } item || _rest is not [' ' or ')', ..] || items.Count == MostItems)
            {
                return null;
            }

            items.Add(item);
        }
    }

    private StructuredMember? ReadItem() => ReadBare() is { } value ? ReadParameters(value) : null;

    private StructuredMember? ReadParameters(object value)
    {
        var parameters = new List<KeyValuePair<string, object>>();
        while (TryTake(';'))
        {
            _rest = _rest.TrimStart(' ');
            if (!TryReadKey(out var key) || (TryTake('=') ? ReadBare() : true) is not { } content || parameters.Count == MostItems)
            {
                return null;
            }

            Set(parameters, key, content);
        }

        return new(value, parameters);
    }

    private object? ReadBare() => _rest switch
    {
        ['"', ..] => ReadString(),
        [':', ..] => ReadBytes(),
        ['?', '0' or '1', ..] => ReadBoolean(),
        ['@', ..] => ReadDate(),
        ['-' or (>= '0' and <= '9'), ..] => ReadNumber(),
        ['*' or (>= 'a' and <= 'z') or (>= 'A' and <= 'Z'), ..] => new StructuredToken(Take(TokenCharacters)),
        _ => null,
    };

    private bool TryReadKey(out string key)
    {
        key = _rest is ['*' or (>= 'a' and <= 'z'), ..] ? Take(KeyCharacters) : string.Empty;
        return key.Length > 0;
    }

    private string? ReadString()
    {
        var text = new StringBuilder();
        for (var i = 1; i < _rest.Length; i++)
        {
            switch (_rest[i])
            {
                case '"':
                    _rest = _rest[(i + 1)..];
                    return text.ToString();
                case '\\':
                    if (++i >= _rest.Length || _rest[i] is not ('"' or '\\'))
                    {
                        return null;
                    }

                    text.Append(_rest[i]);
                    break;
                case < ' ' or > '~':
                    return null;
                default:
                    text.Append(_rest[i]);
                    break;
            }
        }

        return null;
    }

    private byte[]? ReadBytes()
    {
        var end = _rest[1..].IndexOf(':');
        if (end < 0)
        {
            return null;
        }

        var text = _rest.Slice(1, end);
        var bytes = new byte[(text.Length * 3 / 4) + 3];
        if (text.ContainsAny(" \t\r\n") || !Convert.TryFromBase64Chars(text, bytes, out var length))
        {
            return null;
        }

        _rest = _rest[(end + 2)..];
        return bytes[..length];
    }

    private bool ReadBoolean()
    {
        var value = _rest[1] is '1';
        _rest = _rest[2..];
        return value;
    }

    private DateTimeOffset? ReadDate()
    {
        _rest = _rest[1..];
        return ReadNumber() is long seconds and >= -62_135_596_800 and <= 253_402_300_799 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
    }

    // At most 15 digits, or 12 before the point and 3 behind it (RFC 9651 §4.2.4).
    private object? ReadNumber()
    {
        var sign = _rest is ['-', ..] ? 1 : 0;
        var whole = Digits(_rest[sign..]);
        if (whole == 0)
        {
            return null;
        }

        if (_rest[(sign + whole)..] is not ['.', ..])
        {
            return whole <= 15 ? long.Parse(TakeFirst(sign + whole), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : null;
        }

        var fraction = Digits(_rest[(sign + whole + 1)..]);
        return whole <= 12 && fraction is >= 1 and <= 3
            ? decimal.Parse(TakeFirst(sign + whole + 1 + fraction), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture)
            : null;
    }

    private static int Digits(ReadOnlySpan<char> text) => text.IndexOfAnyExceptInRange('0', '9') is var end and >= 0 ? end : text.Length;

    private bool TryTake(char wanted)
    {
        if (_rest.IsEmpty || _rest[0] != wanted)
        {
            return false;
        }

        _rest = _rest[1..];
        return true;
    }

    private string Take(SearchValues<char> characters) => TakeFirst(_rest.IndexOfAnyExcept(characters) is var end and >= 0 ? end : _rest.Length).ToString();

    private ReadOnlySpan<char> TakeFirst(int count)
    {
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
