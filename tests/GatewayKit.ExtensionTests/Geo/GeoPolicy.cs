using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.ExtensionTests.Geo;

/// <summary>Lets requests through that come from some countries.</summary>
public sealed record GeoPolicy : IGatewayPolicy
{
    /// <summary>ISO 3166-1 codes of two letters; at least one. Requests from elsewhere, and from addresses that no country is known of, are refused.</summary>
    [MinLength(1)]
    public required IReadOnlyList<string> Countries { get; init; }

    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }

    // The address is known before anyone asks who is calling.
    GatewayStage IGatewayPolicy.Stage => GatewayStage.Admit;

    // Records compare lists by reference. A policy compares them by value: an equal one after a reload is no change.
    /// <inheritdoc/>
    public bool Equals(GeoPolicy? other) => other is not null && Mode == other.Mode && Countries.SequenceEqual(other.Countries);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Mode, string.Join(',', Countries));
}
