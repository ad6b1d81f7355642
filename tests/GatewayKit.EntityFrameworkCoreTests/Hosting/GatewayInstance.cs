using GatewayKit.Identity.Consumers;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.EntityFrameworkCoreTests.Hosting;

/// <summary>One instance of a gateway on a real socket, with a route that wants a key and one that does not.</summary>
internal sealed class GatewayInstance : IAsyncDisposable
{
    private readonly WebApplication _app;

    private GatewayInstance(WebApplication app, LogLines log)
    {
        (_app, Log) = (app, log);
        Client = new() { BaseAddress = new(app.Urls.First()) };
    }

    public LogLines Log { get; }

    public HttpClient Client { get; }

    public IConsumerRepository Store => _app.Services.GetServices<IConsumerStore>().OfType<IConsumerRepository>().Single();

    public static async Task<GatewayInstance> StartAsync(Action<DbContextOptionsBuilder> database)
    {
        var log = new LogLines();
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = "Development" });
        builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Information);
        builder.Configuration.AddInMemoryCollection(
        [
            new("urls", "http://127.0.0.1:0"),
            new("Gateway:Routes:closed:Match:Path", "/closed"), new("Gateway:Routes:closed:Respond:Status", "204"), new("Gateway:Routes:closed:ApiKey:Header", "X-Api-Key"),
            new("Gateway:Routes:open:Match:Path", "/open"), new("Gateway:Routes:open:Respond:Status", "204"),
        ]);

        // What the tests wait for is the store, however busy the machine is.
        builder.Services.Configure<ConsumerOptions>(static options => options.StoreTimeout = TimeSpan.FromSeconds(3));
        builder.Services.AddApiGateway().AddEntityFrameworkConsumers(database);
        var app = builder.Build();
        app.MapGatewayRoutes();
        await app.StartAsync();
        return new(app, log);
    }

    /// <summary>The status of a request with a key.</summary>
    public async Task<int> CallAsync(string? key, string path = "/closed")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (key is not null)
        {
            request.Headers.Add("X-Api-Key", key);
        }

        using var response = await Client.SendAsync(request);
        return (int)response.StatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
