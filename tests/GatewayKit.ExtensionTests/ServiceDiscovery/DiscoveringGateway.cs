using System.Net;
using GatewayKit.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.ExtensionTests.ServiceDiscovery;

/// <summary>A gateway in memory whose one cluster finds its destinations by service discovery. A destination answers with where it was asked.</summary>
internal sealed class DiscoveringGateway : IAsyncDisposable
{
    private readonly WebApplication _app;

    private DiscoveringGateway(WebApplication app) => (_app, Client) = (app, app.GetTestClient());

    public HttpClient Client { get; }

    public long Revision => _app.Services.GetRequiredService<GatewayConfigurator>().Current.Revision;

    /// <param name="name">What the cluster asks for.</param>
    /// <param name="services">The section <c>Services</c>, by the keys below it.</param>
    /// <param name="configure">Adds to the host before the gateway is added.</param>
    public static async Task<DiscoveringGateway> StartAsync(string name, IReadOnlyDictionary<string, string?>? services = null, Action<IServiceCollection>? configure = null)
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection((services ?? new Dictionary<string, string?>()).Select(static entry => KeyValuePair.Create($"Services:{entry.Key}", entry.Value)));
        builder.Configuration.AddInMemoryCollection(
        [
            KeyValuePair.Create("Gateway:Clusters:orders:Discovery:Source", (string?)"ServiceDiscovery"),
            KeyValuePair.Create("Gateway:Clusters:orders:Discovery:Name", (string?)name),
            KeyValuePair.Create("Gateway:Clusters:orders:LoadBalancing", (string?)"RoundRobin"),
            KeyValuePair.Create("Gateway:Routes:orders:Match:Path", (string?)"/{**rest}"),
            KeyValuePair.Create("Gateway:Routes:orders:Cluster", (string?)"orders"),
        ]);
        configure?.Invoke(builder.Services);
        builder.Services.AddApiGateway().AddServiceDiscovery().UseUpstreamHandler("orders", static () => new Echo());
        var app = builder.Build();
        app.MapGatewayRoutes();
        await app.StartAsync();
        return new(app);
    }

    /// <summary>Asks as often as there may be destinations.</summary>
    public async Task<string[]> AskAsync()
    {
        var answers = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            using var answer = await Client.GetAsync("/a");
            answers.Add(answer.StatusCode is HttpStatusCode.OK ? await answer.Content.ReadAsStringAsync() : $"{(int)answer.StatusCode}");
        }

        return [.. answers.Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>Changes the configuration while the gateway serves.</summary>
    public void Change(string key, string? value)
    {
        _app.Configuration[$"Services:{key}"] = value;
        ((IConfigurationRoot)_app.Configuration).Reload();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }

    private sealed class Echo : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage { Content = new StringContent($"{request.RequestUri}{(request.Headers.Host is { } host ? $" as {host}" : string.Empty)}") });
    }
}
