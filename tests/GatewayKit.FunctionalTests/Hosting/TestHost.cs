using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.FunctionalTests.Hosting;

/// <summary>An ASP.NET Core app on Kestrel at a free port of the loopback: a gateway or a destination.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private TestHost(WebApplication app, Uri address)
    {
        App = app;
        Address = address;
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false }) { BaseAddress = address };
    }

    public WebApplication App { get; }

    public Uri Address { get; }

    public HttpClient Client { get; }

    /// <summary>Starts a gateway configured by JSON (the content of the section) and by code.</summary>
    public static Task<TestHost> GatewayAsync(string? json = null, Action<GatewayBuilder>? services = null, Action<WebApplication>? map = null) =>
        StartAsync(
            builder =>
            {
                if (json is not null)
                {
                    builder.Configuration.AddJsonStream(new MemoryStream(System.Text.Encoding.UTF8.GetBytes($"{{ \"Gateway\": {json} }}")));
                }

                var gateway = builder.Services.AddApiGateway();
                services?.Invoke(gateway);
            },
            map ?? (static app => app.MapGatewayRoutes()));

    public static async Task<TestHost> StartAsync(
        Action<WebApplicationBuilder>? build = null, Action<WebApplication>? map = null, HttpProtocols protocols = HttpProtocols.Http1, string? contentRoot = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new() { ContentRootPath = contentRoot });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocols));
        builder.Services.AddRoutingCore();
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));

        // No balancer looks at these hosts.
        builder.Services.Configure<GatewayOptions>(static options => options.DrainDelay = TimeSpan.Zero);
        build?.Invoke(builder);
        var app = builder.Build();
        app.UseRouting();
        map?.Invoke(app);
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new TestHost(app, new Uri(address));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
    }
}
