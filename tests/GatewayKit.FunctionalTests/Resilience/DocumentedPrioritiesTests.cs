using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>The code that docs/priorities.md shows.</summary>
public sealed class DocumentedPrioritiesTests
{
    [Fact]
    public async Task Example_serves_and_counts_by_class()
    {
        await using var upstream = await Upstream.StartAsync(static context => context.Response.WriteAsync("paid"));
        await using var gateway = await TestHost.GatewayAsync(services: builder => builder.AddCluster("shop", upstream.Address.ToString()), map: Map);
        Assert.Equal("paid", await gateway.Client.GetStringAsync("/pay/1", TestContext.Current.CancellationToken));
        Assert.Equal("report", await gateway.Client.GetStringAsync("/report", TestContext.Current.CancellationToken));
        var bulkheads = gateway.App.Services.GetRequiredService<GatewayKit.Resilience.Bulkheads.Bulkheads>().InUse;
        Assert.Equal(["BestEffort", "Critical", "Standard"], bulkheads.SelectMany(static bulkhead => bulkhead.Requests.Classes).Select(static one => one.Name).Order(StringComparer.Ordinal));
    }

    private static void Map(WebApplication app)
    {
        app.MapGatewayRoute("/pay/{**rest}", cluster: "shop").WithRequestPriority(PriorityClass.Critical);

        app.MapGet("/report", BuildReportAsync)
            .WithRequestPriority(context => context.Request.Query.ContainsKey("preview") ? PriorityClass.Standard : PriorityClass.BestEffort)
            .WithBulkhead(new() { MaxInFlight = 20, Priorities = new() });
    }

    private static Task<string> BuildReportAsync() => Task.FromResult("report");
}
