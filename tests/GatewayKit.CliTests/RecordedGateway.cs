using System.Net;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.CliTests;

/// <summary>A gateway on Kestrel that records into the folder it runs in, by the file <c>gateway.json</c> there: callers say who they are.</summary>
internal sealed class RecordedGateway : IAsyncDisposable
{
    private readonly HttpClient _client;

    private RecordedGateway(WebApplication app)
    {
        App = app;
        _client = new() { BaseAddress = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };
    }

    public WebApplication App { get; }

    public static async Task<RecordedGateway> StartAsync(string folder, TimeProvider? time = null, Action<GatewayBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = folder });
        builder.Logging.ClearProviders();
        builder.Configuration.AddJsonFile(Path.Combine(folder, "gateway.json"));
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        var gateway = builder.Services.AddApiGateway(builder.Configuration.GetSection("Gateway"));
        builder.Services.Configure<GatewayOptions>(static options => options.DrainDelay = TimeSpan.Zero);
        configure?.Invoke(gateway);
        var app = builder.Build();
        app.Use(static (context, next) =>
        {
            context.Features.Set(new GatewayConsumer(context.Request.Headers["X-Who"]!));
            return next(context);
        });
        app.MapGet("/{**rest}", static () => "served").WithName("orders").WithAuditing();
        await app.StartAsync();
        return new(app);
    }

    /// <summary>Records a request of each.</summary>
    public async Task ServeAsync(params string[] callers)
    {
        foreach (var caller in callers)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/a") { Headers = { { "X-Who", caller } } };
            using var answer = await _client.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
    }
}
