using System.Net.Http.Json;
using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json.Nodes;
using GatewayKit.Admin;
using GatewayKit.EntityFrameworkCoreTests.Hosting;
using GatewayKit.Identity.Consumers;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GatewayKit.EntityFrameworkCoreTests.Admin;

/// <summary>A host with the admin API on a real socket, and a scheme that believes what it is told.</summary>
internal sealed class AdminHost : IAsyncDisposable
{
    public const string Policy = "gateway-admin";

    private const string Configuration = """
        {
          "Gateway": {
            "Routes": { "orders": { "Match": { "Path": "/orders" }, "Respond": { "Status": 204 }, "ApiKey": {} }, "stock": { "Match": { "Path": "/stock" }, "Respond": { "Status": 204 }, "ApiKey": {} } },
            "Plans": { "gold": {}, "silver": { "Throttle": { "RequestsPerSecond": 1 } }, "old": { "State": "Deprecated" } },
            "Products": { "orders": { "Routes": [ "orders" ], "Plans": [ "gold", "old" ] }, "stock": { "Routes": [ "stock" ] } },
            "Consumers": { "inner": { "Keys": { "innerKey": { "Hash": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ" } } } }
          }
        }
        """;

    private readonly WebApplication _app;

    private AdminHost(WebApplication app, LogLines log)
    {
        (_app, Log) = (app, log);
        Client = ClientFor(app.Urls.First());
    }

    public LogLines Log { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>An administrator.</summary>
    public HttpClient Client { get; }

    public IReadOnlyList<string> Urls => [.. _app.Urls];

    public IConsumerRepository Store => Services.GetServices<IConsumerStore>().OfType<IConsumerRepository>().Single();

    public static async Task<AdminHost> StartAsync(Action<WebApplicationBuilder>? services = null, Action<WebApplication>? map = null, IConsumerStore? store = null)
    {
        var log = new LogLines();
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = "Development" });
        builder.Configuration["urls"] = "http://127.0.0.1:0;http://127.0.0.1:0";
        builder.Configuration.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(Configuration)));
        builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Trace);
        builder.Services.AddAuthentication("Test").AddScheme<AuthenticationSchemeOptions, TestScheme>("Test", static _ => { });
        builder.Services.AddAuthorizationBuilder().AddPolicy(Policy, static policy => policy.RequireRole("admin"));
        services?.Invoke(builder);
        builder.Services.AddApiGateway();
        if (store is not null)
        {
            builder.Services.AddSingleton(store);
        }

        var app = builder.Build();
        (map ?? (static app => app.MapGatewayAdmin(policy: Policy)))(app);
        app.MapGatewayRoutes();
        await app.StartAsync();
        return new(app, log);
    }

    /// <summary>Maps more, as hosts may at any time.</summary>
    public void Map(Action<WebApplication> map) => map(_app);

    /// <summary>A host with a store in memory.</summary>
    public static Task<AdminHost> StartWithStoreAsync(params IGatewayAdminObserver[] observers) => StartAsync(
        builder =>
        {
            foreach (var observer in observers)
            {
                builder.Services.AddSingleton(observer);
            }
        },
        store: new InMemoryRepository());

    public static HttpClient ClientFor(string address, string? user = "ann admin")
    {
        var client = new HttpClient { BaseAddress = new(address.TrimEnd('/') + "/gateway-admin/") };
        client.DefaultRequestHeaders.Add("X-Gateway-Admin", "1");
        if (user is not null)
        {
            client.DefaultRequestHeaders.Add("Authorization", $"Test {user}");
        }

        return client;
    }

    public async Task<HttpResponseMessage> SendAsync(string method, string path, string? json = null, string? version = null)
    {
        using var request = new HttpRequestMessage(new(method), path);
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        }

        if (version is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", version);
        }

        return await Client.SendAsync(request);
    }

    /// <summary>What a request that has to succeed is answered with.</summary>
    public async Task<JsonObject> DoAsync(string method, string path, string? json = null)
    {
        using var response = await SendAsync(method, path, json);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {(int)response.StatusCode} {text}");
        return JsonNode.Parse(text)!.AsObject();
    }

    /// <summary>The status and the code of a problem.</summary>
    public static async Task<string> ProblemOf(Task<HttpResponseMessage> sending)
    {
        using var response = await sending;
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.True(response.Headers.CacheControl?.NoStore);
        return $"{(int)response.StatusCode} {(await response.Content.ReadFromJsonAsync<JsonObject>())!["code"]}";
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private sealed class TestScheme(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
            Request.Headers.Authorization.ToString().Split(' ') is ["Test", var name, .. var roles]
                ? AuthenticateResult.Success(new(new(new ClaimsIdentity([new(ClaimTypes.Name, name), .. roles.Select(static role => new Claim(ClaimTypes.Role, role))], Scheme.Name)), Scheme.Name))
                : AuthenticateResult.NoResult());
    }
}
