namespace GatewayKit.EntityFrameworkCore.Rows;

/// <summary>A consumer itself.</summary>
internal sealed class ConsumerRow
{
    public required string Id { get; set; }

    /// <summary>The id in upper case: ids are told apart without regard to case, on databases that do and that do not.</summary>
    public required string NormalizedId { get; set; }

    public string? DisplayName { get; set; }

    public required string State { get; set; }

    public string? PlanId { get; set; }

    /// <summary>A JSON array of strings.</summary>
    public string? Scopes { get; set; }

    /// <summary>A JSON object of strings.</summary>
    public string? Metadata { get; set; }

    /// <summary>The number of the last change to any of its rows (<see cref="ChangeRow.Sequence"/>).</summary>
    public long Version { get; set; }
}
