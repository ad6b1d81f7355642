using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling;

/// <summary>What shares one allowance of a <see cref="ThrottlePolicy"/>. Immutable, with value equality; case and the order of parts are ignored.</summary>
/// <remarks>
/// In JSON it is a string: <c>ClientAddress</c>, <c>Consumer</c>, <c>Route</c>, <c>Constant</c>, <c>Header:</c> and the name of a header, <c>Claim:</c> and the type of a claim, or several of them with
/// <c>+</c> between, such as <c>Header:X-Tenant+ClientAddress</c>.
/// </remarks>
public sealed class ThrottlePartition : IParsable<ThrottlePartition>, IEquatable<ThrottlePartition>, ICallerKey
{
    private const string HeaderPrefix = "Header:";
    private const string ClaimPrefix = "Claim:";
    private const string CodePrefix = "Code:";
    private const char Plus = '+';

    // Each has a value of up to 256 characters, which is hashed on every request.
    private const int MaxParts = 4;

    private readonly string _text;

    private ThrottlePartition(string text, PartitionPart[] parts, bool isRoute = false, bool isConstant = false) =>
        (_text, Parts, IsRoute, IsConstant, MaxBytes) = (text, parts, isRoute, isConstant, parts.Sum(static part => 1 + sizeof(ushort) + part.MaxBytes));

    /// <summary>
    /// An allowance for each client address. An IPv4 address counts as itself, an IPv6 address as its /64, because one host owns all of a /64
    /// (RFC 4291 §2.5.4). Behind a proxy, set up forwarded headers, or all clients are one.
    /// </summary>
    public static ThrottlePartition ClientAddress { get; } = Of(new(PartitionKind.ClientAddress, nameof(ClientAddress)));

    /// <summary>
    /// An allowance for each consumer (<see cref="GatewayContext.Consumer"/>), whatever it calls with. The endpoint needs a policy that finds out who calls; requests whose caller it leaves
    /// open share one allowance.
    /// </summary>
    public static ThrottlePartition Consumer { get; } = Of(new(PartitionKind.Consumer, nameof(Consumer)));

    /// <summary>One allowance for each route or endpoint, whoever calls. Beside others it says what holds without it: each route has allowances of its own.</summary>
    public static ThrottlePartition Route { get; } = new(nameof(Route), [], isRoute: true);

    /// <summary>One allowance for all endpoints of the host whose policy has the same rate and burst and this partition; beside others, one for each of theirs.</summary>
    public static ThrottlePartition Constant { get; } = new(nameof(Constant), [], isConstant: true);

    /// <summary>An allowance for each subscription, on all endpoints together: what the limits of plans go by.</summary>
    internal static ThrottlePartition Subscription { get; } = Combine(Of(new(PartitionKind.Subscription, "Plan")), Constant)!;

    /// <summary>Whether it tells nobody apart unless somebody finds out who calls.</summary>
    internal bool NeedsConsumer => Parts.Any(static part => part.Kind is PartitionKind.Consumer);

    /// <summary>What of a request tells allowances apart, in an order that does not depend on how it was written; empty if all requests share one.</summary>
    internal PartitionPart[] Parts { get; }

    /// <summary>Whether nothing but who is calling tells allowances apart.</summary>
    internal bool IsOfConsumerAlone => Parts is [{ Kind: PartitionKind.Consumer }];

    /// <summary>Whether endpoints share allowances.</summary>
    internal bool IsConstant { get; }

    /// <summary>Whether all is known before identity.</summary>
    internal bool IsOfAddress => Parts is [{ Kind: PartitionKind.ClientAddress }];

    /// <summary>What clients know a throttle by that has no name: its purpose, not its setting.</summary>
    internal string DefaultName => Parts.Length == 0 ? IsConstant ? "shared" : "route" : Shorten(string.Join(Plus, Parts.Select(NameOf)), LimitNames.MaxLength);

    /// <summary>What tells it apart from others, also over restarts.</summary>
    internal string Identity => Parts.Length == 0 ? IsConstant ? "CONSTANT" : "ROUTE" : string.Join(Plus, Parts.Select(static part => part.Text).Concat(IsConstant ? [nameof(Constant)] : [])).ToUpperInvariant();

    /// <summary>Bytes that <see cref="TryWrite"/> writes at most.</summary>
    internal int MaxBytes { get; }

