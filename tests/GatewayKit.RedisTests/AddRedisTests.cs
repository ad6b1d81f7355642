using GatewayKit.Redis;
using GatewayKit.Redis.Quotas;
using GatewayKit.Redis.Rates;
using GatewayKit.RedisTests.Hosting;
using GatewayKit.Throttling.Quotas;
using GatewayKit.Throttling.Sharing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace GatewayKit.RedisTests;

/// <summary>All that a host writes, and what it is told.</summary>
public sealed class AddRedisTests(RedisServer server) : IClassFixture<RedisServer>
{
    [Fact]
    public async Task Connection_string_is_enough()
    {
        await using var app = await StartAsync(builder => builder.Services.AddApiGateway().AddRedis(server.ConnectionString));
        await IsUsedAsync(app);
    }

    [Fact]
    public async Task Section_has_the_settings()
    {
        await using var app = await StartAsync(builder =>
        {
            builder.Configuration.AddInMemoryCollection([new("Redis:ConnectionString", server.ConnectionString), new("Redis:Timeout", "00:00:00.020"), new("Redis:KeyPrefix", "shop")]);
            builder.Services.AddApiGateway().AddRedis(builder.Configuration.GetSection("Redis"));
        });
        Assert.Equal((TimeSpan.FromMilliseconds(20), "shop"), (OptionsOf(app).Timeout, OptionsOf(app).KeyPrefix));
        await IsUsedAsync(app);
    }

    [Fact]
    public async Task Connection_of_the_host_is_used_and_left_open()
    {
        await using var own = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString);
        await using (var app = await StartAsync(builder =>
        {
            builder.Services.AddSingleton<IConnectionMultiplexer>(_ => own);
            builder.Services.AddApiGateway().AddRedis();
        }))
        {
            await IsUsedAsync(app);
        }

