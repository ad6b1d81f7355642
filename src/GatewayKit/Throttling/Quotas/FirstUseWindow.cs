using System.Globalization;

namespace GatewayKit.Throttling.Quotas;

/// <summary>A while that starts with the first request; the first one after its end starts the next.</summary>
/// <param name="FirstUse">Its length, 1 second to 366 days.</param>
public sealed record FirstUseWindow(TimeSpan FirstUse) : QuotaWindow
{
    internal static readonly TimeSpan MinLength = TimeSpan.FromSeconds(1);
    internal static readonly TimeSpan MaxLength = TimeSpan.FromDays(366);

    internal override string DefaultName => "first-use";

    internal override TimeSpan NominalLength => FirstUse;

    internal override string Identity => string.Create(CultureInfo.InvariantCulture, $"first-use {FirstUse:c}");

    internal override IEnumerable<string> Errors => FirstUse < MinLength || FirstUse > MaxLength ? [OutOfRange(nameof(FirstUse), FirstUse)] : [];

    /// <inheritdoc/>
    public override QuotaSpan SpanAt(DateTimeOffset instant) => new(instant.ToUniversalTime(), instant.ToUniversalTime() + FirstUse);

    internal static string OutOfRange(string name, TimeSpan length) =>
        string.Create(CultureInfo.InvariantCulture, $"{name} is {length:c}; it must be from {MinLength:c} to {MaxLength:c}.");
}
