using GatewayKit.EntityFrameworkCore;
using GatewayKit.EntityFrameworkCoreTests.Hosting;
using GatewayKit.Identity.Consumers;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.EntityFrameworkCoreTests;

/// <summary>The tables, in a database of the gateway's and in the model of a host.</summary>
public sealed class ModelTests(PostgresServer server) : Databases(server)
{
    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Migrations_lead_to_the_model(Kind kind)
    {
        await using var host = await StoreHost.StartAsync(await OpenAsync(kind));
        Assert.False(await host.InContextAsync(static context => Task.FromResult(context.Database.HasPendingModelChanges())));
        Assert.Empty(await host.InContextAsync(static async context => (await context.Database.GetPendingMigrationsAsync()).ToArray()));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Database_is_migrated_once_by_several_instances_that_start_together(Kind kind)
    {
        var use = await OpenAsync(kind);
        var hosts = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => StoreHost.StartAsync(use))));
        Assert.Equal(ConsumerWriteStatus.Written, (await hosts[0].Store.CreateAsync(new() { Id = "acme" }, default)).Status);
        Assert.NotNull(await hosts[2].Store.GetAsync("acme", default));
        foreach (var host in hosts)
        {
            await host.DisposeAsync();
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Consumers_of_a_database_from_before_are_there_after_the_upgrade(Kind kind)
    {
        var use = await OpenAsync(kind);
        var services = new ServiceCollection();
        services.AddApiGateway().AddEntityFrameworkConsumers(use);
        await using (var unstarted = services.BuildServiceProvider())
        {
            await using var old = await unstarted.GetRequiredDbContextAsync();
            await old.GetService<IMigrator>().MigrateAsync("20261129000000_Initial", TestContext.Current.CancellationToken);
            await old.Database.ExecuteSqlRawAsync("""INSERT INTO "GatewayConsumers" ("Id", "NormalizedId", "State", "Version") VALUES ('acme', 'ACME', 'Active', 1)""", TestContext.Current.CancellationToken);
        }

        await using var host = await StoreHost.StartAsync(use);
        Assert.Equal(new(new() { Id = "acme" }, "1"), await host.Store.GetAsync("acme", default));
        Assert.Empty(await host.InContextAsync(static async context => (await context.Database.GetPendingMigrationsAsync()).ToArray()));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Context_of_a_host_has_the_tables_beside_its_own(Kind kind)
    {
        var use = await OpenAsync(kind);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddDbContext<ShopContext>(use);
        builder.Services.AddApiGateway().AddEntityFrameworkConsumers<ShopContext>().AddEntityFrameworkConsumers<ShopContext>();
        await using var app = builder.Build();
        await using (var scope = app.Services.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<ShopContext>().Database.EnsureCreatedAsync();
        }

        var store = (IConsumerRepository)Assert.Single(app.Services.GetServices<IConsumerStore>());
        var written = await store.CreateAsync(ConsumerRepositoryConformance.Full("acme"), default);

        Assert.Equal(new(ConsumerRepositoryConformance.Full("acme"), written.Version!), await store.GetAsync("acme", default));
        Assert.Equal("ShopContext", store.Name);
    }

    [Fact]
    public async Task Host_whose_model_lacks_the_tables_does_not_start()
    {
        var error = await StartErrorAsync(static services => services.AddDbContext<EmptyContext>(static options => options.UseSqlite("Data Source=:memory:")));
        Assert.Contains("Call modelBuilder.UseGatewayConsumers() in its OnModelCreating", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Host_that_has_not_registered_its_context_does_not_start()
    {
        var error = await StartErrorAsync(static _ => { });
        Assert.Contains("AddDbContextFactory<EmptyContext>", error.Message, StringComparison.Ordinal);
    }

    private static async Task<Exception> StartErrorAsync(Action<IServiceCollection> configure)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration["urls"] = "http://127.0.0.1:0";
        configure(builder.Services);
        builder.Services.AddApiGateway().AddEntityFrameworkConsumers<EmptyContext>();
        await using var app = builder.Build();
        return await Assert.ThrowsAsync<InvalidOperationException>(() => app.StartAsync());
    }

    public sealed class ShopContext(DbContextOptions<ShopContext> options) : DbContext(options)
    {
        public DbSet<Order> Orders => Set<Order>();

        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.UseGatewayConsumers();
    }

    public sealed class EmptyContext(DbContextOptions<EmptyContext> options) : DbContext(options);

    public sealed class Order
    {
        public int Id { get; set; }
    }
}
