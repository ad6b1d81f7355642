using System.Buffers;
using System.Globalization;
using System.Text;

namespace GatewayKit.Auditing.Bodies;

/// <summary>
/// The second net behind masks: finds in text what looks like a card number, a token, a key or an e-mail address, and what is known to be a credential of the request. A net, not a proof: what nobody can tell from other text
/// goes through. Takes time by the length of the text alone, whatever is in it.
/// </summary>
internal static class BodyDetectors
{
    /// <summary>Nothing was found here.</summary>
    public const byte Nothing = 0;

    private const byte Email = 1, Card = 2, Token = 3, Key = 4, Credential = 5;

    // ISO/IEC 7812-1.
    private const int LeastDigitsOfCard = 13;
    private const int MostDigitsOfCard = 19;
    private const int MostSeparators = 3;

    // RFC 5321 §4.5.3.1, of the mailbox twice as much.
    private const int MostOfMailbox = 128;
    private const int MostOfDomain = 255;

    // a@b.cc
    private const int LeastCharacters = 6;
    private const int LeastBehindToken = 8;
    private const int LeastBehindKey = 4;
    private const int LeastBehindAccessKey = 12;

    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.~+/=");
    private static readonly SearchValues<string> Beginnings = SearchValues.Create(["eyJ", "gk_", "AKIA", "ASIA"], StringComparison.OrdinalIgnoreCase);
    private static readonly SearchValues<char> UpperCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