        // The container disposes what it made by a factory, once; the gateway does not.
        await using var second = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString);
        await using (var app = await StartAsync(builder =>
        {
            builder.Services.AddSingleton<IConnectionMultiplexer>(second);
            builder.Services.AddApiGateway().AddRedis();
        }))
        {
            await IsUsedAsync(app);
        }

        Assert.True((await second.GetDatabase().PingAsync()) >= TimeSpan.Zero);
    }

    [Fact]
    public async Task Host_starts_while_its_own_connection_is_still_made()
    {
        var isWanted = new TaskCompletionSource();
        using var mayGoOn = new ManualResetEventSlim();
        await using var app = await StartAsync(builder =>
        {
            builder.Services.AddSingleton<IConnectionMultiplexer>(_ =>
            {
                isWanted.SetResult();
                mayGoOn.Wait();
                return ConnectionMultiplexer.Connect(server.ConnectionString);
            });
            builder.Services.AddApiGateway().AddRedis();
        });
        await isWanted.Task;
        mayGoOn.Set();
        await IsUsedAsync(app);
    }

    [Fact]
    public async Task Store_of_quotas_of_the_hosts_own_stays()
    {
        await using var app = await StartAsync(builder =>
        {
            builder.Services.AddSingleton<IQuotaStore, InMemoryQuotaStore>();
            builder.Services.AddApiGateway().AddRedis(server.ConnectionString);
        });
        Assert.IsType<InMemoryQuotaStore>(app.Services.GetRequiredService<IQuotaStore>());
        Assert.IsType<RedisRateStore>(app.Services.GetRequiredService<IRateStore>());
    }

    [Fact]
    public async Task Store_of_the_hosts_own_stays_that_is_registered_between_the_two()
    {
        await using var app = await StartAsync(builder =>
        {
            var gateway = builder.Services.AddApiGateway();
            builder.Services.AddSingleton<IQuotaStore, InMemoryQuotaStore>();
            builder.Services.AddKeyedSingleton<IQuotaStore, InMemoryQuotaStore>("other");
            gateway.AddRedis(server.ConnectionString);
        });
        Assert.IsType<InMemoryQuotaStore>(app.Services.GetRequiredService<IQuotaStore>());
    }

    // Whether the probe of the start has begun or not.
    [Fact]
    public async Task Connection_does_not_outlive_its_container()
    {
        for (var i = 0; i < 20; i++)
        {
            var connection = new RedisConnection(Options.Create(new RedisOptions { ConnectionString = $"{server.ConnectionString},name=short-lived" }), static () => throw new InvalidOperationException());
            var opening = Task.Run(() => connection.OpenAsync(static () => { }));
            await connection.DisposeAsync();
            await Assert.ThrowsAsync<ObjectDisposedException>(() => connection.OpenAsync(static () => { }));
            await opening.ContinueWith(static _ => { }, TaskScheduler.Default);
        }

        await Eventually.IsSoAsync(async () => (await server.Server.ClientListAsync()).All(static client => client.Name != "short-lived"));
    }

    [Fact]
    public async Task Adding_it_again_adds_settings_and_nothing_else()
    {
        await using var app = await StartAsync(builder =>
        {
            builder.Services.AddApiGateway().AddRedis(server.ConnectionString).AddRedis(static options => options.FailuresToOpen = 7);
            builder.Services.AddApiGateway().AddRedis();
        });
        Assert.Equal((server.ConnectionString, 7), (OptionsOf(app).ConnectionString, OptionsOf(app).FailuresToOpen));
        Assert.IsType<RedisQuotaStore>(Assert.Single(app.Services.GetServices<IQuotaStore>()));
        Assert.Single(app.Services.GetServices<Microsoft.Extensions.Hosting.IHostedService>(), static service => service is RedisStart);
    }

    [Fact]
    public async Task Nowhere_is_an_error_that_says_what_to_write() =>
        Assert.Contains("Nothing says where Redis is. Write AddRedis(\"host:6379\")", await FaultOfAsync(static builder => builder.Services.AddApiGateway().AddRedis()), StringComparison.Ordinal);

    [Theory]
    [InlineData("localhost,pasword=hush")]
    [InlineData("localhost;password=hush")]
    [InlineData("password=hush")]
    public async Task Connection_string_that_cannot_be_read_is_an_error_that_does_not_show_it(string connectionString)
    {
        var fault = await FaultOfAsync(builder => builder.Services.AddApiGateway().AddRedis(connectionString));
        Assert.Contains("ConnectionString cannot be read, or names no host", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Timeout", "00:00:11", "Timeout is 00:00:11; it must be from 00:00:00.0010000 to 00:00:10.")]
    [InlineData("Timeout", "00:00:00.051", "RedisOptions.Timeout is 00:00:00.0510000, and QuotaOptions.StoreTimeout is 00:00:00.0500000.")]
    [InlineData("ProbeInterval", "00:00:00", "ProbeInterval is 00:00:00; it must be from 00:00:00.0100000 to 00:01:00.")]
    [InlineData("FailuresToOpen", "0", "FailuresToOpen must be between 1 and 1000")]
    [InlineData("KeyPrefix", "", "KeyPrefix field is required")]
    [InlineData("KeyPrefix", "a{b}", "KeyPrefix must be 1 to 32 letters")]
    [InlineData("Secret", "short", "Secret must be a string with a minimum length of 32")]
    [InlineData("Time", "00:00:01", "'Time'")]
    public async Task Setting_that_cannot_be_is_an_error_at_start(string key, string value, string expected)
    {
        var fault = await FaultOfAsync(builder =>
        {
            builder.Configuration.AddInMemoryCollection([new("Redis:ConnectionString", server.ConnectionString), new($"Redis:{key}", value)]);
            builder.Services.AddApiGateway().AddRedis(builder.Configuration.GetSection("Redis"));
        });
        Assert.Contains(expected, fault, StringComparison.Ordinal);
    }

    private static async Task<string> FaultOfAsync(Action<WebApplicationBuilder> configure)
    {
        var exception = await Assert.ThrowsAnyAsync<Exception>(async () => await StartAsync(configure));
        Assert.True(exception is OptionsValidationException or InvalidOperationException, $"{exception}");
        return exception.Message;
    }

    private static async Task<WebApplication> StartAsync(Action<WebApplicationBuilder> configure)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Development" });
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        configure(builder);
        var app = builder.Build();
        await app.StartAsync();
        return app;
    }

    private static RedisOptions OptionsOf(WebApplication app) => app.Services.GetRequiredService<IOptions<RedisOptions>>().Value;

    private static Task IsUsedAsync(WebApplication app)
    {
        var link = app.Services.GetRequiredService<RedisLink>();
        return Eventually.IsSoAsync(() =>
        {
            link.Probe();
            return link.IsUp && !app.Services.GetRequiredService<IQuotaStore>().Secret.IsEmpty;
        });
    }
}
