using System.Diagnostics.CodeAnalysis;
using GatewayKit.Pipeline;

namespace GatewayKit.Throttling;

/// <summary>What shares one allowance of a <see cref="ThrottlePolicy"/>. Immutable, with value equality; case is ignored.</summary>
/// <remarks>In JSON it is a string: <c>ClientAddress</c>, <c>Route</c>, <c>Constant</c> or <c>Header:</c> and the name of a header.</remarks>
public sealed class ThrottlePartition : IParsable<ThrottlePartition>, IEquatable<ThrottlePartition>
{
    private const string HeaderPrefix = "Header:";

    private readonly string _text;

    private ThrottlePartition(string text, string? headerName = null) => (_text, HeaderName) = (text, headerName);

    /// <summary>
    /// An allowance for each client address. An IPv4 address counts as itself, an IPv6 address as its /64, because one host owns all of a /64
    /// (RFC 4291 §2.5.4). Behind a proxy, set up forwarded headers, or all clients are one.
    /// </summary>
    public static ThrottlePartition ClientAddress { get; } = new(nameof(ClientAddress));

    /// <summary>One allowance for each route or endpoint, whoever calls.</summary>
    public static ThrottlePartition Route { get; } = new(nameof(Route));

    /// <summary>One allowance for all endpoints of the host whose policy has the same rate and burst and this partition.</summary>
    public static ThrottlePartition Constant { get; } = new(nameof(Constant));

    /// <summary>The header that tells allowances apart; <see langword="null"/> for other partitions.</summary>
    internal string? HeaderName { get; }

    /// <summary>What clients know a throttle by that has no name: its purpose, not its setting.</summary>
    internal string DefaultName => HeaderName?.ToLowerInvariant() ?? (this == ClientAddress ? "address" : this == Route ? "route" : "shared");

    /// <summary>
    /// An allowance for each value of a header. The value is taken as it comes: use it for headers that a proxy in front sets, or beside a
    /// throttle by <see cref="ClientAddress"/>. Requests without exactly one value of 1 to 256 characters share one allowance.
    /// </summary>
    /// <param name="name">The name of the header; case is ignored.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is not a header name (RFC 9110 §5.1).</exception>
    public static ThrottlePartition Header(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return IsName(name) ? new(HeaderPrefix + name, name) : throw new ArgumentException($"'{name}' is not a header name.", nameof(name));
    }

    /// <summary>Reads a partition from the form that <see cref="ToString"/> prints.</summary>
    /// <param name="s">The text; case is ignored.</param>
    /// <param name="provider">Not used.</param>
    /// <exception cref="FormatException">The text names no partition; the message lists those there are.</exception>
    public static ThrottlePartition Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return TryParse(s, provider, out var partition)
            ? partition
            : throw new FormatException($"'{s}' is not a throttle partition. Known are {ClientAddress}, {Route}, {Constant} and {HeaderPrefix}<name>, such as {HeaderPrefix}X-Tenant.");
    }

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [NotNullWhen(true)] out ThrottlePartition? result)
    {
        result = s switch
        {
            null => null,
            _ when Is(ClientAddress) => ClientAddress,
            _ when Is(Route) => Route,
            _ when Is(Constant) => Constant,
            _ when s.StartsWith(HeaderPrefix, StringComparison.OrdinalIgnoreCase) && IsName(s[HeaderPrefix.Length..]) => Header(s[HeaderPrefix.Length..]),
            _ => null,
        };
        return result is not null;

        bool Is(ThrottlePartition known) => string.Equals(s, known._text, StringComparison.OrdinalIgnoreCase);
    }

    /// <inheritdoc/>
    public bool Equals(ThrottlePartition? other) => other is not null && string.Equals(_text, other._text, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ThrottlePartition);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(_text);

    /// <summary>The form that JSON has, such as <c>Header:X-Tenant</c>.</summary>
    public override string ToString() => _text;

    /// <summary>Whether two partitions are the same.</summary>
    public static bool operator ==(ThrottlePartition? left, ThrottlePartition? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether two partitions differ.</summary>
    public static bool operator !=(ThrottlePartition? left, ThrottlePartition? right) => !(left == right);

    // Longer names than 128 characters are typing errors.
    private static bool IsName(string name) => name.Length <= 128 && HttpToken.Is(name);
}