    /// <summary>Who is in force together, where that is not who is calling.</summary>
    internal ICallerKey? CallerKey => Parts.Length == 0 || IsOfAddress ? null : this;

    int ICallerKey.MaxBytes => MaxBytes;

    private bool IsRoute { get; }

    /// <summary>
    /// An allowance for each value of a header. The value is taken as it comes: use it for headers that a proxy in front sets, or beside a
    /// throttle by <see cref="ClientAddress"/>. Requests without exactly one value of 1 to 256 characters share one allowance.
    /// </summary>
    /// <param name="name">The name of the header, without <c>+</c>; case is ignored.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is not a header name (RFC 9110 §5.1).</exception>
    public static ThrottlePartition Header(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return IsHeader(name) ? Of(new(PartitionKind.Header, HeaderPrefix + name, name)) : throw new ArgumentException($"'{name}' is not a header name.", nameof(name));
    }

    /// <summary>
    /// An allowance for each value of a claim of the caller: of <see cref="GatewayConsumer.Principal"/>, or, where no consumer is known, of the authenticated
    /// <see cref="HttpContext.User"/>. Callers that are not authenticated, those who were found by something without claims, such as a key, and those without exactly one value of 1 to 256
    /// characters, share one allowance.
    /// </summary>
    /// <param name="type">The type of the claim, such as <c>sub</c>: 1 to 128 printable characters without <c>+</c> and spaces; case is ignored.</param>
    /// <exception cref="ArgumentException"><paramref name="type"/> is not of that form.</exception>
    public static ThrottlePartition Claim(string type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return IsName(type) ? Of(new(PartitionKind.Claim, ClaimPrefix + type, type)) : throw new ArgumentException($"'{type}' is not the type of a claim: 1 to 128 printable ASCII characters without '+' and spaces.", nameof(type));
    }

