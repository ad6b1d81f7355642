using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Pipeline;
using Microsoft.AspNetCore.Builder;
using static GatewayKit.FunctionalTests.Pipeline.Trail;

namespace GatewayKit.FunctionalTests.FrameworkFacts;

/// <summary>What routing makes of a path.</summary>
public sealed class PathFacts
{
    // D4: routing matches without regard to case, so policies belong to the endpoint and never to a path.
    [Theory]
    [InlineData("/route")]
    [InlineData("/ROUTE")]
    [InlineData("/own/x")]
    [InlineData("/OWN/X")]
    public async Task Upper_case_path_gets_the_same_policies(string path)
    {
        var refusing = new TrailPolicy("refusing") { Refuses = true };
        await using var gateway = await TestHost.GatewayAsync(services: builder => builder.AddTrail(), map: app =>
        {
            app.MapGatewayRoute(Route("route")).WithGatewayPolicy(refusing);
            app.MapGroup("/own").WithGatewayPolicy(refusing).MapGet("/x", () => "x");
        });

        using var response = await gateway.Client.GetAsync(path);

        Assert.Equal((HttpStatusCode.TooManyRequests, "refusing"), (response.StatusCode, Of(response)));
    }
}
