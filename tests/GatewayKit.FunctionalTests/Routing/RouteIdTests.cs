using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Routing;

public sealed class RouteIdTests
{
    [Fact]
    public async Task One_pattern_in_two_groups_is_two_routes_with_an_allowance_each()
    {
        await using var destination = await TestHost.StartAsync(map: static app => app.MapGet("/{**rest}", static () => "ok"));
        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder.AddCluster("stock", destination.Address.ToString()),
            map: static app =>
            {
                app.MapGroup("/a").MapGatewayRoute("/stock", "stock").WithThrottling(requestsPerSecond: 0.001);
                app.MapGroup("/b").MapGatewayRoute("/stock", "stock").WithThrottling(requestsPerSecond: 0.001);
            });

        Assert.Equal(HttpStatusCode.OK, await StatusOfAsync("/a/stock"));
        Assert.Equal(HttpStatusCode.OK, await StatusOfAsync("/b/stock"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await StatusOfAsync("/a/stock"));
        Assert.Equal(
            ["/a/stock", "/b/stock"],
            gateway.App.Services.GetRequiredService<GatewayKit.Pipeline.GatewayInspector>().Pipelines.Select(static pipeline => pipeline.Endpoint.RouteId).Order());

        async Task<HttpStatusCode> StatusOfAsync(string path)
        {
            using var answer = await gateway.Client.GetAsync(path);
            return answer.StatusCode;
        }
    }
}