    /// <summary>
    /// An allowance for each text that a function reads from a request. Requests without one of 1 to 256 characters share one allowance. Two partitions are equal if their names and their
    /// functions are: give a static function, or each reload begins anew.
    /// </summary>
    /// <param name="name">What it is called in telemetry and by default by clients: 1 to 128 printable characters without <c>+</c> and spaces.</param>
    /// <param name="read">The function. It must not block, and must say the same of a request each time.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is not of that form.</exception>
    public static ThrottlePartition From(string name, Func<HttpContext, string?> read)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(read);
        return IsName(name) ? Of(new(PartitionKind.Code, CodePrefix + name, name, read)) : throw new ArgumentException($"'{name}' is no name: 1 to 128 printable ASCII characters without '+' and spaces.", nameof(name));
    }

    /// <summary>An allowance for each combination of what both tell apart.</summary>
    /// <param name="other">The other one. <see cref="Constant"/> makes endpoints share.</param>
    /// <exception cref="ArgumentException">More than four parts, or <see cref="Route"/> and <see cref="Constant"/> at once.</exception>
    public ThrottlePartition And(ThrottlePartition other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Combine(this, other) ?? throw new ArgumentException($"'{_text}' and '{other._text}' do not go together: a partition has at most {MaxParts} parts, and not {Route} beside {Constant}.", nameof(other));
    }

    /// <summary>Reads a partition from the form that <see cref="ToString"/> prints. Functions have none.</summary>
    /// <param name="s">The text; case is ignored.</param>
    /// <param name="provider">Not used.</param>
    /// <exception cref="FormatException">The text names no partition; the message lists those there are.</exception>
    public static ThrottlePartition Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return TryParse(s, provider, out var partition)
            ? partition
            : throw new FormatException(
                $"'{s}' is not a throttle partition. Known are {Consumer}, {ClientAddress}, {Route}, {Constant}, {HeaderPrefix}<name> and {ClaimPrefix}<type>, "
                + $"and up to {MaxParts} of them with {Plus} between, such as {HeaderPrefix}X-Tenant{Plus}{ClientAddress}; not {Route} beside {Constant}.");
    }

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [NotNullWhen(true)] out ThrottlePartition? result)
    {
        result = null;
        foreach (var text in s?.Split(Plus) ?? [])
        {
            if (ParseOne(text) is not { } one || (result = result is null ? one : Combine(result, one)) is null)
            {
                result = null;
                return false;
            }
        }

        return result is not null;
    }

    /// <inheritdoc/>
    public bool Equals(ThrottlePartition? other) => other is not null && IsConstant == other.IsConstant && Parts.Length == other.Parts.Length && Parts.Zip(other.Parts).All(static pair => AreSame(pair.First, pair.Second));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ThrottlePartition);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Identity);

    /// <summary>The form that JSON has, such as <c>Header:X-Tenant</c>.</summary>
    public override string ToString() => _text;

    /// <summary>Whether two partitions are the same.</summary>
    public static bool operator ==(ThrottlePartition? left, ThrottlePartition? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether two partitions differ.</summary>
    public static bool operator !=(ThrottlePartition? left, ThrottlePartition? right) => !(left == right);

    bool ICallerKey.TryWrite(HttpContext httpContext, Span<byte> buffer, out int length) => TryWrite(httpContext, buffer, out length);

    /// <summary>Writes what tells a request apart, so that two requests have the same bytes if all their parts are the same.</summary>
    /// <param name="httpContext">The request.</param>
    /// <param name="buffer">Takes <see cref="MaxBytes"/>.</param>
    /// <param name="length">How many were written.</param>
    /// <returns>Whether all parts are there.</returns>
    internal bool TryWrite(HttpContext httpContext, Span<byte> buffer, out int length)
    {
        length = 0;
        foreach (var part in Parts)
        {
            // Of several parts the lengths are written: "ab" and "c" are not "a" and "bc".
            var head = Parts.Length == 1 ? 1 : 1 + sizeof(ushort);
            buffer[length] = (byte)part.Kind;
            if (!part.TryWrite(httpContext, buffer[(length + head)..], out var written))
            {
                return false;
            }

            if (head > 1)
            {
                BinaryPrimitives.WriteUInt16LittleEndian(buffer[(length + 1)..], (ushort)written);
            }

            length += head + written;
        }

        return true;
    }

    private static ThrottlePartition Of(PartitionPart part) => new(part.Text, [part]);

    private static ThrottlePartition? ParseOne(string text)
    {
        return Is(ClientAddress) ? ClientAddress
            : Is(Consumer) ? Consumer
            : Is(Route) ? Route
            : Is(Constant) ? Constant
            : After(HeaderPrefix) is { } header && IsHeader(header) ? Header(header)
            : After(ClaimPrefix) is { } claim && IsName(claim) ? Claim(claim)
            : null;

        bool Is(ThrottlePartition known) => string.Equals(text, known._text, StringComparison.OrdinalIgnoreCase);

        string? After(string prefix) => text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) ? text[prefix.Length..] : null;
    }

    private static ThrottlePartition? Combine(ThrottlePartition one, ThrottlePartition other)
    {
        var (isRoute, isConstant) = (one.IsRoute || other.IsRoute, one.IsConstant || other.IsConstant);
        var parts = new List<PartitionPart>(one.Parts);
        parts.AddRange(other.Parts.Where(part => !one.Parts.Any(known => AreSame(known, part))));
        parts.Sort(static (left, right) => (left.Kind, right.Kind) switch
        {
            var (first, second) when first != second => first.CompareTo(second),
            _ => StringComparer.OrdinalIgnoreCase.Compare(left.Name, right.Name),
        });
        return parts.Count > MaxParts || (isRoute && isConstant) ? null : new($"{one._text}{Plus}{other._text}", [.. parts], isRoute, isConstant);
    }

    private static bool AreSame(PartitionPart left, PartitionPart right) =>
        left.Kind == right.Kind && string.Equals(left.Name, right.Name, StringComparison.OrdinalIgnoreCase) && left.Function == right.Function;

    // Of a claim's address the last segment: .../identity/claims/nameidentifier.
    private static string NameOf(PartitionPart part) => part.Kind switch
    {
        PartitionKind.ClientAddress => "address",
        PartitionKind.Consumer => "consumer",
        PartitionKind.Subscription => "plan",
        _ => part.Name![(part.Name!.LastIndexOf('/') + 1)..].ToLowerInvariant(),
    };

    private static string Shorten(string name, int length) => name.Length <= length ? name : name[..length];

    // Longer names than 128 characters are typing errors.
    private static bool IsHeader(string name) => IsName(name) && HttpToken.Is(name);

    private static bool IsName(string name) => name.Length is > 0 and <= 128 && !name.AsSpan().ContainsAnyExceptInRange('!', '~') && !name.Contains(Plus, StringComparison.Ordinal) && !name.EndsWith('/');
}
