namespace GatewayKit.PostgreSql;

/// <summary>A database that is told of checkpoints of the audit journal. Immutable.</summary>
public sealed record PostgreSqlAuditAnchorOptions
{
    /// <summary>What the anchor is called in logs, metrics and events. Default <c>postgresql</c>.</summary>
    public string Name { get; init; } = "postgresql";

    /// <summary>The schema that has the tables, as <see cref="PostgreSqlAuditSchema.Schema"/>. Default <see cref="PostgreSqlAuditSchema.DefaultSchema"/>.</summary>
    public string Schema { get; init; } = PostgreSqlAuditSchema.DefaultSchema;
}
