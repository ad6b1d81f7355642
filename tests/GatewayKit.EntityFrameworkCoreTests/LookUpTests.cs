using GatewayKit.EntityFrameworkCore.Rows;
using GatewayKit.EntityFrameworkCoreTests.Hosting;
using GatewayKit.Identity.Consumers;
using Microsoft.EntityFrameworkCore;

namespace GatewayKit.EntityFrameworkCoreTests;

public sealed class LookUpTests(PostgresServer server) : Databases(server)
{
    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Look_up_is_one_command_with_a_row_for_each_part(Kind kind)
    {
        var log = new CommandLog();
        var use = await OpenAsync(kind);
        await using var host = await StoreHost.StartAsync(options =>
        {
            use(options);
            options.AddInterceptors(log);
        });
        var store = host.Store;
        await store.CreateAsync(ConsumerRepositoryConformance.Full("acme"), default);
        log.Clear();

        Assert.NotNull(await store.FindAsync(CredentialKind.ApiKey, "acmeKey2", default));
        Assert.Equal(5, Assert.Single(log.Commands).Split("UNION ALL").Length - 1);
        log.Clear();
        Assert.NotNull(await store.FindAsync(CredentialKind.Identity, "acme-shop", default));
        Assert.Single(log.Commands);
        log.Clear();
        Assert.NotNull(await store.FindAsync(CredentialKind.SigningKey, "acme-hmac", default));
        Assert.Single(log.Commands);
        log.Clear();
        Assert.Null(await store.FindAsync(CredentialKind.ApiKey, "nobody00", default));
        Assert.Single(log.Commands);
        log.Clear();
        await store.ReadChangesAsync((await store.ReadChangesAsync(null, default)).Cursor, default);
        Assert.Equal(2, log.Commands.Count);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Limit_that_the_host_does_not_know_lets_nobody_in(Kind kind)
    {
        await using var host = await StoreHost.StartAsync(await OpenAsync(kind));
        await host.Store.CreateAsync(ConsumerRepositoryConformance.Full("acme"), default);
        await host.InContextAsync(static context => context.Set<KeyRow>().Where(static row => row.Limits != null).ExecuteUpdateAsync(static set => set.SetProperty(static row => row.Limits, """{"Trottle":{}}""")));

        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await host.Store.FindAsync(CredentialKind.ApiKey, "acmeKey1", default));
        Assert.Contains("'acme'", error.Message, StringComparison.Ordinal);
        Assert.Contains("Did you mean 'Throttle'?", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Database_shows_hashes_only_and_logs_show_neither_them_nor_its_password(Kind kind)
    {
        await using var host = await StoreHost.StartAsync(await OpenAsync(kind));
        await host.Store.CreateAsync(ConsumerRepositoryConformance.Full("acme"), default);
        await host.Store.FindAsync(CredentialKind.ApiKey, "acmeKey1", default);

        Assert.DoesNotContain(PostgresServer.Password, $"{host.Log}", StringComparison.Ordinal);
        Assert.DoesNotContain("abcdefghijklmnopqrstuvwxyz", $"{host.Log}", StringComparison.Ordinal);
    }
}
