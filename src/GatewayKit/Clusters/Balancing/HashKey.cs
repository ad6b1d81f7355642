using System.Diagnostics.CodeAnalysis;
using GatewayKit.Pipeline;

namespace GatewayKit.Clusters.Balancing;

/// <summary>What part of a request decides which destination it belongs to. Immutable, with value equality; case is ignored.</summary>
/// <remarks>
/// In JSON it is a string: <c>ClientAddress</c>, <c>Path</c>, <c>Header:</c>, <c>Cookie:</c>, <c>Query:</c> or <c>RouteValue:</c> and a name.
/// </remarks>
public sealed class HashKey : IParsable<HashKey>, IEquatable<HashKey>
{
    private static readonly string[] Prefixes = ["Header:", "Cookie:", "Query:", "RouteValue:"];

    private readonly string _text;

    private HashKey(string text, HashKeyKind kind, string name = "") => (_text, Kind, Name) = (text, kind, name);

    /// <summary>The client's address; an IPv6 address as its /64, because one host owns all of a /64 (RFC 4291 §2.5.4).</summary>
    public static HashKey ClientAddress { get; } = new(nameof(ClientAddress), HashKeyKind.ClientAddress);

    /// <summary>The path, with its case.</summary>
    public static HashKey Path { get; } = new(nameof(Path), HashKeyKind.Path);

    internal HashKeyKind Kind { get; }

    internal string Name { get; }

    /// <summary>The value of a header, if there is exactly one.</summary>
    /// <param name="name">The name of the header; case is ignored.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is not a header name (RFC 9110 §5.1).</exception>
    public static HashKey Header(string name) => Named(HashKeyKind.Header, name);

    /// <summary>The value of a cookie.</summary>
    /// <param name="name">The name of the cookie.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is not a cookie name (RFC 6265 §4.1.1).</exception>
    public static HashKey Cookie(string name) => Named(HashKeyKind.Cookie, name);

    /// <summary>The first value of a query parameter.</summary>
    /// <param name="name">The name of the parameter; case is ignored.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty or longer than 128 characters.</exception>
    public static HashKey Query(string name) => Named(HashKeyKind.Query, name);

    /// <summary>The value of a parameter of the route's path, such as <c>id</c> of <c>/orders/{id}</c>.</summary>
    /// <param name="name">The name of the parameter; case is ignored.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty or longer than 128 characters.</exception>
    public static HashKey RouteValue(string name) => Named(HashKeyKind.RouteValue, name);

    /// <summary>Reads a key from the form that <see cref="ToString"/> prints.</summary>
    /// <param name="s">The text; case is ignored.</param>
    /// <param name="provider">Not used.</param>
    /// <exception cref="FormatException">The text names no key; the message lists those there are.</exception>
    public static HashKey Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return TryParse(s, provider, out var key)
            ? key
            : throw new FormatException($"'{s}' is not a hash key. Known are {ClientAddress}, {Path}, {string.Join("<name>, ", Prefixes)}<name>, such as {Prefixes[0]}X-Tenant.");
    }

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [NotNullWhen(true)] out HashKey? result)
    {
        result = s is null ? null : Is(ClientAddress) ? ClientAddress : Is(Path) ? Path : null;
        for (var i = 0; i < Prefixes.Length && result is null && s is not null; i++)
        {
            var kind = HashKeyKind.Header + i;
            if (s.StartsWith(Prefixes[i], StringComparison.OrdinalIgnoreCase) && IsName(kind, s[Prefixes[i].Length..]))
            {
                result = Named(kind, s[Prefixes[i].Length..]);
            }
        }

        return result is not null;

        bool Is(HashKey known) => string.Equals(s, known._text, StringComparison.OrdinalIgnoreCase);
    }

    /// <inheritdoc/>
    public bool Equals(HashKey? other) => other is not null && string.Equals(_text, other._text, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as HashKey);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(_text);

    /// <summary>The form that JSON has, such as <c>Header:X-Tenant</c>.</summary>
    public override string ToString() => _text;

    /// <summary>Whether two keys are the same.</summary>
    public static bool operator ==(HashKey? left, HashKey? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether two keys differ.</summary>
    public static bool operator !=(HashKey? left, HashKey? right) => !(left == right);

    private static HashKey Named(HashKeyKind kind, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return IsName(kind, name)
            ? new(Prefixes[kind - HashKeyKind.Header] + name, kind, name)
            : throw new ArgumentException($"'{name}' is not a name for {Prefixes[kind - HashKeyKind.Header]}<name>.", nameof(name));
    }

    // Names of headers and cookies are tokens. Longer ones than 128 characters are typing errors.
    private static bool IsName(HashKeyKind kind, string name) =>
        name.Length is > 0 and <= 128 && (kind is HashKeyKind.Query or HashKeyKind.RouteValue || HttpToken.Is(name));
}
