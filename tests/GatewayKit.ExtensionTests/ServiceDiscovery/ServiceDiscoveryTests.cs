using System.Diagnostics;
using System.Net;
using GatewayKit.Clusters;
using GatewayKit.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.ServiceDiscovery;

namespace GatewayKit.ExtensionTests.ServiceDiscovery;

public sealed class ServiceDiscoveryTests
{
    [Fact]
    public async Task Endpoints_of_the_wanted_scheme_serve()
    {
        await using var gateway = await DiscoveringGateway.StartAsync("https+http://orders", new Dictionary<string, string?>
        {
            ["orders:http:0"] = "http://10.0.0.9:8080",
            ["orders:https:0"] = "https://10.0.0.1:8443",
            ["orders:https:1"] = "https://10.0.0.2:8443",
        });
        Assert.Equal(["https://10.0.0.1:8443/a", "https://10.0.0.2:8443/a"], await gateway.AskAsync());
    }

    [Theory]
    [InlineData("https+http://orders", "http://10.0.0.9:8080/a")]
    [InlineData("http://orders", "http://10.0.0.9:8080/a")]
    [InlineData("http://orders/api", "http://10.0.0.9:8080/api/a")]
    [InlineData("http://_admin.orders", "http://10.0.0.9:9090/a")]
    public async Task Name_says_which_endpoints_and_below_which_path(string name, string expected)
    {
        await using var gateway = await DiscoveringGateway.StartAsync(name, new Dictionary<string, string?> { ["orders:http:0"] = "http://10.0.0.9:8080", ["orders:admin:0"] = "http://10.0.0.9:9090" });
        Assert.Equal([expected], await gateway.AskAsync());
    }

    [Theory]
    [InlineData("http://orders", "http://10.0.0.9:8080/base", "http://10.0.0.9:8080/base/a")]
    [InlineData("http://orders", "http://10.0.0.9:8080/base/", "http://10.0.0.9:8080/base/a")]
    [InlineData("http://orders/api", "http://10.0.0.9:8080/base", "http://10.0.0.9:8080/base/api/a")]
    [InlineData("http://orders/api/", "http://10.0.0.9:8080/a%2Fb", "http://10.0.0.9:8080/a%2Fb/api/a")]
    public async Task Path_of_an_endpoint_stands_before_the_path_of_the_name(string name, string endpoint, string expected)
    {
        await using var gateway = await DiscoveringGateway.StartAsync(name, new Dictionary<string, string?> { ["orders:http:0"] = endpoint });
        Assert.Equal([expected], await gateway.AskAsync());
    }

    [Fact]
    public async Task Endpoints_that_differ_in_their_paths_alone_are_several()
    {
        await using var gateway = await DiscoveringGateway.StartAsync(
            "http://orders", new Dictionary<string, string?> { ["orders:http:0"] = "http://10.0.0.9:8080/one", ["orders:http:1"] = "http://10.0.0.9:8080/two" });
        Assert.Equal(["http://10.0.0.9:8080/one/a", "http://10.0.0.9:8080/two/a"], await gateway.AskAsync());
    }

    [Fact]
    public async Task Name_that_no_provider_knows_is_a_host_name()
    {
        await using var gateway = await DiscoveringGateway.StartAsync("http://billing:8080");
        Assert.Equal(["http://billing:8080/a"], await gateway.AskAsync());
    }

    [Fact]
    public async Task Change_of_the_configuration_reaches_the_cluster_without_a_new_snapshot()
    {
        await using var gateway = await DiscoveringGateway.StartAsync("http://orders", new Dictionary<string, string?> { ["orders:http:0"] = "http://10.0.0.1:8080" });
        Assert.Equal(["http://10.0.0.1:8080/a"], await gateway.AskAsync());
        var revision = gateway.Revision;
        gateway.Change("orders:http:0", "http://10.0.0.2:8080");

        // Well before the thirty seconds after which it would be looked up anyway.
        for (var since = Stopwatch.StartNew(); (await gateway.AskAsync()) is not ["http://10.0.0.2:8080/a"];)
        {
            Assert.True(since.Elapsed < TimeSpan.FromSeconds(20), "The change was not seen.");
        }

        Assert.Equal(revision, gateway.Revision);
    }

    [Fact]
    public async Task Providers_of_the_host_are_asked_and_no_others()
    {
        await using var gateway = await DiscoveringGateway.StartAsync(
            "https+http://orders",
            new Dictionary<string, string?> { ["orders:http:0"] = "http://10.0.0.9:8080" },
            static services => services.AddSingleton<IServiceEndpointProviderFactory>(new Registry(
                new IPEndPoint(IPAddress.Parse("10.0.0.1"), 8443), new IPEndPoint(IPAddress.IPv6Loopback, 0), new DnsEndPoint("orders-1", 8443), new UriEndPoint(new("http://orders-2:8080")))));
        Assert.Equal(
            ["http://orders-2:8080/a as orders.internal", "https://10.0.0.1:8443/a as orders.internal", "https://[::1]/a as orders.internal", "https://orders-1:8443/a as orders.internal"],
            await gateway.AskAsync());
    }

    [Fact]
    public async Task Service_that_nobody_knows_is_answered_503()
    {
        await using var gateway = await DiscoveringGateway.StartAsync("http://orders", configure: static services => services.AddSingleton<IServiceEndpointProviderFactory>(new Registry()));
        Assert.Equal(["503"], await gateway.AskAsync());
    }

    [Theory]
    [InlineData("orders")]
    [InlineData("tcp://orders")]
    [InlineData("https+tcp://orders")]
    [InlineData("http://orders?a=b")]
    public async Task Name_that_is_no_address_of_a_service_is_an_error_at_start(string name)
    {
        var failure = await Assert.ThrowsAsync<GatewayConfigurationException>(() => DiscoveringGateway.StartAsync(name));
        var error = Assert.Single(failure.Errors);
        Assert.Equal("Gateway:Clusters:orders:Discovery:Name", error.Path);
        Assert.StartsWith($"'{name}' is not the address of a service.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Adding_it_again_is_harmless() => Assert.NotNull(new ServiceCollection().AddApiGateway().AddServiceDiscovery().AddServiceDiscovery());

    private sealed class Registry(params EndPoint[] endpoints) : IServiceEndpointProviderFactory, IServiceEndpointProvider, IHostNameFeature
    {
        public string HostName => "orders.internal";

        public bool TryCreateProvider(ServiceEndpointQuery query, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IServiceEndpointProvider? provider)
        {
            provider = this;
            return true;
        }

        public ValueTask PopulateAsync(IServiceEndpointBuilder endpointBuilder, CancellationToken cancellationToken)
        {
            foreach (var endpoint in endpoints)
            {
                var found = ServiceEndpoint.Create(endpoint);
                found.Features.Set<IHostNameFeature>(this);
                endpointBuilder.Endpoints.Add(found);
            }

            return default;
        }

        public ValueTask DisposeAsync() => default;
    }
}
