using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Pipeline;

public sealed class SmokeTests
{
    [Fact]
    public async Task Static_route_answers_and_a_policy_refuses_on_a_host_endpoint()
    {
        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder
                .AddPolicy<DenyPolicy, DenyFilterFactory>("Deny")
                .AddRoutes(new GatewayRoute { Id = "hello", Match = new() { Path = "/hello" }, Respond = new() { Body = "hi" } }),
            map: app =>
            {
                app.MapGatewayRoutes();
                app.MapGet("/own", () => "own").WithGatewayPolicy(new DenyPolicy());
            });
        Assert.Equal("hi", await gateway.Client.GetStringAsync("/hello"));
        using var refused = await gateway.Client.GetAsync("/own");
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType?.MediaType);
        Assert.Contains("\"code\":\"rate-limited\"", await refused.Content.ReadAsStringAsync());
    }

    private sealed record DenyPolicy : IGatewayPolicy
    {
        public GatewayStage Stage => GatewayStage.Limit;

        public PolicyMode Mode { get; init; }
    }

    private sealed class DenyFilterFactory : GatewayFilterFactory<DenyPolicy>
    {
        protected override EndpointFilterDelegate Create(DenyPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) =>
            _ => new(GatewayProblem.TooManyRequests(TimeSpan.FromSeconds(1)));
    }
}
