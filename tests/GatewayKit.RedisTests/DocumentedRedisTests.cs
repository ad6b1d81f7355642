using GatewayKit.Redis;
using GatewayKit.RedisTests.Hosting;
using GatewayKit.Throttling.Quotas;
using GatewayKit.Throttling.Sharing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace GatewayKit.RedisTests;

/// <summary>The code that docs/redis.md shows.</summary>
public sealed class DocumentedRedisTests(RedisServer server) : IClassFixture<RedisServer>
{
    [Theory]
    [InlineData("string")]
    [InlineData("section")]
    [InlineData("connection")]
    public async Task Examples_start_and_share(string example)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Development" });
        builder.Configuration.AddInMemoryCollection([new("Redis:ConnectionString", server.ConnectionString)]);
        builder.Logging.ClearProviders();
        switch (example)
        {
            case "string":
                AddByString(builder);
                builder.Services.Configure<RedisOptions>(options => options.ConnectionString = server.ConnectionString);
                break;
            case "section":
                AddBySection(builder);
                break;
            default:
                AddByConnection(builder, await ConnectionMultiplexer.ConnectAsync(server.ConnectionString));
                break;
        }

        await using var app = builder.Build();
        app.Services.GetRequiredService<RedisLink>().Probe();
        await Eventually.IsSoAsync(() => !app.Services.GetRequiredService<IQuotaStore>().Secret.IsEmpty);
        Assert.NotNull(app.Services.GetRequiredService<IRateStore>());
    }

    private static void AddByString(WebApplicationBuilder builder) =>
        builder.Services.AddApiGateway().AddRedis("localhost:6379,password=…");

    private static void AddBySection(WebApplicationBuilder builder) =>
        builder.Services.AddApiGateway().AddRedis(builder.Configuration.GetSection("Redis"));

    private static void AddByConnection(WebApplicationBuilder builder, ConnectionMultiplexer connection)
    {
        builder.Services.AddSingleton<IConnectionMultiplexer>(connection);
        builder.Services.AddApiGateway().AddRedis();
    }
}
