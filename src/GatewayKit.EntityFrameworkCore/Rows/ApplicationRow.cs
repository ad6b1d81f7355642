namespace GatewayKit.EntityFrameworkCore.Rows;

/// <summary>An application of a consumer.</summary>
internal sealed class ApplicationRow
{
    public required string ConsumerId { get; set; }

    public required string Id { get; set; }

    /// <summary>Its place among those of the consumer.</summary>
    public int Ordinal { get; set; }

    public required string State { get; set; }

    public string? PlanId { get; set; }

    /// <summary>A JSON array of strings.</summary>
    public string? Scopes { get; set; }
}
