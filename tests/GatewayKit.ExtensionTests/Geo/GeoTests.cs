using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using GatewayKit.Configuration;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Options;

namespace GatewayKit.ExtensionTests.Geo;

/// <summary>A policy from another assembly works wherever a built-in one does, with no change in the core: the code of docs/extending.md.</summary>
public sealed class GeoTests
{
    [Fact]
    public async Task Policy_refuses_on_every_kind_of_endpoint()
    {
        await using var host = await GeoHost.StartAsync(country: "SE", PolicyMode.Enforce);
        foreach (var path in GeoHost.Paths)
        {
            using var response = await host.Client.GetAsync(path);
            Assert.Equal((path, HttpStatusCode.Forbidden), (path, response.StatusCode));
            var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
            Assert.Equal("country-not-allowed", problem.GetProperty("code").GetString());
            Assert.Equal("urn:gatewaykit:problem:country-not-allowed", problem.GetProperty("type").GetString());
            Assert.Equal(new("Geo", PolicyMode.Enforce, PolicyOutcome.Refused, GeoFilterFactory.CountryNotAllowed), (await host.Recorder.NextAsync()).DecisionOf("Geo"));
        }
    }

    [Theory]
    [InlineData("ZZ", PolicyMode.Enforce, PolicyOutcome.Allowed)]
    [InlineData("SE", PolicyMode.Shadow, PolicyOutcome.WouldRefuse)]
    public async Task Policy_lets_through_and_is_recorded_on_every_kind_of_endpoint(string country, PolicyMode mode, PolicyOutcome outcome)
    {
        await using var host = await GeoHost.StartAsync(country, mode);
        foreach (var path in GeoHost.Paths)
        {
            using var response = await host.Client.GetAsync(path);
            Assert.Equal((path, HttpStatusCode.OK), (path, response.StatusCode));
            var decision = (await host.Recorder.NextAsync()).DecisionOf("Geo");
            Assert.Equal((mode, outcome), (decision.Mode, decision.Outcome));
        }
    }

    [Fact]
    public async Task Endpoint_overrides_its_group()
    {
        await using var host = await GeoHost.StartAsync("{}", static app =>
            app.MapGroup("/group").WithGeo("SE").MapGet("/own", static () => "own").WithGeo("SE", "ZZ"));
        Assert.Equal("own", await host.Client.GetStringAsync("/group/own"));
    }

    [Fact]
    public async Task Policy_stands_in_the_printed_pipeline_of_every_endpoint()
    {
        await using var host = await GeoHost.StartAsync(country: "SE", PolicyMode.Shadow);
        var pipelines = host.Inspector.Pipelines;
        Assert.Equal(GeoHost.Paths.Length, pipelines.Count);
        Assert.All(pipelines, static pipeline => Assert.Contains("Admit Geo (Shadow)", pipeline.ToString(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{ "Countries": ["Sweden"] }""", "'Sweden' is not a country code")]
    [InlineData("""{ "Countries": [] }""", "Countries")]
    [InlineData("""{ }""", "Countries")]
    [InlineData("""{ "Countries": ["SE"], "Cuontries": ["NO"] }""", "Cuontries")]
    public async Task Mistake_in_json_stops_the_start_and_names_its_path(string geo, string words)
    {
        var error = await Assert.ThrowsAsync<GatewayConfigurationException>(() => GeoHost.StartAsync(
            $$"""{ "Routes": { "orders": { "Match": { "Path": "/orders" }, "Respond": { "Status": 200 }, "Geo": {{geo}} } } }""",
            static app => app.MapGatewayRoutes()));
        var only = Assert.Single(error.Errors);
        Assert.StartsWith("Gateway:Routes:orders:Geo", only.Path, StringComparison.Ordinal);
        Assert.Contains(words, only.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mistake_in_code_throws_at_the_call()
    {
        await using var host = await GeoHost.StartAsync("{}", static app =>
        {
            Assert.Throws<OptionsValidationException>(() => app.MapGet("/a", static () => "own").WithGeo("Sweden"));
            Assert.Throws<OptionsValidationException>(() => app.MapGet("/b", static () => "own").WithGeo());
        });
    }

    [Fact]
    public void Equal_policies_are_equal_by_value()
    {
        GeoPolicy policy = new() { Countries = ["SE", "NO"] };
        Assert.Equal(policy, new() { Countries = ["SE", "NO"] });
        Assert.Equal(policy.GetHashCode(), new GeoPolicy { Countries = ["SE", "NO"] }.GetHashCode());
        Assert.NotEqual(policy, new() { Countries = ["SE", "FI"] });
        Assert.NotEqual(policy, policy with { Mode = PolicyMode.Shadow });
    }
}
