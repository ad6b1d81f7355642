using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.Cors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Identity;

/// <summary>The code that docs/cors.md shows.</summary>
public sealed class DocumentedCorsTests
{
    [Theory]
    [InlineData("/orders/1", "https://app.example.com", null)]
    [InlineData("/me", "https://admin.example.com", "true")]
    public async Task Example_serves_its_pages(string path, string origin, string? credentials)
    {
        await using var upstream = await Upstream.StartAsync(static context => context.Response.WriteAsync("order"));
        await using var gateway = await TestHost.GatewayAsync(services: builder => builder.AddCluster("shop", upstream.Address.ToString()), map: Map);
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Origin", origin } } };
        using var answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(origin, answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Equal(credentials, answer.Headers.TryGetValues("Access-Control-Allow-Credentials", out var values) ? values.Single() : null);
    }

    private static void Map(WebApplication app)
    {
        app.MapGatewayRoute("/orders/{**rest}", cluster: "shop").WithCors("https://app.example.com");

        app.MapGet("/me", ShowMe).WithCors(new GatewayCorsPolicy
        {
            Origins = ["https://app.example.com", "https://admin.example.com"],
            AllowCredentials = true,
            ExposedHeaders = ["ETag"],
        });
    }

    private static string ShowMe() => "me";
}
