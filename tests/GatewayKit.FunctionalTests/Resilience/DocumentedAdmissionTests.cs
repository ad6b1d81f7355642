using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Resilience.Admission;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>The code that docs/admission-control.md shows.</summary>
public sealed class DocumentedAdmissionTests
{
    [Fact]
    public async Task Example_serves_and_counts()
    {
        await using var upstream = await Upstream.StartAsync(static context => context.Response.WriteAsync("found"));
        await using var gateway = await TestHost.GatewayAsync(services: builder => builder.AddCluster("search", upstream.Address.ToString()), map: Map);
        Assert.Equal("found", await gateway.Client.GetStringAsync("/search/1", TestContext.Current.CancellationToken));
        Assert.Equal("report", await gateway.Client.GetStringAsync("/report", TestContext.Current.CancellationToken));
        Assert.Equal([false, false], gateway.App.Services.GetRequiredService<Admissions>().InUse.Select(static one => one.IsCluster));
    }

    private static void Map(WebApplication app)
    {
        app.MapGet("/report", BuildReportAsync).WithAdmissionControl();

        app.MapGatewayRoute("/search/{**rest}", cluster: "search").WithAdmissionControl(new() { SuccessPercent = 90, MinRequestRate = 20 });
    }

    private static Task<string> BuildReportAsync() => Task.FromResult("report");
}