    /// <summary>Whether anything can be found at all: a look that most texts are done with.</summary>
    public static bool MayFind(ReadOnlySpan<char> text, IReadOnlyList<string> secrets)
    {
        if (text.Length < LeastCharacters)
        {
            return false;
        }

        if (text.ContainsAny('@', '%') || (text.Length >= LeastDigitsOfCard && (text.ContainsAnyInRange('0', '9') || !Ascii.IsValid(text))) || text.ContainsAny(Beginnings))
        {
            return true;
        }

        for (var i = 0; i < secrets.Count; i++)
        {
            if (secrets[i].Length <= text.Length && text.Contains(secrets[i], StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Marks each character that must not be seen.</summary>
    /// <param name="text">The text, escapes resolved.</param>
    /// <param name="secrets">What is known to be secret.</param>
    /// <param name="marks">As long as the text and <see cref="Nothing"/> everywhere; what is found is another number.</param>
    /// <returns>Whether anything was found.</returns>
    public static bool Mark(ReadOnlySpan<char> text, IReadOnlyList<string> secrets, Span<byte> marks)
    {
        var isFound = FindEmails(text, marks);
        isFound |= text.Length >= LeastDigitsOfCard && FindCards(text, marks);
        if (text.ContainsAny(Beginnings))
        {
            isFound |= FindTokens(text, marks);
            isFound |= FindKeys(text, marks);
            isFound |= FindAccessKeys(text, "AKIA", marks);
            isFound |= FindAccessKeys(text, "ASIA", marks);
        }

        for (var i = 0; i < secrets.Count; i++)
        {
            isFound |= FindSecret(text, secrets[i], marks);
        }

        return isFound;
    }

    /// <summary>How many characters in front of a place are the beginning of a secret that goes on there. No search finds one of which the end is missing.</summary>
    /// <param name="text">The text, escapes resolved.</param>
    /// <param name="end">The place. What is behind it is left out.</param>
    /// <param name="secrets">What is known to be secret.</param>
    public static int LengthOfUnfinished(ReadOnlySpan<char> text, int end, IReadOnlyList<string> secrets)
    {
        var longest = 0;
        for (var i = 0; i < secrets.Count && end < text.Length; i++)
        {
            longest = Math.Max(longest, LengthOfBeginning(text[..end], text[end], secrets[i]));
        }

        return longest;
    }

    /// <summary>What stands in the place of what was found.</summary>
    public static string PlaceholderOf(byte mark) => mark switch
    {
        Email => "[email]",
        Card => "[card]",
        Token => "[token]",
        Key => "[key]",
        _ => "[credential]",
    };

    /// <summary>Whether a character may be between the digits of a card number: spaces and dashes of all kinds.</summary>
    public static bool IsSeparator(char c) => c is '-' || char.GetUnicodeCategory(c) is UnicodeCategory.SpaceSeparator or UnicodeCategory.DashPunctuation;

    // The longest end of a text that a secret begins with and goes on behind with a character (Knuth, Morris and Pratt: in the time of their lengths, whatever is in them).
    private static int LengthOfBeginning(ReadOnlySpan<char> text, char next, string secret)
    {
        var most = Math.Min(text.Length, secret.Length - 1);
        var borders = ArrayPool<int>.Shared.Rent(most + 1);
        borders[0] = 0;
        for (int i = 1, length = 0; i < most; i++)
        {
            while (length > 0 && !AreSame(secret[i], secret[length]))
            {
                length = borders[length - 1];
            }

            borders[i] = length += AreSame(secret[i], secret[length]) ? 1 : 0;
        }

        var found = 0;
        foreach (var character in text[^most..])
        {
            while (found > 0 && !AreSame(character, secret[found]))
            {
                found = borders[found - 1];
            }

            found += AreSame(character, secret[found]) ? 1 : 0;
        }

        while (found > 0 && !AreSame(next, secret[found]))
        {
            found = borders[found - 1];
        }

        ArrayPool<int>.Shared.Return(borders);
        return found;
    }

    private static bool AreSame(char one, char other) => one == other || char.ToUpperInvariant(one) == char.ToUpperInvariant(other);

    private static bool FindSecret(ReadOnlySpan<char> text, string secret, Span<byte> marks)
    {
        var isFound = false;
        for (var at = 0; text[at..].IndexOf(secret, StringComparison.OrdinalIgnoreCase) is >= 0 and var found; at += found + secret.Length)
        {
            marks.Slice(at + found, secret.Length).Fill(Credential);
            isFound = true;
        }

        return isFound;
    }

    // What begins like a JSON object in base64url: the head of a JWT (RFC 7515 §3.1).
    private static bool FindTokens(ReadOnlySpan<char> text, Span<byte> marks)
    {
        var isFound = false;
        for (var at = 0; text[at..].IndexOf("eyJ") is >= 0 and var found;)
        {
            var begin = at + found;
            at = begin + 3;
            if (!IsInsideWord(text, begin) && LengthOf(text[begin..], TokenCharacters) is >= 3 + LeastBehindToken and var length)
            {
                marks.Slice(begin, length).Fill(Token);
                (isFound, at) = (true, begin + length);
            }
        }

        return isFound;
    }

    // gk_live_…, gk_test_…
    private static bool FindKeys(ReadOnlySpan<char> text, Span<byte> marks)
    {
        var isFound = false;
        for (var at = 0; text[at..].IndexOf("gk_", StringComparison.OrdinalIgnoreCase) is >= 0 and var found;)
        {
            var begin = at + found;
            at = begin + 3;
            var rest = IsInsideWord(text, begin) ? default : text.Slice(at, LengthOf(text[at..], TokenCharacters));
            if (rest.IndexOf('_') is > 0 and var kind && rest.Length - kind - 1 >= LeastBehindKey)
            {
                marks.Slice(begin, 3 + rest.Length).Fill(Key);
                (isFound, at) = (true, at + rest.Length);
            }
        }

        return isFound;
    }

    private static bool FindAccessKeys(ReadOnlySpan<char> text, ReadOnlySpan<char> prefix, Span<byte> marks)
    {
        var isFound = false;
        for (var at = 0; text[at..].IndexOf(prefix) is >= 0 and var found;)
        {
            var begin = at + found;
            at = begin + prefix.Length;
            if (!IsInsideWord(text, begin) && LengthOf(text[begin..], UpperCharacters) is var length && length >= prefix.Length + LeastBehindAccessKey)
            {
                marks.Slice(begin, length).Fill(Key);
                (isFound, at) = (true, begin + length);
            }
        }

        return isFound;
    }

    private static bool FindEmails(ReadOnlySpan<char> text, Span<byte> marks)
    {
        var isFound = false;
        var at = 0;
        while (text[at..].IndexOfAny('@', '%') is >= 0 and var found)
        {
            var sign = at + found;
            var after = text[sign] is '@' ? sign + 1 : text[sign..].StartsWith("%40", StringComparison.Ordinal) ? sign + 3 : 0;
            at = sign + 1;
            if (after is 0)
            {
                continue;
            }

            var begin = sign;
            while (begin > 0 && sign - begin < MostOfMailbox && IsOfMailbox(text[begin - 1]))
            {
                begin--;
            }

            var end = after;
            while (end < text.Length && end - after < MostOfDomain && (char.IsLetterOrDigit(text[end]) || text[end] is '-' or '.'))
            {
                end++;
            }

            var domain = text[after..end].TrimEnd(".-");
            if (begin < sign && domain.LastIndexOf('.') is > 0 and var dot && domain.Length - dot - 1 >= 2)
            {
                marks[begin..(after + domain.Length)].Fill(Email);
                isFound = true;
            }
        }

        return isFound;
    }

    // Whole groups of digits, with spaces or dashes between them or not, that have the length, the beginning and the check digit of a card number.
    private static bool FindCards(ReadOnlySpan<char> text, Span<byte> marks)
    {
        Span<byte> digits = stackalloc byte[MostDigitsOfCard];
        var isFound = false;
        for (var begin = 0; begin < text.Length; begin++)
        {
            if (DigitOf(text[begin]) < 0 || (begin > 0 && DigitOf(text[begin - 1]) >= 0))
            {
                continue;
            }

            var (count, at) = (0, begin);
            while (true)
            {
                while (at < text.Length && DigitOf(text[at]) is >= 0 and var digit && count <= MostDigitsOfCard)
                {
                    if (count < MostDigitsOfCard)
                    {
                        digits[count] = (byte)digit;
                    }

                    (count, at) = (count + 1, at + 1);
                }

                if (count > MostDigitsOfCard)
                {
                    break;
                }

                if (count >= LeastDigitsOfCard && IsCard(digits[..count]))
                {
                    marks[begin..at].Fill(Card);
                    isFound = true;
                }

                var next = at;
                while (next < text.Length && next - at < MostSeparators && IsSeparator(text[next]))
                {
                    next++;
                }

                if (next == at || next == text.Length || DigitOf(text[next]) < 0)
                {
                    break;
                }

                at = next;
            }
        }

        return isFound;
    }

    private static bool IsCard(ReadOnlySpan<byte> digits) => IsIssued(digits) && IsLuhn(digits);

    // Beginnings that are given to issuers of cards. Times and most counters begin otherwise.
    private static bool IsIssued(ReadOnlySpan<byte> digits)
    {
        var four = (digits[0] * 1_000) + (digits[1] * 100) + (digits[2] * 10) + digits[3];
        return four is (>= 2200 and <= 2204) or (>= 2221 and <= 2720) or (>= 3000 and <= 3999) or (>= 4000 and <= 6999) or (>= 8100 and <= 8299) or 9792;
    }

    // ISO/IEC 7812-1, annex B.
    private static bool IsLuhn(ReadOnlySpan<byte> digits)
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = (int)digits[^(i + 1)];
            sum += i % 2 == 0 ? digit : digit < 5 ? digit * 2 : (digit * 2) - 9;
        }

        return sum % 10 == 0;
    }

    private static int DigitOf(char c) => char.IsAsciiDigit(c) ? c - '0' : c > '\u007F' && char.IsDigit(c) ? (int)char.GetNumericValue(c) : -1;

    private static bool IsOfMailbox(char c) => char.IsLetterOrDigit(c) || c is '.' or '_' or '%' or '+' or '-' or '\'' or '=' or '&' or '#' or '~';

    // Behind an escape of a URL or of a string something begins.
    private static bool IsInsideWord(ReadOnlySpan<char> text, int at) =>
        at > 0 && char.IsLetterOrDigit(text[at - 1]) && !(at > 1 && text[at - 2] is '\\') && !(at > 2 && text[at - 3] is '%' && char.IsAsciiHexDigit(text[at - 2]) && char.IsAsciiHexDigit(text[at - 1]));

    private static int LengthOf(ReadOnlySpan<char> text, SearchValues<char> characters) => text.IndexOfAnyExcept(characters) is >= 0 and var end ? end : text.Length;
}
