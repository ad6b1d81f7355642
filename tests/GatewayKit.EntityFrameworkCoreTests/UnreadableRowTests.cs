using GatewayKit.EntityFrameworkCore;
using GatewayKit.EntityFrameworkCore.Rows;
using GatewayKit.EntityFrameworkCoreTests.Hosting;
using GatewayKit.Identity.Consumers;
using Microsoft.EntityFrameworkCore;

namespace GatewayKit.EntityFrameworkCoreTests;

/// <summary>Rows that somebody has changed by hand: they hide nobody else, and open nothing.</summary>
public sealed class UnreadableRowTests(PostgresServer server) : Databases(server)
{
    public static TheoryData<Kind, string, string> Rows
    {
        get
        {
            var all = new TheoryData<Kind, string, string>();
            foreach (var kind in Enum.GetValues<Kind>())
            {
                foreach (var (table, change) in ((string, string)[])
                [
                    ("GatewayKeys", "\"Limits\" = '{\"Trottle\":{}}'"),
                    ("GatewayKeys", "\"Limits\" = '{}'"),
                    ("GatewayKeys", "\"Scopes\" = 'null'"),
                    ("GatewayKeys", "\"Scopes\" = '[null]'"),
                    ("GatewayKeys", "\"Scopes\" = 'all'"),
                    ("GatewayConsumers", "\"State\" = 'Asleep'"),
                    ("GatewayConsumers", "\"State\" = '0'"),
                    ("GatewayConsumers", "\"Metadata\" = '[]'"),
                    ("GatewaySigningKeys", "\"Algorithm\" = '0'"),
                    ("GatewaySigningKeys", "\"Secret\" = 'the secret itself'"),
                    ("GatewaySubscriptions", "\"State\" = 'Perhaps'"),
                ])
                {
                    all.Add(kind, table, change);
                }
            }

            // PostgreSQL keeps nothing of the kind.
            all.Add(Kind.Sqlite, "GatewayKeys", "\"ExpiresAt\" = 'never'");
            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Row_that_says_nonsense_hides_nobody_else_and_opens_nothing(Kind kind, string table, string change)
    {
        await using var host = await StoreHost.StartAsync(await OpenAsync(kind));
        foreach (var id in (string[])["a", "bad", "c", "d"])
        {
            await host.Store.CreateAsync(ConsumerRepositoryConformance.Full(id), default);
        }

        var owner = table == "GatewayConsumers" ? "Id" : "ConsumerId";
        await host.InContextAsync(async context =>
        {
            // By hand, past all that the model knows.
            await context.Database.OpenConnectionAsync();
            await using var command = context.Database.GetDbConnection().CreateCommand();
            command.CommandText = $"UPDATE \"{table}\" SET {change} WHERE \"{owner}\" = 'bad'";
            Assert.NotEqual(0, await command.ExecuteNonQueryAsync());
            return 0;
        });

        // Full pages, so that nobody takes a short one for the last.
        var first = await host.Store.ListAsync(null, 2, default);
        Assert.Equal(["a", "c"], first.Select(static one => one.Consumer.Id));
        Assert.Equal(["d"], (await host.Store.ListAsync("c", 2, default)).Select(static one => one.Consumer.Id));
        Assert.All(first, static one => Assert.Equal(ConsumerRepositoryConformance.Full(one.Consumer.Id), one.Consumer));
        Assert.Contains(EventIds.ConsumerUnreadable, host.Log.Events);
        Assert.Contains("'bad'", $"{host.Log}", StringComparison.Ordinal);

        foreach (var (credential, name) in ((CredentialKind, string)[])[(CredentialKind.ApiKey, "badKey1"), (CredentialKind.SigningKey, "bad-hmac"), (CredentialKind.Identity, "bad-shop")])
        {
            var error = await Assert.ThrowsAnyAsync<Exception>(async () => await host.Store.FindAsync(credential, name, default));
            Assert.DoesNotContain("the secret itself", $"{error}", StringComparison.Ordinal);
        }

        Assert.NotNull(await host.Store.FindAsync(CredentialKind.ApiKey, "aKey1", default));
    }

    [Fact]
    public async Task Page_goes_on_behind_those_who_cannot_be_read()
    {
        await using var host = await StoreHost.StartAsync(await OpenAsync(Kind.Sqlite));
        for (var number = 0; number < 10; number++)
        {
            await host.Store.CreateAsync(new() { Id = $"{number}" }, default);
        }

        await host.InContextAsync(static context => context.Set<ConsumerRow>().Where(static row => row.Id != "9").ExecuteUpdateAsync(static set => set.SetProperty(static row => row.State, "?")));
        Assert.Equal("9", Assert.Single(await host.Store.ListAsync(null, 2, default)).Consumer.Id);
        Assert.Empty(await host.Store.ListAsync("9", 2, default));
    }
}
