using GatewayKit.Configuration;
using GatewayKit.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace GatewayKit;

/// <summary>Keeps the consumers of a gateway in a database.</summary>
public static class GatewayEntityFrameworkBuilderExtensions
{
    /// <summary>
    /// Keeps consumers in the database of a context of the host, whose model has their tables: <see cref="GatewayConsumersModelBuilderExtensions.UseGatewayConsumers"/>. The host registers the context, by a
    /// factory or otherwise, and migrates its database. Calling it again is harmless.
    /// </summary>
    /// <typeparam name="TContext">The context. Each look-up has one of its own.</typeparam>
    /// <param name="builder">What <c>AddApiGateway()</c> returned.</param>
    public static GatewayBuilder AddEntityFrameworkConsumers<TContext>(this GatewayBuilder builder)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(static provider => new ContextSource<TContext>(provider.GetRequiredService<IServiceScopeFactory>()));
        services.TryAddSingleton(static provider => new ConsumerForm(
            provider.GetRequiredService<GatewayConfigurationWriter>(), provider.GetRequiredService<GatewayConfigurationReader>()));
        services.TryAddSingleton<ConsumerWriting>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, ModelCheck<TContext>>());
        return builder.AddConsumerStore<EntityFrameworkConsumerStore<TContext>>();
    }

    /// <summary>
    /// Keeps consumers in a database that has nothing else of the host's: a file of SQLite, or a database of a server. Its tables are made and migrated when the host starts; a server that is away then
    /// is tried again until it is there, and requests with keys are answered 503 <c>auth-unavailable</c> meanwhile.
    /// </summary>
    /// <param name="builder">What <c>AddApiGateway()</c> returned.</param>
    /// <param name="configure">Which database, such as <c>options => options.UseSqlite("Data Source=consumers.db")</c>.</param>
    public static GatewayBuilder AddEntityFrameworkConsumers(this GatewayBuilder builder, Action<DbContextOptionsBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        builder.Services.AddPooledDbContextFactory<GatewayConsumersDbContext>(options =>
        {
            configure(options);
            NameHistory(options);
        });
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, ConsumerMigration>());
        return builder.AddEntityFrameworkConsumers<GatewayConsumersDbContext>();
    }

    // In a database that the host's own context shares, each has its own history.
    private static void NameHistory(DbContextOptionsBuilder options)
    {
        if (options.Options.Extensions.OfType<RelationalOptionsExtension>().FirstOrDefault() is { MigrationsHistoryTableName: null } relational)
        {
            ((IDbContextOptionsBuilderInfrastructure)options).AddOrUpdateExtension(relational.WithMigrationsHistoryTableName("__GatewayConsumersMigrations"));
        }
    }
}
