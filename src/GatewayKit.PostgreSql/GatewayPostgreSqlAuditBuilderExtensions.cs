using GatewayKit.PostgreSql;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace GatewayKit;

/// <summary>Keeps a copy of the audit journal in PostgreSQL.</summary>
public static class GatewayPostgreSqlAuditBuilderExtensions
{
    /// <summary>
    /// Sends a copy of the audit journal to the tables of <see cref="PostgreSqlAuditSchema"/>, with the defaults of <see cref="PostgreSqlAuditOptions"/>.
    /// </summary>
    /// <param name="builder">What <c>AddApiGateway()</c> returned.</param>
    /// <param name="connectionString">Where the database is, with the role that is <see cref="PostgreSqlAuditSchema.Shipper"/>. One connection is used.</param>
    /// <exception cref="ArgumentException">The connection string is none.</exception>
    /// <exception cref="InvalidOperationException">Another sink has the name.</exception>
    public static GatewayBuilder AddPostgreSqlAudit(this GatewayBuilder builder, string connectionString) => builder.AddPostgreSqlAudit(connectionString, options: null);

    /// <summary>
    /// Sends a copy of the audit journal to the tables of <see cref="PostgreSqlAuditSchema"/>. The host starts whether the database is there or not, and whether it is well is no matter of requests.
    /// </summary>
    /// <param name="builder">What <c>AddApiGateway()</c> returned.</param>
    /// <param name="connectionString">Where the database is, with the role that is <see cref="PostgreSqlAuditSchema.Shipper"/>. One connection is used.</param>
    /// <param name="options">Where in it. <see langword="null"/>: the defaults of <see cref="PostgreSqlAuditOptions"/>.</param>
    /// <exception cref="ArgumentException">The connection string or an option is none.</exception>
    /// <exception cref="InvalidOperationException">Another sink has the name.</exception>
    public static GatewayBuilder AddPostgreSqlAudit(this GatewayBuilder builder, string connectionString, PostgreSqlAuditOptions? options)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        _ = new NpgsqlConnectionStringBuilder(connectionString);
        return Add(builder, options, () => (NpgsqlDataSource.Create(connectionString), true));
    }

    /// <summary>
    /// Sends a copy of the audit journal to the tables of <see cref="PostgreSqlAuditSchema"/>. The host starts whether the database is there or not, and whether it is well is no matter of requests.
    /// </summary>
    /// <param name="builder">What <c>AddApiGateway()</c> returned.</param>
    /// <param name="dataSource">Gives connections of the role that is <see cref="PostgreSqlAuditSchema.Shipper"/>; one is used. It stays the host's.</param>
    /// <param name="options">Where in it. <see langword="null"/>: the defaults of <see cref="PostgreSqlAuditOptions"/>.</param>
    /// <exception cref="ArgumentException">An option is none.</exception>
    /// <exception cref="InvalidOperationException">Another sink has the name.</exception>
    public static GatewayBuilder AddPostgreSqlAudit(this GatewayBuilder builder, NpgsqlDataSource dataSource, PostgreSqlAuditOptions? options)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        return Add(builder, options, () => (dataSource, false));
    }

    private static GatewayBuilder Add(GatewayBuilder builder, PostgreSqlAuditOptions? options, Func<(NpgsqlDataSource Source, bool IsOwn)> open)
    {
        ArgumentNullException.ThrowIfNull(builder);
        options ??= new();
        var schema = Identifiers.Check(options.Schema, nameof(options.Schema));
        builder.AddAuditSink(options.Name, services => services.GetRequiredKeyedService<PostgreSqlAuditSink>(options.Name), options.Sink);
        builder.Services.AddKeyedSingleton(options.Name, (services, _) =>
        {
            var (source, isOwn) = open();
            return new PostgreSqlAuditSink(source, schema, isOwn, services.GetService<TimeProvider>());
        });
        return builder;
    }
}
