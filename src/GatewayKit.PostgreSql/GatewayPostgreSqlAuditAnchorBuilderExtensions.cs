using GatewayKit.Auditing;
using GatewayKit.PostgreSql;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace GatewayKit;

/// <summary>Tells a database in PostgreSQL how far the audit journal is.</summary>
public static class GatewayPostgreSqlAuditAnchorBuilderExtensions
{
    /// <summary>
    /// Keeps each checkpoint of the audit journal in the tables of <see cref="PostgreSqlAuditSchema"/>, with the defaults of <see cref="PostgreSqlAuditAnchorOptions"/>.
    /// </summary>
    /// <param name="builder">What <c>AddApiGateway()</c> returned.</param>
    /// <param name="connectionString">Where the database is, with a role that may add checkpoints and read them, such as <see cref="PostgreSqlAuditSchema.Shipper"/>.</param>
    /// <exception cref="ArgumentException">The connection string is none.</exception>
    public static GatewayBuilder AddPostgreSqlAuditAnchor(this GatewayBuilder builder, string connectionString) => builder.AddPostgreSqlAuditAnchor(connectionString, options: null);

    /// <summary>
    /// Keeps each checkpoint of the audit journal in the tables of <see cref="PostgreSqlAuditSchema"/>. The host starts whether the database is there or not, and whether it is well is no matter of requests. What a
    /// copy of the journal (<c>AddPostgreSqlAudit()</c>) brings to the same table is there once.
    /// </summary>
    /// <param name="builder">What <c>AddApiGateway()</c> returned.</param>
    /// <param name="connectionString">Where the database is, with a role that may add checkpoints and read them, such as <see cref="PostgreSqlAuditSchema.Shipper"/>.</param>
    /// <param name="options">Where in it. <see langword="null"/>: the defaults of <see cref="PostgreSqlAuditAnchorOptions"/>.</param>
    /// <exception cref="ArgumentException">The connection string or an option is none.</exception>
    public static GatewayBuilder AddPostgreSqlAuditAnchor(this GatewayBuilder builder, string connectionString, PostgreSqlAuditAnchorOptions? options)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        _ = new NpgsqlConnectionStringBuilder(connectionString);
        return Add(builder, options, () => (NpgsqlDataSource.Create(connectionString), true));
    }

    /// <summary>
    /// Keeps each checkpoint of the audit journal in the tables of <see cref="PostgreSqlAuditSchema"/>. The host starts whether the database is there or not, and whether it is well is no matter of requests. What a
    /// copy of the journal (<c>AddPostgreSqlAudit()</c>) brings to the same table is there once.
    /// </summary>
    /// <param name="builder">What <c>AddApiGateway()</c> returned.</param>
    /// <param name="dataSource">Gives connections of a role that may add checkpoints and read them; one is used at a time. It stays the host's.</param>
    /// <param name="options">Where in it. <see langword="null"/>: the defaults of <see cref="PostgreSqlAuditAnchorOptions"/>.</param>
    /// <exception cref="ArgumentException">An option is none.</exception>
    public static GatewayBuilder AddPostgreSqlAuditAnchor(this GatewayBuilder builder, NpgsqlDataSource dataSource, PostgreSqlAuditAnchorOptions? options)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        return Add(builder, options, () => (dataSource, false));
    }

    private static GatewayBuilder Add(GatewayBuilder builder, PostgreSqlAuditAnchorOptions? options, Func<(NpgsqlDataSource Source, bool IsOwn)> open)
    {
        ArgumentNullException.ThrowIfNull(builder);
        options ??= new();
        ArgumentException.ThrowIfNullOrWhiteSpace(options.Name, $"{nameof(options)}.{nameof(options.Name)}");
        var schema = Identifiers.Check(options.Schema, nameof(options.Schema));
        builder.Services.AddSingleton<IAuditAnchor>(_ =>
        {
            var (source, isOwn) = open();
            return new PostgreSqlAuditAnchor(options.Name, source, schema, isOwn);
        });
        return builder;
    }
}
