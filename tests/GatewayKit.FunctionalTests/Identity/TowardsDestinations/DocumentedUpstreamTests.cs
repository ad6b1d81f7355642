using System.Text.Json;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Transforms;
using GatewayKit.Secrets;
using Microsoft.AspNetCore.Builder;

namespace GatewayKit.FunctionalTests.Identity.TowardsDestinations;

/// <summary>The code that docs/upstream-credentials.md shows.</summary>
public sealed class DocumentedUpstreamTests
{
    [Fact]
    public async Task Example_shows_the_key_and_nothing_of_what_the_client_says()
    {
        await using var upstream = await Hosting.Upstream.StartAsync(TransformedGateway.TellAsync);
        await using var gateway = await TestHost.GatewayAsync(services: builder => builder.AddCluster("stock", upstream.Address.ToString()), map: Map);
        gateway.Client.DefaultRequestHeaders.Add("X-Tenant", "all");
        var seen = JsonSerializer.Deserialize<Dictionary<string, string>>(await gateway.Client.GetStringAsync("/stock/1", TestContext.Current.CancellationToken))!;
        Assert.Equal(Environment.GetEnvironmentVariable("PATH"), seen["X-Stock-Key"]);
        Assert.DoesNotContain("X-Tenant", seen.Keys);
    }

    private static void Map(WebApplication app)
    {
        app.MapGatewayRoute("/stock/{**rest}", cluster: "stock")
            .WithUpstreamCredentials(new() { Static = new() { Header = "X-Stock-Key", Value = SecretReference.Parse("env:PATH") } })
            .WithIdentityHeaders(new() { Claims = new Dictionary<string, string> { ["tenant"] = "X-Tenant" } });
    }
}
