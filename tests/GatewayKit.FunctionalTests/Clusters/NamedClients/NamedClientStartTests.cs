using System.Net;
using GatewayKit.Clusters;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Resilience;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Clusters.NamedClients;

/// <summary>What a client must be so that a cluster may name it.</summary>
public sealed class NamedClientStartTests
{
    private static readonly Uri Nowhere = new("http://127.0.0.1:9");

    [Fact]
    public async Task Client_that_nothing_is_registered_for_is_an_error_with_the_nearest_name()
    {
        var error = await ErrorAsync(static client => client.Services.AddHttpClient("order").AddHttpMessageHandler(static () => HostHandler.Adding("X", "1")));
        Assert.Equal("code:Clusters:up:Http:Client", error.Path);
        Assert.StartsWith("Nothing is registered for a client 'orders'. Did you mean 'order'?", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_without_handlers_of_its_own_may_have_those_of_all_clients()
    {
        await using var upstream = RawUpstream.Answering(Answers.Of(HttpStatusCode.OK, body: "ok"));
        await using var gateway = await ClientGateway.StartAsync(upstream.Address, static client =>
            client.Services.ConfigureHttpClientDefaults(static all => all.AddHttpMessageHandler(static () => HostHandler.Adding("X-All", "1"))));
        await gateway.Client.GetStringAsync("/a");
        Assert.Contains("\r\nX-All: 1\r\n", Assert.Single(upstream.Heads), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Retries_and_hedging_of_both_are_an_error()
    {
        Func<Cluster, Cluster> both = static cluster => cluster with { Retry = new(), Hedging = new() };
        var failure = await Assert.ThrowsAsync<GatewayConfigurationException>(() => ClientGateway.StartAsync(Nowhere, Harmless, both));
        Assert.Equal(["code:Clusters:up:Hedging", "code:Clusters:up:Retry"], failure.Errors.Select(static error => error.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Retries_that_are_off_are_none()
    {
        await using var upstream = RawUpstream.Answering(Answers.Of(HttpStatusCode.OK, body: "ok"));
        await using var gateway = await ClientGateway.StartAsync(upstream.Address, Harmless, static cluster => cluster with { Retry = new() { Mode = GatewayKit.Pipeline.PolicyMode.Off } });
        Assert.Equal("ok", await gateway.Client.GetStringAsync("/a"));
    }

    [Fact]
    public async Task Primary_handler_that_would_change_answers_is_an_error_that_names_each_setting()
    {
        var error = await ErrorAsync(static client => client.ConfigurePrimaryHttpMessageHandler(static () => new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.GZip }));
        Assert.Equal("code:Clusters:up:Http:Client", error.Path);
        Assert.Contains("AllowAutoRedirect = false, UseCookies = false, AutomaticDecompression = DecompressionMethods.None, ActivityHeadersPropagator = null;", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Primary_handler_that_writes_trace_headers_and_cannot_stop_is_an_error()
    {
        var error = await ErrorAsync(static client => client.ConfigurePrimaryHttpMessageHandler(static () => new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false }));
        Assert.Contains("a SocketsHttpHandler in place of the HttpClientHandler", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Primary_handler_that_leaves_answers_alone_takes_the_place_of_the_connections()
    {
        await using var upstream = RawUpstream.Answering(Answers.Of(HttpStatusCode.Redirect, "Location: /b\r\nSet-Cookie: a=b\r\n"));
        await using var gateway = await ClientGateway.StartAsync(upstream.Address, Strict);
        using var answer = await gateway.Client.GetAsync("/a");
        using var again = await gateway.Client.GetAsync("/a");
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.All(upstream.Heads, static head => Assert.DoesNotContain("Cookie", head, StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("tls")]
    [InlineData("denied")]
    [InlineData("idle")]
    public async Task Settings_that_would_not_apply_to_it_are_an_error(string setting)
    {
        var error = await ErrorAsync(Strict, cluster => setting switch
        {
            "tls" => cluster with { Tls = new() { ServerName = "orders.internal" } },
            "denied" => cluster with { Http = cluster.Http with { DeniedNetworks = [] } },
            _ => cluster with { Http = cluster.Http with { ConnectionIdle = TimeSpan.FromSeconds(1) } },
        });
        Assert.Contains("would not apply", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Handlers_that_cannot_be_made_are_an_error()
    {
        var error = await ErrorAsync(static client => client.AddHttpMessageHandler(static () => throw new InvalidOperationException("no key vault")));
        Assert.Equal("The handlers of client 'orders' cannot be made: no key vault", error.Message);
    }

    [Fact]
    public async Task Client_that_the_host_has_just_used_without_the_gateway_is_refused_until_it_is_made_anew()
    {
        await using var upstream = RawUpstream.Answering(Answers.Of(HttpStatusCode.OK, body: "ok"));
        var source = new MemoryRouteSource { Set = new() { Clusters = [ClusterTo(upstream.Address, null)] } };
        await using var gateway = await TestHost.GatewayAsync(services: builder =>
        {
            builder.AddRoutes(new GatewayKit.Routing.GatewayRoute { Id = "all", Match = new() { Path = "/{**rest}" }, Cluster = "up" });
            builder.AddSource(source);
            Harmless(builder.Services.AddHttpClient("orders"));
        });
        using (var own = gateway.App.Services.GetRequiredService<IHttpClientFactory>().CreateClient("orders"))
        {
            await own.GetStringAsync(upstream.Address);
        }

        source.Set = new() { Clusters = [ClusterTo(upstream.Address, "orders")] };
        var result = await gateway.App.Services.GetRequiredService<GatewayConfigurator>().ReloadAsync();
        Assert.Contains("is made anew when its lifetime", Assert.Single(result.Errors).Message, StringComparison.Ordinal);
    }

    private static Cluster ClusterTo(Uri address, string? client) =>
        new() { Id = "up", Http = new() { Client = client }, Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = address } } };

    private static void Harmless(IHttpClientBuilder client) => client.AddHttpMessageHandler(static () => HostHandler.Adding("X", "1"));

    private static void Strict(IHttpClientBuilder client) => client.ConfigurePrimaryHttpMessageHandler(static () =>
        new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ActivityHeadersPropagator = null });

    private static async Task<ConfigurationError> ErrorAsync(Action<IHttpClientBuilder> client, Func<Cluster, Cluster>? change = null) =>
        Assert.Single((await Assert.ThrowsAsync<GatewayConfigurationException>(() => ClientGateway.StartAsync(Nowhere, client, change))).Errors);
}
