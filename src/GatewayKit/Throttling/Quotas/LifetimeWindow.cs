using System.Diagnostics.CodeAnalysis;

namespace GatewayKit.Throttling.Quotas;

/// <summary>All time: what is used never comes back, as with a trial or a prepaid amount.</summary>
public sealed record LifetimeWindow : QuotaWindow
{
    /// <summary>Creates the window.</summary>
    [SetsRequiredMembers]
    public LifetimeWindow() => Lifetime = true;

    /// <summary>Always <see langword="true"/>: what JSON knows the window by.</summary>
    public required bool Lifetime { get; init; }

    internal override string DefaultName => "lifetime";

    internal override TimeSpan NominalLength => TimeSpan.MaxValue;

    internal override string Identity => "lifetime";

    internal override IEnumerable<string> Errors => Lifetime ? [] : ["Lifetime is false, which says nothing. Write true, or another window."];

    /// <inheritdoc/>
    public override QuotaSpan SpanAt(DateTimeOffset instant) => new(DateTimeOffset.MinValue, DateTimeOffset.MaxValue);
}
