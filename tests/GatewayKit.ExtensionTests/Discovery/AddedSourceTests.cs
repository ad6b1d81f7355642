using System.Diagnostics;
using GatewayKit.Clusters;
using GatewayKit.Configuration;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.ExtensionTests.Discovery;

/// <summary>A destination source of the host's own, as docs/discovery.md builds it, by public types alone.</summary>
public sealed class AddedSourceTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gatewaykit-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Source_of_the_host_finds_destinations_and_announces_changes()
    {
        Write("http://10.0.0.1:8080");
        await using var app = await StartAsync("orders.txt");
        using var client = app.GetTestClient();
        Assert.Equal("10.0.0.1", await client.GetStringAsync("/"));

        Write("http://10.0.0.2:8080");
        for (var since = Stopwatch.StartNew(); await client.GetStringAsync("/") != "10.0.0.2";)
        {
            Assert.True(since.Elapsed < TimeSpan.FromSeconds(20), "The change was not seen.");
        }
    }

    [Fact]
    public async Task Name_that_the_source_cannot_mean_stops_the_start()
    {
        var failure = await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync("orders"));
        Assert.Equal("'orders' is not the name of a text file, such as \"orders.txt\".", Assert.Single(failure.Errors).Message);
    }

    [Fact]
    public void Documented_cluster_is_valid()
    {
        var services = new ServiceCollection().AddLogging();
        DocumentedDiscovery.AddOrders(services);
        using var provider = services.BuildServiceProvider();
        var set = new RouteSet { Routes = [new() { Id = "orders", Match = new() { Path = "/" }, Cluster = "orders" }] };
        Assert.Empty(provider.GetRequiredService<GatewayConfigurator>().Validate(set));
    }

    // Put in place at once, so that no half of a file is read.
    private void Write(string addresses)
    {
        var next = Path.Combine(_folder.FullName, "next");
        File.WriteAllText(next, addresses);
        File.Move(next, Path.Combine(_folder.FullName, "orders.txt"), overwrite: true);
    }

    private async Task<WebApplication> StartAsync(string file)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = _folder.FullName });
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        DocumentedDiscovery.AddFile(builder.Services)
            .AddClusters(new Cluster { Id = "orders", Discovery = new() { Source = "File", Name = file } })
            .AddRoutes(new GatewayRoute { Id = "orders", Match = new() { Path = "/{**rest}" }, Cluster = "orders" })
            .UseUpstreamHandler("orders", static () => new Echo());
        var app = builder.Build();
        app.MapGatewayRoutes();
        await app.StartAsync();
        return app;
    }

    private sealed class Echo : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage { Content = new StringContent(request.RequestUri!.Host) });
    }
}
