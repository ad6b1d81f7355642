using System.Net;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Transforms;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Transforms;

public sealed class TransformConfigurationTests
{
    [Fact]
    public async Task Every_transform_is_the_same_in_json_and_in_code()
    {
        await using var gateway = await TestHost.GatewayAsync(Section("""
            { "PathRemovePrefix": "/orders" },
            { "PathPrefix": "/v1" },
            { "PathSet": "/x" },
            { "PathPattern": "/v2/{**rest}" },
            { "QueryValueParameter": "a", "Set": "1" },
            { "QueryRouteParameter": "b", "Append": "rest" },
            { "QueryRemoveParameter": "c" },
            { "HttpMethodChange": "PUT", "Set": "PATCH" },
            { "RequestHost": "api.example" },
            { "RequestHeaderOriginalHost": true },
            { "RequestHeadersCopy": false },
            { "RequestHeadersAllowed": [ "Accept", "X-A" ] },
            { "RequestHeader": "X-A", "Set": "b" },
            { "RequestHeader": "X-A", "Append": "" },
            { "RequestHeaderRouteValue": "X-B", "Set": "rest" },
            { "RequestHeaderRemove": "X-C" },
            { "X-Forwarded": "Append", "For": "Set", "Proto": "Off", "Host": "Remove", "HeaderPrefix": "X-Fwd-", "TrustedNetworks": [ "10.0.0.0/8" ] },
            { "ClientCert": "Client-Cert", "Format": "Rfc9440" },
            { "ResponseHeadersCopy": false },
            { "ResponseHeadersAllowed": [ "ETag" ] },
            { "ResponseHeader": "X-D", "Append": "d", "When": "Always" },
            { "ResponseHeaderRemove": "X-E", "When": "Failure" },
            { "RewriteLocation": true, "From": "/in", "To": "/out", "Hosts": [ "orders.internal" ] },
            { "RewriteCookieDomain": "*", "Remove": true },
            { "RewriteCookiePath": "/in", "Set": "/out" },
            { "ResponseTrailersCopy": true },
            { "ResponseTrailersAllowed": [ "grpc-status" ] },
            { "ResponseTrailer": "X-F", "Set": "f" },
            { "ResponseTrailerRemove": "X-G" }
            """));
        var expected = TransformPolicy.Of(steps => steps
            .PathRemovePrefix("/orders")
            .PathPrefix("/v1")
            .PathSet("/x")
            .PathPattern("/v2/{**rest}")
            .QueryValueParameter("a", set: "1")
            .QueryRouteParameter("b", append: "rest")
            .QueryRemoveParameter("c")
            .HttpMethodChange("PUT", "PATCH")
            .RequestHost("api.example")
            .RequestHeaderOriginalHost()
            .RequestHeadersCopy(false)
            .RequestHeadersAllowed("Accept", "X-A")
            .RequestHeader("X-A", set: "b")
            .RequestHeader("X-A", append: "")
            .RequestHeaderRouteValue("X-B", set: "rest")
            .RequestHeaderRemove("X-C")
            .Add(new XForwardedTransform
            {
                XForwarded = ForwardedAction.Append,
                For = ForwardedAction.Set,
                Proto = ForwardedAction.Off,
                Host = ForwardedAction.Remove,
                HeaderPrefix = "X-Fwd-",
                TrustedNetworks = [IPNetwork.Parse("10.0.0.0/8")],
            })
            .ClientCert("Client-Cert", ClientCertFormat.Rfc9440)
            .ResponseHeadersCopy(false)
            .ResponseHeadersAllowed("ETag")
            .ResponseHeader("X-D", append: "d", when: ResponseCondition.Always)
            .ResponseHeaderRemove("X-E", ResponseCondition.Failure)
            .RewriteLocation("/in", "/out", "orders.internal")
            .RewriteCookieDomain("*", set: null)
            .RewriteCookiePath("/in", "/out")
            .ResponseTrailersCopy(true)
            .ResponseTrailersAllowed("grpc-status")
            .ResponseTrailer("X-F", set: "f")
            .ResponseTrailerRemove("X-G"));
        Assert.Equal(expected, Assert.Single(Current(gateway)));
    }

    [Fact]
    public async Task Forwarded_takes_its_parameters_as_a_list()
    {
        await using var gateway = await TestHost.GatewayAsync(Section("""{ "Forwarded": [ "For", "Proto" ], "ForFormat": "IpAndPort" }"""));
        Assert.Equal(
            TransformPolicy.Of(steps => steps.Forwarded(ForwardedParameters.For | ForwardedParameters.Proto, NodeFormat.IpAndPort)),
            Assert.Single(Current(gateway)));
    }

    [Theory]
    [InlineData("""{ "RequestHeader": "X-A" }""", "Gateway:Routes:r:Transforms:0: RequestHeader: needs Set or Append.")]
    [InlineData("""{ "PathSet": "/a" }, { "RequestHeader": "Connection", "Set": "x" }""", "Gateway:Routes:r:Transforms:1: RequestHeader: Connection cannot be changed")]
    [InlineData("""{ "RequestHeader": "X-A", "Set": "a", "Sett": "b" }""", "Sett")]
    [InlineData("""{ "PathPrefixx": "/a" }""", "Did you mean 'PathPrefix'?")]
    [InlineData("""{ "RequestHeader": "X-A", "Set": "a", "Append": "b" }""", "has Set and Append")]
    [InlineData("""{ "PathPrefix": "/a", "PathSet": "/b" }""", "several things at once")]
    [InlineData("""{ "PathPattern": "/v2/{key}" }""", "'{key}' is not a value of the route")]
    public async Task What_is_wrong_fails_the_start_and_is_named(string steps, string error)
    {
        var exception = await Assert.ThrowsAnyAsync<Exception>(() => TestHost.GatewayAsync(Section(steps)));
        Assert.Contains(error, exception.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reload_with_a_value_that_the_route_does_not_have_keeps_the_last_good_configuration()
    {
        var source = new MemoryRouteSource { Set = SetWith("/v2/{id}") };
        await using var gateway = await TestHost.GatewayAsync(services: builder => builder.AddSource(source));
        var before = gateway.App.Services.GetRequiredService<GatewayConfigurator>().Current;
        source.Set = SetWith("/v2/{key}");
        var result = await gateway.App.Services.GetRequiredService<GatewayConfigurator>().ReloadAsync();
        Assert.False(result.Accepted);
        Assert.Contains("{key}", Assert.Single(result.Errors).Message, StringComparison.Ordinal);
        Assert.Same(before, gateway.App.Services.GetRequiredService<GatewayConfigurator>().Current);
    }

    private static RouteSet SetWith(string pattern) => new()
    {
        Clusters = [new() { Id = "up" }],
        Routes =
        [
            new() { Id = "r", Match = new() { Path = "/orders/{id}" }, Cluster = "up", Policies = [TransformPolicy.Of(steps => steps.PathPattern(pattern))] },
        ],
    };

    private static IEnumerable<TransformPolicy> Current(TestHost gateway) =>
        gateway.App.Services.GetRequiredService<GatewayConfigurator>().Current.Routes["r"].Policies.OfType<TransformPolicy>();

    private static string Section(string steps) => $$"""
        {
          "Clusters": { "up": { "Destinations": { "a": { "Address": "http://127.0.0.1:9" } } } },
          "Routes": { "r": { "Match": { "Path": "/orders/{**rest}" }, "Cluster": "up", "Transforms": [ {{steps}} ] } }
        }
        """;
}
