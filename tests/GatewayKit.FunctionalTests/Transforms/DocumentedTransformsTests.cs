using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Transforms;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Transforms;

/// <summary>The code that docs/transforms.md shows, in both of its forms.</summary>
public sealed class DocumentedTransformsTests
{
    private const string Route = """
        "orders": {
          "Match": { "Path": "/orders/{**rest}" },
          "Cluster": "orders",
          "Transforms": [
            { "PathRemovePrefix": "/orders" },
            { "PathPrefix": "/v2" },
            { "RequestHeader": "X-Tenant", "Set": "blue" },
            { "ResponseHeader": "X-Content-Type-Options", "Set": "nosniff", "When": "Always" },
            { "RewriteLocation": true }
          ]
        }
        """;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Example_changes_what_the_page_says(bool json)
    {
        await using var destination = await Upstream.StartAsync(static context =>
        {
            var request = context.Request;
            context.Response.StatusCode = StatusCodes.Status201Created;
            context.Response.Headers.Location = $"{request.Scheme}://{request.Host}{request.Path}/42";
            return context.Response.WriteAsync($"{request.Path} for {request.Headers["X-Tenant"]}");
        });
        await using var gateway = await TestHost.GatewayAsync(
            json ? $$"""{ "Routes": { {{Route}} } }""" : null,
            builder => builder.AddCluster("orders", destination.Address.ToString()),
            json ? static app => app.MapGatewayRoutes() : Map);

        using var answer = await gateway.Client.GetAsync("/orders/new");

        Assert.Equal("/v2/new for blue", await answer.Content.ReadAsStringAsync());
        Assert.Equal("/orders/new/42", answer.Headers.Location?.OriginalString);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
    }

    private static void Map(WebApplication app)
    {
        app.MapGatewayRoute("/orders/{**rest}", cluster: "orders").WithTransforms(steps => steps
            .PathRemovePrefix("/orders")
            .PathPrefix("/v2")
            .RequestHeader("X-Tenant", set: "blue")
            .ResponseHeader("X-Content-Type-Options", set: "nosniff", when: ResponseCondition.Always)
            .RewriteLocation());
    }
}
