using System.Diagnostics.CodeAnalysis;
using GatewayKit.Pipeline;

namespace GatewayKit.Throttling.Quotas;

/// <summary>What a <see cref="QuotaPolicy"/> counts. Immutable, with value equality; case is ignored.</summary>
/// <remarks>
/// In JSON it is a string: <c>Requests</c>, <c>RequestBytes</c>, <c>ResponseBytes</c>, <c>ContentBytes</c> or <c>Cost:</c> and the name of a cost.
/// </remarks>
public sealed class QuotaUnit : IParsable<QuotaUnit>, IEquatable<QuotaUnit>
{
    private const string CostPrefix = "Cost:";

    private readonly string _text;

    private QuotaUnit(string text, string? costName = null) => (_text, CostName) = (text, costName);

    /// <summary>Requests, each as many as <see cref="QuotaPolicy.Cost"/> says.</summary>
    public static QuotaUnit Requests { get; } = new(nameof(Requests));

    /// <summary>Bytes of the content of requests.</summary>
    public static QuotaUnit RequestBytes { get; } = new(nameof(RequestBytes));

    /// <summary>Bytes of the content of answers.</summary>
    public static QuotaUnit ResponseBytes { get; } = new(nameof(ResponseBytes));

    /// <summary>Bytes of the content of requests and answers.</summary>
    public static QuotaUnit ContentBytes { get; } = new(nameof(ContentBytes));

    /// <summary>The name of a cost; <see langword="null"/> for other units.</summary>
    internal string? CostName { get; }

    internal bool CountsRequestBytes => this == RequestBytes || this == ContentBytes;

    internal bool CountsResponseBytes => this == ResponseBytes || this == ContentBytes;

    internal bool CountsBytes => CountsRequestBytes || CountsResponseBytes;

    /// <summary>
    /// Something else that requests use, such as tokens or rows: <see cref="QuotaPolicy.Cost"/> is reserved, and what
    /// <see cref="Microsoft.AspNetCore.Http.QuotaHttpContextExtensions.ReportCost"/> or the field <see cref="QuotaPolicy.CostHeader"/> of the answer says is settled.
    /// </summary>
    /// <param name="name">Its name, a token of at most 64 characters; case is ignored.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is not of that form.</exception>
    public static QuotaUnit Cost(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return IsCostName(name) ? new(CostPrefix + name, name) : throw new ArgumentException($"'{name}' is not a token of at most 64 characters.", nameof(name));
    }

    /// <summary>Reads a unit from the form that <see cref="ToString"/> prints.</summary>
    /// <param name="s">The text; case is ignored.</param>
    /// <param name="provider">Not used.</param>
    /// <exception cref="FormatException">The text names no unit; the message lists those there are.</exception>
    public static QuotaUnit Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return TryParse(s, provider, out var unit)
            ? unit
            : throw new FormatException($"'{s}' is not a unit of quotas. Known are {Requests}, {RequestBytes}, {ResponseBytes}, {ContentBytes} and {CostPrefix}<name>, such as {CostPrefix}tokens.");
    }

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [NotNullWhen(true)] out QuotaUnit? result)
    {
        result = s switch
        {
            null => null,
            _ when Is(Requests) => Requests,
            _ when Is(RequestBytes) => RequestBytes,
            _ when Is(ResponseBytes) => ResponseBytes,
            _ when Is(ContentBytes) => ContentBytes,
            _ when s.StartsWith(CostPrefix, StringComparison.OrdinalIgnoreCase) && IsCostName(s[CostPrefix.Length..]) => Cost(s[CostPrefix.Length..]),
            _ => null,
        };
        return result is not null;

        bool Is(QuotaUnit known) => string.Equals(s, known._text, StringComparison.OrdinalIgnoreCase);
    }

    /// <inheritdoc/>
    public bool Equals(QuotaUnit? other) => other is not null && string.Equals(_text, other._text, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as QuotaUnit);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(_text);

    /// <summary>The form that JSON has, such as <c>Cost:tokens</c>.</summary>
    public override string ToString() => _text;

    /// <summary>Whether two units are the same.</summary>
    public static bool operator ==(QuotaUnit? left, QuotaUnit? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether two units differ.</summary>
    public static bool operator !=(QuotaUnit? left, QuotaUnit? right) => !(left == right);

    /// <summary>Whether a text can be the name of a cost.</summary>
    internal static bool IsCostName(string name) => name.Length <= 64 && HttpToken.Is(name);
}
