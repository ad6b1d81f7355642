using GatewayKit.EntityFrameworkCore;
using GatewayKit.EntityFrameworkCore.Rows;
using GatewayKit.Identity.Consumers;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.EntityFrameworkCoreTests.Hosting;

/// <summary>The store of one instance, without a gateway around it.</summary>
internal sealed class StoreHost : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private StoreHost(ServiceProvider services, LogLines log) => (_services, Log) = (services, log);

    public LogLines Log { get; }

    public IServiceProvider Services => _services;

    public IConsumerRepository Store => (IConsumerRepository)_services.GetServices<IConsumerStore>().Single();

    public static async Task<StoreHost> StartAsync(Action<DbContextOptionsBuilder> configure)
    {
        var log = new LogLines();
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Information));
        services.AddApiGateway().AddEntityFrameworkConsumers(configure);
        var host = new StoreHost(services.BuildServiceProvider(validateScopes: true), log);
        await host._services.GetServices<Microsoft.Extensions.Hosting.IHostedService>().OfType<ConsumerMigration>().Single().StartAsync(default);
        Assert.False(log.Events.Contains(EventIds.MigrationFailed), $"{log}");
        return host;
    }

    public async Task<T> InContextAsync<T>(Func<GatewayConsumersDbContext, Task<T>> use)
    {
        await using var context = await _services.GetRequiredService<IDbContextFactory<GatewayConsumersDbContext>>().CreateDbContextAsync();
        return await use(context);
    }

    /// <summary>Fills the log of changes, as writes one after another do.</summary>
    public Task<int> AddChangesAsync(int count) => InContextAsync(async context =>
    {
        var last = await context.Set<ChangeRow>().MaxAsync(static row => (long?)row.Sequence) ?? 0;
        context.AddRange(Enumerable.Range(1, count).Select(number => new ChangeRow { Sequence = last + number, Stamp = Guid.NewGuid(), ConsumerId = $"{number}", At = DateTimeOffset.UnixEpoch }));
        await context.Set<ClockRow>().ExecuteUpdateAsync(set => set.SetProperty(static row => row.Value, last + count));
        return await context.SaveChangesAsync();
    });

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
