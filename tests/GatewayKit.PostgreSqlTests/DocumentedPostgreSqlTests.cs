using GatewayKit.Auditing.Reading;
using GatewayKit.PostgreSql;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace GatewayKit.PostgreSqlTests;

/// <summary>The examples of docs/audit-shipping.md and docs/audit-operations.md.</summary>
public sealed class DocumentedPostgreSqlTests(PostgresServer server)
{
    [Fact]
    public async Task Schema_is_made_and_a_copy_without_anything_in_it_is_intact()
    {
        await using var administrator = NpgsqlDataSource.Create(await server.CreateDatabaseAsync());
        await using (var command = administrator.CreateCommand("CREATE ROLE edge LOGIN"))
        {
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        await new PostgreSqlAuditSchema { Shipper = "edge" }.CreateAsync(administrator);
        var (source, keys) = (administrator, AuditKeys.Create([]));
        var report = await new PostgreSqlAuditCopy(source).VerifyAsync(new() { TrustedKeys = keys });
        Assert.True(report.IsIntact);
    }

    [Fact]
    public void Sink_is_added_once_for_each_name()
    {
        var builder = WebApplication.CreateSlimBuilder();
        var connectionString = "Host=127.0.0.1;Username=gateway;Password=x";
        builder.Services.AddApiGateway().AddPostgreSqlAudit(connectionString);
        Assert.Throws<InvalidOperationException>(() => builder.Services.AddApiGateway().AddPostgreSqlAudit(connectionString));
        Assert.Throws<ArgumentException>(() => builder.Services.AddApiGateway().AddPostgreSqlAudit(connectionString, new PostgreSqlAuditOptions { Name = "other", Schema = "a;b" }));
        Assert.Throws<ArgumentException>(() => builder.Services.AddApiGateway().AddPostgreSqlAudit("Nonsense=1"));
    }

    [Fact]
    public void Anchor_is_added_with_a_name_and_a_schema()
    {
        var builder = WebApplication.CreateSlimBuilder();
        var connectionString = "Host=127.0.0.1;Username=gateway;Password=x";
        builder.Services.AddApiGateway().AddPostgreSqlAuditAnchor(connectionString);
        Assert.Equal("postgresql", Assert.IsType<PostgreSqlAuditAnchor>(builder.Services.BuildServiceProvider().GetRequiredService<GatewayKit.Auditing.IAuditAnchor>()).Name);
        Assert.Throws<ArgumentException>(() => builder.Services.AddApiGateway().AddPostgreSqlAuditAnchor(connectionString, new PostgreSqlAuditAnchorOptions { Schema = "a;b" }));
        Assert.Throws<ArgumentException>(() => builder.Services.AddApiGateway().AddPostgreSqlAuditAnchor(connectionString, new PostgreSqlAuditAnchorOptions { Name = " " }));
        Assert.Throws<ArgumentException>(() => builder.Services.AddApiGateway().AddPostgreSqlAuditAnchor("Nonsense=1"));
    }
}
