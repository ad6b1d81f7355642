using GatewayKit.Redis;
using GatewayKit.Redis.Quotas;
using GatewayKit.Redis.Rates;
using GatewayKit.Throttling.Quotas;
using GatewayKit.Throttling.Sharing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace GatewayKit;

/// <summary>Lets the instances of a gateway share what they count.</summary>
public static class GatewayRedisBuilderExtensions
{
    /// <summary>
    /// Counts quotas, and rates that ask for it, in the Redis of the <see cref="IConnectionMultiplexer"/> that the host has registered, or of <see cref="RedisOptions"/>. The host starts
    /// whether Redis is there or not. A store of quotas of the host's own stays in place. Calling it again is harmless.
    /// </summary>
    /// <param name="builder">What <c>AddApiGateway()</c> returned.</param>
    public static GatewayBuilder AddRedis(this GatewayBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.AddOptionsWithValidateOnStart<RedisOptions, RedisOptionsValidator>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RedisOptions>, RedisAddressValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<RedisMetrics>();
        services.TryAddSingleton(static provider => new RedisConnection(
            provider.GetRequiredService<IOptions<RedisOptions>>(), () => provider.GetRequiredService<IConnectionMultiplexer>()));
        services.TryAddSingleton<RedisBreaker>();
        services.TryAddSingleton<RedisLink>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, RedisStart>());
        services.TryAddSingleton<IRateStore, RedisRateStore>();
        if (LastStoreOf(services) is var last and >= 0 && IsEmbedded(services[last]))
        {
            services[last] = ServiceDescriptor.Singleton<IQuotaStore, RedisQuotaStore>();
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RedisOptions>, RedisTimeoutValidator>());
        }

        return builder;
    }

    /// <summary>Counts quotas, and rates that ask for it, in Redis.</summary>
    /// <param name="builder">What <c>AddApiGateway()</c> returned.</param>
    /// <param name="connectionString">Where Redis is, as <see cref="RedisOptions.ConnectionString"/>.</param>
    public static GatewayBuilder AddRedis(this GatewayBuilder builder, string connectionString)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        return builder.AddRedis(options => options.ConnectionString = connectionString);
    }

    /// <summary>Counts quotas, and rates that ask for it, in Redis.</summary>
    /// <param name="builder">What <c>AddApiGateway()</c> returned.</param>
    /// <param name="configure">The settings. Several calls add up.</param>
    public static GatewayBuilder AddRedis(this GatewayBuilder builder, Action<RedisOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        builder.AddRedis().Services.Configure(configure);
        return builder;
    }

    /// <summary>Counts quotas, and rates that ask for it, in Redis.</summary>
    /// <param name="builder">What <c>AddApiGateway()</c> returned.</param>
    /// <param name="section">The settings, by the names of the properties of <see cref="RedisOptions"/>. Read at start; a key that is none of them is an error.</param>
    public static GatewayBuilder AddRedis(this GatewayBuilder builder, IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        builder.AddRedis().Services.Configure<RedisOptions>(section, static binder => binder.ErrorOnUnknownConfiguration = true);
        return builder;
    }

    // The one that counts: of several, the last is asked for.
    private static int LastStoreOf(IServiceCollection services)
    {
        var last = services.Count - 1;
        while (last >= 0 && (services[last].IsKeyedService || services[last].ServiceType != typeof(IQuotaStore)))
        {
            last--;
        }

        return last;
    }

    // AddApiGateway() has registered one before that nobody else can name: who has another one wants that.
    private static bool IsEmbedded(ServiceDescriptor store) => store.ImplementationType is { IsPublic: false } type && type.Assembly == typeof(GatewayBuilder).Assembly;
}
