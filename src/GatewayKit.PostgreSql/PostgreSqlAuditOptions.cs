using GatewayKit.Auditing.Shipping;

namespace GatewayKit.PostgreSql;

/// <summary>Where in a database the copy of the audit journal is. Immutable.</summary>
public sealed record PostgreSqlAuditOptions
{
    /// <summary>What the sink is called in logs, metrics, files and events. Default <c>postgresql</c>.</summary>
    public string Name { get; init; } = "postgresql";

    /// <summary>The schema that <see cref="PostgreSqlAuditSchema"/> has made: small letters, digits and <c>_</c>. Default <c>gatewaykit_audit</c>.</summary>
    public string Schema { get; init; } = PostgreSqlAuditSchema.DefaultSchema;

    /// <summary>How the sink is served: batches, time-outs, whether segments are kept until it has them.</summary>
    public AuditSinkOptions Sink { get; init; } = new();
}
