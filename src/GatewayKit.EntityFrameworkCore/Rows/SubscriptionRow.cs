namespace GatewayKit.EntityFrameworkCore.Rows;

/// <summary>A subscription of a consumer or one of its applications.</summary>
internal sealed class SubscriptionRow
{
    public required string ConsumerId { get; set; }

    /// <summary>Empty for the consumer's own.</summary>
    public required string ApplicationId { get; set; }

    public required string ProductId { get; set; }

    /// <summary>Its place among those of the same holder.</summary>
    public int Ordinal { get; set; }

    public required string PlanId { get; set; }

    public required string State { get; set; }

    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary>Limits of its own, as in a configuration.</summary>
    public string? Limits { get; set; }
}
