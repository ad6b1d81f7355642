using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Secrets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Identity.Introspection;

/// <summary>The code that docs/introspection.md shows.</summary>
public sealed class DocumentedIntrospectionTests
{
    [Fact]
    public async Task Example_asks_for_a_token()
    {
        Environment.SetEnvironmentVariable("INTROSPECTION_SECRET", "secret");
        await using var gateway = await TestHost.StartAsync(static builder => builder.Services.AddApiGateway(), MapOrders);
        using var response = await gateway.Client.GetAsync("/orders", TestContext.Current.CancellationToken);
        Assert.Equal(401, (int)response.StatusCode);
        Assert.Equal("Bearer realm=\"gatewaykit\"", response.Headers.WwwAuthenticate.ToString());
    }

    private static void MapOrders(WebApplication app)
    {
        app.MapGet("/orders", ListOrders).RequireIntrospection(new()
        {
            Name = "partners",
            Endpoint = new("https://login.example.com/oauth2/introspect"),
            ClientId = "gateway",
            ClientSecret = SecretReference.Parse("env:INTROSPECTION_SECRET"),
            Audiences = ["orders"],
        });
    }

    private static string ListOrders() => "orders";
}
