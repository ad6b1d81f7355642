using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling;

/// <summary>How many units of a rate a request takes. Immutable, with value equality; case is ignored.</summary>
/// <remarks>In JSON it is a whole number, or a string: <c>Header:</c> and the name of a header, or <c>ContentLength</c>.</remarks>
public sealed class RequestCost : IParsable<RequestCost>, IEquatable<RequestCost>
{
    private const string HeaderPrefix = "Header:";
    private const string Code = "(code)";

    private readonly string _text;
    private readonly string? _header;
    private readonly Func<HttpContext, long>? _read;

    private RequestCost(string text, long? fixedUnits = null, string? header = null, Func<HttpContext, long>? read = null) =>
        (_text, Fixed, _header, _read) = (text, fixedUnits, header, read);

    /// <summary>One unit each.</summary>
    public static RequestCost One { get; } = new("1", fixedUnits: 1);

    /// <summary>
    /// The length of its content in bytes as its head tells it, at least 1. Content whose length it does not tell may have any: it takes all that a full allowance holds.
    /// </summary>
    public static RequestCost ContentLength { get; } = new(nameof(ContentLength));

    /// <summary>The units, if all requests cost the same.</summary>
    internal long? Fixed { get; }

    /// <summary>Whether units are bytes of content.</summary>
    internal bool IsBytes => ReferenceEquals(this, ContentLength);

    /// <summary>The same for all requests: a number is a cost.</summary>
    /// <param name="units">Units, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="units"/> is negative.</exception>
    public static implicit operator RequestCost(int units) => Of(units);

    /// <summary>The same for all requests.</summary>
    /// <param name="units">Units, 0 or more. A request that costs 0 only asks: it passes while the allowance is not overdrawn.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="units"/> is negative.</exception>
    public static RequestCost Of(int units)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(units);
        return units == 1 ? One : new(units.ToString(CultureInfo.InvariantCulture), fixedUnits: units);
    }

    /// <summary>
    /// What a header of the request says, as a whole number. Use it for headers that a proxy in front sets: who may set it may ask for less. A request without it costs 1, and so does a value
    /// that is no whole number; of several values, in one line or more, the largest counts.
    /// </summary>
    /// <param name="name">The name of the header; case is ignored.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is not a header name (RFC 9110 §5.1).</exception>
    public static RequestCost Header(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return HttpToken.Is(name) ? new(HeaderPrefix + name, header: name) : throw new ArgumentException($"'{name}' is not a header name.", nameof(name));
    }

    /// <summary>What a function says. It is asked once for each request and limit; less than 0 counts as 1. Two are equal if their functions are.</summary>
    /// <param name="read">The function. It must not block.</param>
    public static RequestCost From(Func<HttpContext, long> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        return new(Code, read: read);
    }

    /// <summary>Reads a cost from the form that <see cref="ToString"/> prints.</summary>
    /// <param name="s">The text; case is ignored.</param>
    /// <param name="provider">Not used.</param>
    /// <exception cref="FormatException">The text names no cost; the message lists those there are.</exception>
    public static RequestCost Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return TryParse(s, provider, out var cost)
            ? cost
            : throw new FormatException($"'{s}' is not the cost of a request. It may be a whole number, {ContentLength} or {HeaderPrefix}<name>, such as {HeaderPrefix}X-Cost.");
    }

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [NotNullWhen(true)] out RequestCost? result)
    {
        result = s switch
        {
            null => null,
            _ when int.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out var units) => Of(units),
            _ when string.Equals(s, ContentLength._text, StringComparison.OrdinalIgnoreCase) => ContentLength,
            _ when s.StartsWith(HeaderPrefix, StringComparison.OrdinalIgnoreCase) && HttpToken.Is(s.AsSpan(HeaderPrefix.Length)) => Header(s[HeaderPrefix.Length..]),
            _ => null,
        };
        return result is not null;
    }

    /// <inheritdoc/>
    public bool Equals(RequestCost? other) => other is not null && string.Equals(_text, other._text, StringComparison.OrdinalIgnoreCase) && _read == other._read;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as RequestCost);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(_text);

    /// <summary>The form that JSON has, such as <c>Header:X-Cost</c>.</summary>
    public override string ToString() => _text;

    /// <summary>Whether two costs are the same.</summary>
    public static bool operator ==(RequestCost? left, RequestCost? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether two costs differ.</summary>
    public static bool operator !=(RequestCost? left, RequestCost? right) => !(left == right);

    /// <summary>The units that a request takes of an allowance; more than it ever holds if the request says so.</summary>
    internal long UnitsOf(HttpContext httpContext, int capacity) =>
        Fixed ?? (_header is not null ? CostField.Largest(httpContext.Request.Headers[_header], unreadable: 1) ?? 1
            : _read is not null ? _read(httpContext) is >= 0 and var units ? units : 1
            : httpContext.Request.ContentLength is { } length ? Math.Max(1, length)
            : BodyDetection.MayHaveBody(httpContext) ? capacity
            : 1);
}
