using GatewayKit.EntityFrameworkCoreTests.Hosting;
using GatewayKit.Identity.Consumers;
using Microsoft.EntityFrameworkCore;

namespace GatewayKit.EntityFrameworkCoreTests;

public sealed class InMemoryConformanceTests : ConsumerRepositoryConformance
{
    public override ValueTask DisposeAsync() => default;

    private protected override Task<IConsumerRepository> OpenAsync() => Task.FromResult<IConsumerRepository>(new InMemoryRepository());

    private protected override async Task AddChangesAsync(int count)
    {
        for (var number = 0; number < count; number++)
        {
            await Store.CreateAsync(new() { Id = $"{number}" }, default);
        }
    }
}

public sealed class SqliteConformanceTests : ConsumerRepositoryConformance
{
    private readonly SqliteFile _file = new();
    private StoreHost? _host;

    public override async ValueTask DisposeAsync()
    {
        await _host!.DisposeAsync();
        _file.Dispose();
    }

    private protected override async Task<IConsumerRepository> OpenAsync() => (_host = await StoreHost.StartAsync(_file.Use)).Store;

    private protected override Task AddChangesAsync(int count) => _host!.AddChangesAsync(count);
}

public sealed class PostgresConformanceTests(PostgresServer server) : ConsumerRepositoryConformance
{
    private StoreHost? _host;

    public override ValueTask DisposeAsync() => _host!.DisposeAsync();

    private protected override async Task<IConsumerRepository> OpenAsync()
    {
        var database = await server.CreateDatabaseAsync();
        return (_host = await StoreHost.StartAsync(options => options.UseNpgsql(database))).Store;
    }

    private protected override Task AddChangesAsync(int count) => _host!.AddChangesAsync(count);
}
