using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.Addresses;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Identity;

/// <summary>Where requests may come from, with sockets.</summary>
public sealed class AddressTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    [Theory]
    [InlineData("""{ "Allow": [ "127.0.0.1" ] }""", 200)]
    [InlineData("""{ "Allow": [ "10.0.0.0/8" ] }""", 403)]
    [InlineData("""{ "Deny": [ "127.0.0.0/8" ] }""", 403)]
    [InlineData("""{ "Allow": [ "127.0.0.1" ], "Deny": [ "127.0.0.0/8" ] }""", 403)]
    public async Task Route_is_served_to_whom_it_allows(string addresses, int status)
    {
        await using var gateway = await TestHost.GatewayAsync($$"""{ "Routes": { "r": { "Match": { "Path": "/" }, "Respond": {}, "Addresses": {{addresses}} } } }""");
        using var response = await gateway.Client.GetAsync("/");
        Assert.Equal(status, (int)response.StatusCode);
        if (status == 403)
        {
            Assert.Equal("address-not-allowed", (string?)(await response.Content.ReadFromJsonAsync<JsonObject>())!["code"]);
        }
    }

    // No proxy is known: what the client says of itself is nothing.
    [Fact]
    public async Task Forwarding_fields_of_a_client_count_for_nothing()
    {
        await using var gateway = await TestHost.GatewayAsync("""{ "TrustedProxies": [ "127.0.0.0/8" ], "Routes": { "r": { "Match": { "Path": "/" }, "Respond": {}, "Addresses": { "Allow": [ "10.0.0.0/8" ] } } } }""");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { { "X-Forwarded-For", "10.1.2.3" }, { "Forwarded", "for=10.1.2.3" }, { "X-Real-IP", "10.1.2.3" } } };
        using var response = await gateway.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Theory]
    [InlineData("10.1.2.3", 200)]
    [InlineData("192.0.2.1", 403)]
    public async Task Behind_a_proxy_that_the_host_knows_the_client_counts(string client, int status)
    {
        await using var gateway = await TestHost.StartAsync(
            static builder => builder.Services.AddApiGateway().Services.Configure<ForwardedHeadersOptions>(static options => options.ForwardedHeaders = ForwardedHeaders.XForwardedFor),
            static app =>
            {
                app.UseForwardedHeaders();
                app.MapGet("/", static () => "own").WithAddresses(new() { Allow = [System.Net.IPNetwork.Parse("10.0.0.0/8")] });
            });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { { "X-Forwarded-For", client } } };
        using var response = await gateway.Client.SendAsync(request);
        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task Change_of_a_file_counts_and_no_endpoint_is_built_anew()
    {
        var time = new FakeTimeProvider();
        File.WriteAllText(_file, "192.0.2.0/24\n");
        await using var gateway = await TestHost.GatewayAsync(
            $$"""{ "Routes": { "r": { "Match": { "Path": "/" }, "Respond": {}, "Addresses": { "DenyFile": "{{_file}}" } } } }""",
            builder => builder.Services.AddSingleton<TimeProvider>(time));
        var endpoints = gateway.App.Services.GetRequiredService<EndpointDataSource>();
        var before = endpoints.Endpoints.Single();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync());

        File.WriteAllText(_file, "192.0.2.0/24\n127.0.0.1\n");
        for (var looks = 0; looks < 2; looks++)
        {
            Assert.Equal(HttpStatusCode.OK, await StatusAsync());
            time.Advance(AddressFiles.Period);
        }

        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync());
        Assert.Same(before, endpoints.Endpoints.Single());

        async Task<HttpStatusCode> StatusAsync()
        {
            using var response = await gateway.Client.GetAsync("/");
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task What_is_wrong_stops_the_start_all_at_once_with_its_place()
    {
        File.WriteAllText(_file, "10.0.0.0/8\n\n10.0.0.1/8\n");
        var failed = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync($$"""
            {
              "Routes": {
                "a": { "Match": { "Path": "/a" }, "Respond": {}, "Addresses": { "AllowFile": "{{_file}}" } },
                "b": { "Match": { "Path": "/b" }, "Respond": {}, "Addresses": { "Deny": [ "10.0.0.1/8" ] } },
                "c": { "Match": { "Path": "/c" }, "Respond": {}, "Addresses": {} }
              }
            }
            """));
        Assert.Equal(
            [
                ("Gateway:Routes:a:Addresses", $"AllowFile: '{_file}': Line 3: '10.0.0.1/8' is not how the network is written. If it is the one that is meant, write \"10.0.0.0/8\"."),
                ("Gateway:Routes:b:Addresses:Deny:0", "'10.0.0.1/8' is not how the network is written. If it is the one that is meant, write \"10.0.0.0/8\"."),
            ],
            failed.Errors.Select(static error => (error.Path, error.Message)).Where(static error => !error.Path.Contains(":c:", StringComparison.Ordinal)).Order());
        Assert.Contains(failed.Errors, static error => error.Path == "Gateway:Routes:c:Addresses" && error.Message.StartsWith("No addresses are allowed or denied", StringComparison.Ordinal));
    }

    [Fact]
    public async Task File_of_a_policy_in_code_is_read_at_start()
    {
        File.WriteAllText(_file, "nonsense");
        var failed = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            map: app => app.MapGet("/own", static () => "own").WithAddresses(new() { AllowFile = _file })));
        Assert.Contains("Line 1: 'nonsense'", Assert.Single(failed.Errors).Message);
    }

    public void Dispose() => File.Delete(_file);
}
