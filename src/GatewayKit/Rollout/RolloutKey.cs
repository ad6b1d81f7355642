using System.Diagnostics.CodeAnalysis;
using GatewayKit.Pipeline;

namespace GatewayKit.Rollout;

/// <summary>What a split or a mirror tells requests apart by, so that one caller stays on one side. Immutable, with value equality; case is ignored.</summary>
/// <remarks>In JSON it is a string: <c>Consumer</c>, <c>Cookie</c>, <c>ClientAddress</c>, <c>None</c> or <c>Header:</c> and the name of a header.</remarks>
public sealed class RolloutKey : IParsable<RolloutKey>, IEquatable<RolloutKey>
{
    private const string HeaderPrefix = "Header:";

    private readonly string _text;

    private RolloutKey(string text, string? headerName = null) => (_text, HeaderName) = (text, headerName);

    /// <summary>
    /// Who is calling, if that is known; else <see cref="Cookie"/>. Nobody is known to this version of the gateway, so that it is the cookie for all.
    /// </summary>
    public static RolloutKey Consumer { get; } = new(nameof(Consumer));

    /// <summary>A random id in a cookie, which a split issues to those who come without.</summary>
    public static RolloutKey Cookie { get; } = new(nameof(Cookie));

    /// <summary>The client's address: IPv4 as it is, IPv6 by its /64, because one host owns all of a /64 (RFC 4291 §2.5.4).</summary>
    public static RolloutKey ClientAddress { get; } = new(nameof(ClientAddress));

    /// <summary>Nothing: each request is drawn by itself.</summary>
    public static RolloutKey None { get; } = new(nameof(None));

    /// <summary>The header whose value is the key; <see langword="null"/> for other keys.</summary>
    internal string? HeaderName { get; }

    /// <summary>Whether the cookie of the gateway is the key.</summary>
    internal bool IsCookie => ReferenceEquals(this, Consumer) || ReferenceEquals(this, Cookie);

    /// <summary>The value of a header. Requests without exactly one value of 1 to 256 characters have no key.</summary>
    /// <param name="name">The name of the header; case is ignored.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is not a header name (RFC 9110 §5.1).</exception>
    public static RolloutKey Header(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return IsName(name) ? new(HeaderPrefix + name, name) : throw new ArgumentException($"'{name}' is not a header name.", nameof(name));
    }

    /// <summary>Reads a key from the form that <see cref="ToString"/> prints.</summary>
    /// <param name="s">The text; case is ignored.</param>
    /// <param name="provider">Not used.</param>
    /// <exception cref="FormatException">The text names no key; the message lists those there are.</exception>
    public static RolloutKey Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return TryParse(s, provider, out var key)
            ? key
            : throw new FormatException($"'{s}' is not a key. Known are {Consumer}, {Cookie}, {ClientAddress}, {None} and {HeaderPrefix}<name>, such as {HeaderPrefix}X-Tenant.");
    }

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [NotNullWhen(true)] out RolloutKey? result)
    {
        result = s switch
        {
            null => null,
            _ when Is(Consumer) => Consumer,
            _ when Is(Cookie) => Cookie,
            _ when Is(ClientAddress) => ClientAddress,
            _ when Is(None) => None,
            _ when s.StartsWith(HeaderPrefix, StringComparison.OrdinalIgnoreCase) && IsName(s[HeaderPrefix.Length..]) => Header(s[HeaderPrefix.Length..]),
            _ => null,
        };
        return result is not null;

        bool Is(RolloutKey known) => string.Equals(s, known._text, StringComparison.OrdinalIgnoreCase);
    }

    /// <inheritdoc/>
    public bool Equals(RolloutKey? other) => other is not null && string.Equals(_text, other._text, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as RolloutKey);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(_text);

    /// <summary>The form that JSON has, such as <c>Header:X-Tenant</c>.</summary>
    public override string ToString() => _text;

    /// <summary>Whether two keys are the same.</summary>
    public static bool operator ==(RolloutKey? left, RolloutKey? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether two keys differ.</summary>
    public static bool operator !=(RolloutKey? left, RolloutKey? right) => !(left == right);

    // Longer names than 128 characters are typing errors.
    private static bool IsName(string name) => name.Length <= 128 && HttpToken.Is(name);
}
