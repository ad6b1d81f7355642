using System.Net;
using System.Text;
using GatewayKit.Pipeline;
using GatewayKit.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.ExtensionTests.Geo;

/// <summary>A host with one endpoint of each kind, all of them guarded by one policy. Its clients are on the loopback: country ZZ.</summary>
internal sealed class GeoHost : IAsyncDisposable
{
    public static readonly string[] Paths = ["/json", "/default", "/code", "/own", "/group/own", "/group/route", "/controller"];

    private readonly WebApplication _app;

    private GeoHost(WebApplication app, GatewayRecorder recorder)
    {
        (_app, Recorder) = (app, recorder);
        Client = new() { BaseAddress = new Uri(app.Urls.First()) };
    }

    public HttpClient Client { get; }

    public GatewayRecorder Recorder { get; }

    public GatewayInspector Inspector => _app.Services.GetRequiredService<GatewayInspector>();

    public static Task<GeoHost> StartAsync(string country, PolicyMode mode)
    {
        var policy = new GeoPolicy { Countries = [country], Mode = mode };
        var json = $$"""{ "Countries": ["{{country}}"], "Mode": "{{mode}}" }""";
        return StartAsync(
            $$"""
            {
              "Defaults": { "Geo": {{json}} },
              "Routes": {
                "default": { "Match": { "Path": "/default" }, "Respond": { "Status": 200 } },
                "json": { "Match": { "Path": "/json" }, "Respond": { "Status": 200 }, "Geo": {{json}} }
              }
            }
            """,
            app =>
            {
                app.MapGatewayRoutes();
                app.MapGatewayRoute(new() { Id = "code", Match = new() { Path = "/code" }, Respond = new() }).WithGeo(policy);
                app.MapGet("/own", () => "own").WithGeo(policy);
                var group = app.MapGroup("/group").WithGeo(policy);
                group.MapGet("/own", () => "own");
                group.MapGatewayRoute(new() { Id = "route", Match = new() { Path = "/route" }, Respond = new() });
                app.MapControllers().WithGeo(policy);
            });
    }

    public static async Task<GeoHost> StartAsync(string json, Action<WebApplication> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddControllers().AddApplicationPart(typeof(GeoController).Assembly);
        var section = new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes($$"""{ "Gateway": {{json}} }"""))).Build().GetSection("Gateway");
        var recorder = builder.Services.AddApiGateway(section)
            .AddGeo(new CountryTable().Add("ZZ", "127.0.0.0/8"))
            .RecordDecisions();
        var app = builder.Build();
        try
        {
            map(app);
            await app.StartAsync();
            return new(app, recorder);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}

[ApiController]
public sealed class GeoController : ControllerBase
{
    [HttpGet("/controller")]
    public string Get() => "controller";
}
