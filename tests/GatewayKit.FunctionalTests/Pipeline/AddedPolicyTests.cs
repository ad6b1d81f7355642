using System.ComponentModel.DataAnnotations;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Pipeline;

/// <summary>What start-up code adds is checked like what configuration says.</summary>
public sealed class AddedPolicyTests
{
    [Fact]
    public async Task Annotations_hold_for_policies_that_are_added_to_endpoints_of_the_host_routes_and_groups()
    {
        var exception = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            services: static builder => builder.AddPolicy<LengthPolicy, LengthFilterFactory>("Length").AddCluster("orders", "http://127.0.0.1:1"),
            map: static app =>
            {
                app.MapGet("/own", static () => "own").WithGatewayPolicy(new LengthPolicy { Most = -1 });
                app.MapGatewayRoute("/orders", "orders").WithGatewayPolicy(new LengthPolicy { Most = -2 });
                app.MapGroup("/group").WithGatewayPolicy(new LengthPolicy { Most = -3 }).MapGet("/own", static () => "own");
            }));

        Assert.Contains(exception.Errors, static error => error.Path.Contains("/own", StringComparison.Ordinal) && error.Message.Contains("Most is -1", StringComparison.Ordinal));
        Assert.Contains(exception.Errors, static error => error.Message.Contains("Most is -3", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Annotations_hold_for_policies_that_are_added_to_gateway_routes()
    {
        var exception = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            services: static builder => builder.AddPolicy<LengthPolicy, LengthFilterFactory>("Length").AddCluster("orders", "http://127.0.0.1:1"),
            map: static app => app.MapGatewayRoute("/orders", "orders").WithGatewayPolicy(new LengthPolicy { Most = -2 })));

        var error = Assert.Single(exception.Errors);
        Assert.Equal("/orders:Length:Most", error.Path);
        Assert.Contains("Most is -2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Handler_for_a_cluster_that_does_not_exist_stops_the_start()
    {
        var exception = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            services: static builder => builder.AddCluster("orders", "http://127.0.0.1:1").UseUpstreamHandler("oders", static () => new SocketsHttpHandler())));

        Assert.Equal("UseUpstreamHandler(\"oders\")", Assert.Single(exception.Errors).Path);
    }

    private sealed record LengthPolicy : IGatewayPolicy
    {
        [Range(0, 10)]
        public required int Most { get; init; }

        public GatewayStage Stage => GatewayStage.Validate;

        public PolicyMode Mode { get; init; }
    }

    private sealed class LengthFilterFactory : GatewayFilterFactory<LengthPolicy>
    {
        protected override EndpointFilterDelegate Create(LengthPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) => next;
    }
}
