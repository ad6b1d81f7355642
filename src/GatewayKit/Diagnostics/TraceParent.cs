using System.Buffers;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace GatewayKit.Diagnostics;

/// <summary>
/// A valid <c>traceparent</c> (W3C Trace Context level 2, §3.2). It keeps the text it was read from: reading allocates nothing, and what
/// is passed on unchanged is the same string.
/// </summary>
internal readonly struct TraceParent
{
    /// <summary>The caller may have recorded its part of the trace.</summary>
    public const byte Sampled = 0x01;

    /// <summary>The right half of the trace id is random.</summary>
    public const byte RandomTraceId = 0x02;

    /// <summary>The flags this version knows; the others are zero in what it writes (§3.2.2.5).</summary>
    public const byte KnownFlags = Sampled | RandomTraceId;

    private const int TraceIdStart = 3;
    private const int ParentIdStart = 36;
    private const int FlagsStart = 53;
    private const int Length = 55;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    private readonly string _text;
    private readonly int _start;

    private TraceParent(string text, int start, byte flags, bool isVersion00) => (_text, _start, Flags, IsVersion00) = (text, start, flags, isVersion00);

    /// <summary>Whether there is one: the default value is none.</summary>
    public bool IsPresent => _text is not null;

    public ReadOnlySpan<char> TraceId => _text.AsSpan(_start + TraceIdStart, 32);

    public ReadOnlySpan<char> ParentId => _text.AsSpan(_start + ParentIdStart, 16);

    public byte Flags { get; }

    public bool IsVersion00 { get; }

    /// <summary>Reads one field line. Spaces and tabs around the value are not part of it (RFC 9110 §5.5).</summary>
    public static bool TryParse([NotNullWhen(true)] string? line, out TraceParent result)
    {
        result = default;
        if (line is null)
        {
            return false;
        }

        var value = line.AsSpan().TrimEnd(" \t");
        var start = value.Length;
        value = value.TrimStart(" \t");
        start -= value.Length;

        // Whatever the version: at least these 55 characters, and what a later version appends stands behind a dash (§3.2.4).
        if (value.Length < Length || value[2] is not '-' || value[35] is not '-' || value[52] is not '-'
            || !TryReadOctet(value, out var version) || version == 0xFF
            || (value.Length > Length && (version == 0 || value[Length] is not '-'))
            || !IsId(value.Slice(TraceIdStart, 32)) || !IsId(value.Slice(ParentIdStart, 16))
            || !TryReadOctet(value[FlagsStart..], out var flags))
        {
            return false;
        }

        result = new(line, start, flags, version == 0);
        return true;
    }

    /// <summary>The value to send on as it is: in the caller's own words, or without what a later version has added.</summary>
    public string Format() =>
        !IsVersion00 ? Create(TraceId, ParentId, (byte)(Flags & KnownFlags)) : _text.Length == Length ? _text : _text.Substring(_start, Length);

    /// <summary>Writes version 00.</summary>
    public static string Create(ReadOnlySpan<char> traceId, ReadOnlySpan<char> parentId, byte flags)
    {
        Span<char> text = stackalloc char[Length];
        "00-".CopyTo(text);
        traceId.CopyTo(text[TraceIdStart..]);
        text[ParentIdStart - 1] = '-';
        parentId.CopyTo(text[ParentIdStart..]);
        "-0".CopyTo(text[(FlagsStart - 1)..]);
        text[FlagsStart + 1] = (char)('0' + (flags & KnownFlags));
        return new(text);
    }

    /// <summary>Another span of the same trace, that nobody here records.</summary>
    public string CreateChild()
    {
        Span<byte> octets = stackalloc byte[8];
        Random.Shared.NextBytes(octets);
        octets[7] |= 0x01;
        Span<char> digits = stackalloc char[16];
        Convert.TryToHexStringLower(octets, digits, out _);
        return Create(TraceId, digits, Flags);
    }

    /// <summary>Starts a trace that nobody here records.</summary>
    public static string CreateUnrecorded()
    {
        Span<byte> octets = stackalloc byte[24];
        Random.Shared.NextBytes(octets);

        // All zeroes is the one value an id may not have.
        octets[15] |= 0x01;
        octets[23] |= 0x01;
        Span<char> digits = stackalloc char[48];
        Convert.TryToHexStringLower(octets, digits, out _);
        return Create(digits[..32], digits[32..], RandomTraceId);
    }

    /// <summary>As a parent for spans.</summary>
    public ActivityContext ToContext(string? traceState) => new(
        ActivityTraceId.CreateFromString(TraceId),
        ActivitySpanId.CreateFromString(ParentId),
        (ActivityTraceFlags)(Flags & Sampled),
        traceState,
        isRemote: true);

    // Lower case only: a proxy that took both would hand on ids that others do not find (§3.2.2).
    private static bool IsId(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(Digits) && text.ContainsAnyExcept('0');

    private static bool TryReadOctet(ReadOnlySpan<char> text, out byte value)
    {
        var (high, low) = (Digit(text[0]), Digit(text[1]));
        value = (byte)((high << 4) | (low & 0xF));
        return (high | low) >= 0;
    }

    private static int Digit(char c) => c switch
    {
        >= '0' and <= '9' => c - '0',
        >= 'a' and <= 'f' => c - 'a' + 10,
        _ => -1,
    };
}
