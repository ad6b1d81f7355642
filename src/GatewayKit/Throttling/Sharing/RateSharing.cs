using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace GatewayKit.Throttling.Sharing;

/// <summary>How the instances of a gateway share a rate. Immutable, with value equality.</summary>
/// <remarks>
/// In JSON it is a string: <c>Local</c>, <c>Synchronous</c>, <c>Asynchronous</c> or <c>Asynchronous:00:00:00.1</c>, <c>Leased</c> or <c>Leased:50</c>; case is ignored.
/// </remarks>
public sealed class RateSharing : IParsable<RateSharing>, IEquatable<RateSharing>
{
    internal static readonly TimeSpan UsualInterval = TimeSpan.FromMilliseconds(500);

    private const char Separator = ':';
    private const int MaxBatch = 1_000_000_000;

    private static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan MaxInterval = TimeSpan.FromMinutes(1);

    private RateSharing(RateSharingMode mode, TimeSpan? interval = null, int? batch = null) => (Mode, GivenInterval, Batch) = (mode, interval, batch);

    /// <summary>Not at all: each instance has the whole rate.</summary>
    public static RateSharing Local { get; } = new(RateSharingMode.Local);

    /// <summary>Each decision is the store's. Never more is admitted than the rate allows, and each request waits for one round trip.</summary>
    public static RateSharing Synchronous { get; } = new(RateSharingMode.Synchronous);

    internal RateSharingMode Mode { get; }

    /// <summary>How long an asynchronous instance decides by what it knows.</summary>
    internal TimeSpan Interval => GivenInterval ?? UsualInterval;

    /// <summary>Units that are taken at once; <see langword="null"/> for a tenth of the burst.</summary>
    internal int? Batch { get; }

    private TimeSpan? GivenInterval { get; }

    /// <summary>
    /// Each decision is made at once by what the instance knows. What it has admitted is told to the store after an interval, and the answer says what the others have. In between they may admit
    /// more together than the rate allows; the log says at start how much.
    /// </summary>
    /// <param name="interval">How often, 10 milliseconds to 1 minute, and not longer than the window of the rate. Default half a second.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="interval"/> is outside its range.</exception>
    public static RateSharing Asynchronous(TimeSpan? interval = null)
    {
        if (interval is { } given)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(given, MinInterval, nameof(interval));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(given, MaxInterval, nameof(interval));
        }

        return new(RateSharingMode.Asynchronous, interval);
    }

    /// <summary>
    /// Units are taken from the store ahead, in batches, and most requests are served from them without a wait. Never more is admitted than the rate allows; what an instance holds and does not
    /// use is lost to the others for a while.
    /// </summary>
    /// <param name="batch">Units that are taken at once, 1 to 1,000,000,000, and not more than the burst of the rate. Default a tenth of the burst, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="batch"/> is outside its range.</exception>
    public static RateSharing Leased(int? batch = null)
    {
        if (batch is { } given)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(given, 1, nameof(batch));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(given, MaxBatch, nameof(batch));
        }

        return new(RateSharingMode.Leased, batch: batch);
    }

    /// <summary>Reads a way from the form that <see cref="ToString"/> prints.</summary>
    /// <param name="s">The text; case is ignored.</param>
    /// <param name="provider">Not used.</param>
    /// <exception cref="FormatException">The text names no way; the message lists those there are.</exception>
    public static RateSharing Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return TryParse(s, provider, out var sharing)
            ? sharing
            : throw new FormatException(
                $"'{s}' is no way to share a rate. There are {Local}, {Synchronous}, {Asynchronous()} or {Asynchronous(TimeSpan.FromMilliseconds(100))} (an interval from {MinInterval:c} to {MaxInterval:c}), "
                + $"and {Leased()} or {Leased(50)} (a batch of at least 1).");
    }

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [NotNullWhen(true)] out RateSharing? result)
    {
        var separator = s?.IndexOf(Separator, StringComparison.Ordinal) ?? -1;
        var argument = separator < 0 ? null : s![(separator + 1)..];
        result = (ModeOf(separator < 0 ? s : s![..separator]), argument) switch
        {
            (RateSharingMode.Local, null) => Local,
            (RateSharingMode.Synchronous, null) => Synchronous,
            (RateSharingMode.Asynchronous, null) => Asynchronous(),
            (RateSharingMode.Asynchronous, { } text) when TryReadInterval(text, out var interval) => Asynchronous(interval),
            (RateSharingMode.Leased, null) => Leased(),
            (RateSharingMode.Leased, { } text) when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var batch) && batch is >= 1 and <= MaxBatch => Leased(batch),
            _ => null,
        };
        return result is not null;
    }

    /// <inheritdoc/>
    public bool Equals(RateSharing? other) => other is not null && Mode == other.Mode && Interval == other.Interval && Batch == other.Batch;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as RateSharing);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Mode, Interval, Batch);

    /// <summary>The form that JSON has, such as <c>Asynchronous:00:00:00.1</c>.</summary>
    public override string ToString() =>
        GivenInterval is { } interval ? $"{Mode}{Separator}{interval:c}" : Batch is { } batch ? string.Create(CultureInfo.InvariantCulture, $"{Mode}{Separator}{batch}") : $"{Mode}";

    /// <summary>Whether two ways are the same.</summary>
    public static bool operator ==(RateSharing? left, RateSharing? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether two ways differ.</summary>
    public static bool operator !=(RateSharing? left, RateSharing? right) => !(left == right);

    // By name alone: a number is no way.
    private static RateSharingMode? ModeOf(string? name) =>
        Enum.GetValues<RateSharingMode>().Cast<RateSharingMode?>().FirstOrDefault(mode => string.Equals(name, $"{mode}", StringComparison.OrdinalIgnoreCase));

    // "1:00" would be an hour.
    private static bool TryReadInterval(string text, out TimeSpan interval)
    {
        interval = default;
        return text.Count(static c => c == Separator) == 2 && TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out interval) && interval >= MinInterval && interval <= MaxInterval;
    }
}
