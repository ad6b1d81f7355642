using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.Consumers;

/// <summary>What is kept of an API key: enough to know it again, nothing to make it from. Immutable, with value equality.</summary>
public sealed record ConsumerKey
{
    /// <summary>The public part of the key, 8 letters and digits: what logs and records call it.</summary>
    [Required]
    public required string Id { get; init; }

    /// <summary>SHA-256 of the secret part, in base64url: 43 characters. What <c>--new-key</c> and the admin API print.</summary>
    [Required]
    public required string Hash { get; init; }

    /// <summary>When it stops working. Default never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Whether it was withdrawn. Default no.</summary>
    public bool IsRevoked { get; init; }

    /// <summary>What it is granted; an empty list is nothing. Default <see langword="null"/>: what its application or consumer is.</summary>
    public IReadOnlyList<string>? Scopes { get; init => field = value is null ? null : ValueList<string>.From(value); }

    /// <summary>Limits that hold in place of those of subscription and plan that have the same purpose.</summary>
    public IReadOnlyList<IPlanLimit> Policies { get; init => field = ValueList<IPlanLimit>.From(value); } = ValueList<IPlanLimit>.Empty;

    // What is printed lands in logs: the hash is for those who check keys alone.
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"{nameof(Id)} = {Id}, {nameof(ExpiresAt)} = {ExpiresAt:O}, {nameof(IsRevoked)} = {IsRevoked}");
        return true;
    }
}
