using GatewayKit.Redis;
using GatewayKit.Redis.Quotas;
using GatewayKit.Redis.Rates;
using GatewayKit.Throttling.Quotas;
using GatewayKit.Throttling.Sharing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.RedisTests.Hosting;

/// <summary>One instance of a gateway with Redis.</summary>
internal sealed class RedisHost : IAsyncDisposable
{
    // What the tests of steps wait for is the step, however busy the machine is.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly WebApplication _app;

    private RedisHost(WebApplication app, LogLines log) => (_app, Log) = (app, log);

    public LogLines Log { get; }

    public HttpClient Client => field ??= _app.GetTestClient();

    public IServiceProvider Services => _app.Services;

    public RedisLink Link => Services.GetRequiredService<RedisLink>();

    public IRateStore Rates => Services.GetRequiredService<IRateStore>();

    public RedisRateStore RedisRates => (RedisRateStore)Rates;

    public RedisQuotaStore Quotas => (RedisQuotaStore)Services.GetRequiredService<IQuotaStore>();

    /// <summary>Starts an instance and waits until Redis has answered it.</summary>
    public static async Task<RedisHost> StartAsync(string connectionString, Action<RedisOptions>? configure = null, Action<WebApplicationBuilder>? services = null, Action<WebApplication>? map = null)
    {
        var host = await StartWithoutAsync(connectionString, options =>
        {
            options.Timeout = Patience;
            configure?.Invoke(options);
        }, services, map);
        await host.IsUpAsync();
        return host;
    }

    /// <summary>Starts an instance, whether there is Redis or not.</summary>
    public static async Task<RedisHost> StartWithoutAsync(
        string connectionString, Action<RedisOptions>? configure = null, Action<WebApplicationBuilder>? services = null, Action<WebApplication>? map = null)
    {
        // Nobody is there whom a delay before the end would serve.
        var log = new LogLines();
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Development" });
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Trace);
        builder.Services.Configure<QuotaOptions>(static options => options.StoreTimeout = Patience);
        services?.Invoke(builder);
        builder.Services.AddApiGateway().AddRedis(options =>
        {
            options.ConnectionString = connectionString;
            options.ProbeInterval = TimeSpan.FromMilliseconds(50);
            configure?.Invoke(options);
        });
        var app = builder.Build();
        map?.Invoke(app);
        await app.StartAsync();
        return new(app, log);
    }

    /// <summary>Waits until Redis answers, as requests would find out.</summary>
    public Task IsUpAsync() => Eventually.IsSoAsync(() =>
    {
        Link.Probe();
        return Link.IsUp;
    });

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
