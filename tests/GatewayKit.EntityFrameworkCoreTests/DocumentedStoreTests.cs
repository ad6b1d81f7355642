using GatewayKit.EntityFrameworkCoreTests.Hosting;
using GatewayKit.Identity.Consumers;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.EntityFrameworkCoreTests;

/// <summary>The code that docs/consumer-stores.md shows.</summary>
public sealed class DocumentedStoreTests(PostgresServer server)
{
    [Theory]
    [InlineData("file")]
    [InlineData("server")]
    [InlineData("context")]
    public async Task Examples_start_and_write(string example)
    {
        var builder = WebApplication.CreateSlimBuilder();
        var connection = await server.CreateDatabaseAsync();
        builder.Configuration.AddInMemoryCollection([new("urls", "http://127.0.0.1:0"), new("ConnectionStrings:Consumers", connection)]);
        using var file = new SqliteFile();
        switch (example)
        {
            case "file":
                AddFile(builder);
                builder.Services.ConfigureDbContext<EntityFrameworkCore.GatewayConsumersDbContext>(file.Use);
                break;
            case "server":
                AddServer(builder);
                break;
            default:
                AddContext(builder);
                builder.Services.ConfigureDbContext<ShopContext>(file.Use);
                break;
        }

        await using var app = builder.Build();
        if (app.Services.GetService<IDbContextFactory<ShopContext>>() is { } factory)
        {
            await using var context = await factory.CreateDbContextAsync();
            await context.Database.EnsureCreatedAsync();
        }

        await app.StartAsync();
        Assert.Equal(ConsumerWriteStatus.Written, (await WriteAsync(app.Services, default)).Status);
        Assert.Equal(ConsumerWriteStatus.Written, (await WriteAsync(app.Services, default)).Status);
        await app.StopAsync();
        Assert.False(File.Exists("consumers.db") || File.Exists("shop.db"));
    }

    private static void AddFile(WebApplicationBuilder builder) =>
        builder.Services.AddApiGateway().AddEntityFrameworkConsumers(options => options.UseSqlite("Data Source=consumers.db"));

    private static void AddServer(WebApplicationBuilder builder) =>
        builder.Services.AddApiGateway().AddEntityFrameworkConsumers(options => options.UseNpgsql(builder.Configuration.GetConnectionString("Consumers")));

    private static void AddContext(WebApplicationBuilder builder)
    {
        builder.Services.AddDbContextFactory<ShopContext>(options => options.UseSqlite("Data Source=shop.db"));
        builder.Services.AddApiGateway().AddEntityFrameworkConsumers<ShopContext>();
    }

    private static async Task<ConsumerWrite> WriteAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var store = services.GetServices<IConsumerStore>().OfType<IConsumerRepository>().First();
        var known = await store.GetAsync("acme", cancellationToken);
        var write = known is null
            ? await store.CreateAsync(new Consumer { Id = "acme", Plan = "gold" }, cancellationToken)
            : await store.UpdateAsync(known.Consumer with { State = ConsumerState.Suspended }, known.Version, cancellationToken);
        return write;
    }

    public sealed class ShopContext(DbContextOptions<ShopContext> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.UseGatewayConsumers();
    }
}
