using System.Buffers;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Diagnostics;

/// <summary>
/// Reads <c>tracestate</c> (W3C Trace Context level 2, §3.3). A list that breaks a rule is dropped whole: nobody can tell which of its
/// entries are right. Keys of the form <c>tenant@system</c> are held to the sizes of level 1, which the public validation set checks.
/// </summary>
internal static class TraceState
{
    /// <summary>How many entries a list may have (§3.3.1.1).</summary>
    public const int MaxEntries = 32;

    /// <summary>How much of a list is sent on, in characters: half of what many servers take for all fields together. 512 is the least (§3.3.1.5).</summary>
    public const int MaxLength = 4_096;

    private const int MaxKey = 256;
    private const int MaxTenant = 241;
    private const int MaxSystem = 14;
    private const int MaxValue = 256;

    // Entries longer than this go first when a list has to be cut.
    private const int LongEntry = 128;

    private const string LettersAndDigits = "abcdefghijklmnopqrstuvwxyz0123456789";
    private static readonly SearchValues<char> KeyCharacters = SearchValues.Create(LettersAndDigits + "_-*/");
    private static readonly SearchValues<char> KeyStart = SearchValues.Create(LettersAndDigits);

    // Printable ASCII without the two separators; a space may not end it, but that one was trimmed already.
    private static readonly SearchValues<char> ValueCharacters =
        SearchValues.Create(string.Concat(Enumerable.Range(' ', '~' - ' ' + 1).Select(static c => (char)c).Where(static c => c is not (',' or '='))));

    /// <summary>What to send on; <see langword="null"/> if there is nothing, or nothing valid.</summary>
    /// <param name="lines">The field lines, in order: one list (RFC 9110 §5.3).</param>
    public static string? Read(StringValues lines)
    {
        // Nearly always one line, which is then passed on as the same string.
        if (lines.Count == 0)
        {
            return null;
        }

        var text = lines.Count == 1 ? lines[0]! : string.Join(',', lines.Where(static line => !string.IsNullOrWhiteSpace(line)));
        Span<Range> entries = stackalloc Range[MaxEntries];
        if (!TryRead(text, entries, out var count))
        {
            return null;
        }

        return text.Length <= MaxLength ? text : Cut(text, entries[..count]);
    }

    private static bool TryRead(ReadOnlySpan<char> list, Span<Range> entries, out int count)
    {
        count = 0;
        for (var start = 0; start <= list.Length;)
        {
            var length = list[start..].IndexOf(',');
            var end = length < 0 ? list.Length : start + length;
            var entry = list[start..end].TrimEnd(" \t");
            var trimmed = entry.TrimStart(" \t");

            // Empty entries are allowed, because joining lines makes them.
            if (trimmed.Length > 0)
            {
                if (count == MaxEntries || !IsEntry(trimmed, out var key) || IsKnown(list, entries[..count], key))
                {
                    return false;
                }

                entries[count++] = (start + entry.Length - trimmed.Length)..(start + entry.Length);
            }

            start = end + 1;
        }

        return count > 0;
    }

    private static bool IsEntry(ReadOnlySpan<char> entry, out ReadOnlySpan<char> key)
    {
        var equals = entry.IndexOf('=');
        key = equals < 0 ? default : entry[..equals];
        var value = entry[(equals + 1)..];
        return IsKey(key) && value.Length is > 0 and <= MaxValue && !value.ContainsAnyExcept(ValueCharacters);
    }

    private static bool IsKey(ReadOnlySpan<char> key)
    {
        var at = key.IndexOf('@');
        return at < 0 ? IsName(key, MaxKey) : IsName(key[..at], MaxTenant) && IsName(key[(at + 1)..], MaxSystem) && char.IsAsciiLetterLower(key[at + 1]);
    }

    private static bool IsName(ReadOnlySpan<char> name, int most) =>
        name.Length > 0 && name.Length <= most && KeyStart.Contains(name[0]) && !name.ContainsAnyExcept(KeyCharacters);

    // At most 32 of them: looking at each is quicker than a set.
    private static bool IsKnown(ReadOnlySpan<char> list, ReadOnlySpan<Range> entries, ReadOnlySpan<char> key)
    {
        foreach (var range in entries)
        {
            var entry = list[range];
            if (entry.Length > key.Length && entry[key.Length] is '=' && entry.StartsWith(key, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    // Whole entries go: the long ones first, then from the end (§3.3.1.5).
    private static string? Cut(string list, ReadOnlySpan<Range> entries)
    {
        Span<bool> dropped = stackalloc bool[entries.Length];
        var length = entries.Length - 1;
        foreach (var entry in entries)
        {
            length += entry.End.Value - entry.Start.Value;
        }

        for (var pass = 0; pass < 2; pass++)
        {
            for (var i = entries.Length - 1; i >= 0 && length > MaxLength; i--)
            {
                var size = entries[i].End.Value - entries[i].Start.Value;
                if (!dropped[i] && (pass == 1 || size > LongEntry))
                {
                    dropped[i] = true;
                    length -= size + 1;
                }
            }
        }

        var kept = new System.Text.StringBuilder(length);
        for (var i = 0; i < entries.Length; i++)
        {
            if (!dropped[i])
            {
                kept.Append(kept.Length == 0 ? string.Empty : ",").Append(list.AsSpan()[entries[i]]);
            }
        }

        return kept.Length == 0 ? null : kept.ToString();
    }
}
