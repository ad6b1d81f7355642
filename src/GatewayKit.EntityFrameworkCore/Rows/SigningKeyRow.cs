namespace GatewayKit.EntityFrameworkCore.Rows;

/// <summary>A key that requests are signed with: a public one, or where a secret is. No secret.</summary>
internal sealed class SigningKeyRow
{
    /// <summary>What signatures call it; whose it is, is known by it.</summary>
    public required string Id { get; set; }

    public required string ConsumerId { get; set; }

    /// <summary>Empty for the consumer's own.</summary>
    public required string ApplicationId { get; set; }

    /// <summary>Its place among those of the same holder.</summary>
    public int Ordinal { get; set; }

    public required string Algorithm { get; set; }

    /// <summary>The public key, in PEM.</summary>
    public string? PublicKey { get; set; }

    /// <summary>The reference to the secret, such as <c>file:/run/secrets/acme</c>: every instance reads it for itself.</summary>
    public string? Secret { get; set; }

    public DateTimeOffset? ExpiresAt { get; set; }

    public bool IsRevoked { get; set; }
}
