using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace GatewayKit.FunctionalTests.Identity.ExternalAuthorization;

/// <summary>The code that docs/external-authorization.md shows.</summary>
public sealed class DocumentedExternalAuthorizationTests
{
    [Fact]
    public async Task Example_asks_a_service()
    {
        await using var service = await AskedService.StartAsync();
        service.Say(200, ("X-Auth-User", "alice"), ("X-Auth-Roles", "buyer"));
        await using var host = await Hosting.TestHost.StartAsync(
            static builder => Microsoft.Extensions.DependencyInjection.GatewayServiceCollectionExtensions.AddApiGateway(builder.Services).AddCluster("orders", "http://127.0.0.1:1"),
            app => MapOrders(app, service.Url));
        using var answer = await host.Client.GetAsync("/orders/x", TestContext.Current.CancellationToken);
        Assert.Equal(502, (int)answer.StatusCode);
        service.Say(401);
        using var refusal = await host.Client.GetAsync("/orders/x", TestContext.Current.CancellationToken);
        Assert.Equal(401, (int)refusal.StatusCode);
        Assert.Equal(2, service.Questions.Count);
    }

    private static void MapOrders(IEndpointRouteBuilder app, Uri service)
    {
        app.MapGatewayRoute("/orders/{**rest}", cluster: "orders").RequireExternalAuthorization(new()
        {
            Url = service,
            ConsumerHeader = "X-Auth-User",
            DestinationHeaders = ["X-Auth-User", "X-Auth-Roles"],
        });
    }
}
