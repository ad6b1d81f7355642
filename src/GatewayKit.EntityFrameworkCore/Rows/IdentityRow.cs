namespace GatewayKit.EntityFrameworkCore.Rows;

/// <summary>What an authentication scheme calls a consumer or one of its applications.</summary>
internal sealed class IdentityRow
{
    public required string Id { get; set; }

    public required string ConsumerId { get; set; }

    /// <summary>Empty for the consumer's own.</summary>
    public required string ApplicationId { get; set; }

    /// <summary>Its place among those of the same holder.</summary>
    public int Ordinal { get; set; }
}
