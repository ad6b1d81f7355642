namespace GatewayKit.EntityFrameworkCore.Rows;

/// <summary>What is kept of an API key.</summary>
internal sealed class KeyRow
{
    /// <summary>The public part; whose it is, is known by it.</summary>
    public required string Id { get; set; }

    public required string ConsumerId { get; set; }

    /// <summary>Empty for the consumer's own.</summary>
    public required string ApplicationId { get; set; }

    /// <summary>Its place among those of the same holder.</summary>
    public int Ordinal { get; set; }

    public required string Hash { get; set; }

    public DateTimeOffset? ExpiresAt { get; set; }

    public bool IsRevoked { get; set; }

    /// <summary>A JSON array of strings.</summary>
    public string? Scopes { get; set; }

    /// <summary>Limits of its own, as in a configuration.</summary>
    public string? Limits { get; set; }
}
