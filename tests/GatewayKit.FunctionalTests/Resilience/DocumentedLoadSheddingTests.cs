using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Shedding;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>The code that docs/load-shedding.md shows.</summary>
public sealed class DocumentedLoadSheddingTests
{
    [Fact]
    public async Task Example_serves_and_watches_the_host()
    {
        await using var host = await TestHost.StartAsync(
            static builder =>
            {
                builder.Services.AddApiGateway().AddLoadShedding(options => options.MaxCpuPercent = 90);
            },
            static app =>
            {
                app.MapGet("/report", BuildReportAsync).WithLoadShedding().WithRequestPriority(PriorityClass.BestEffort);
            });
        Assert.Equal("report", await host.Client.GetStringAsync("/report", TestContext.Current.CancellationToken));
        Assert.Equal(90, host.App.Services.GetRequiredService<IOptions<LoadSheddingOptions>>().Value.MaxCpuPercent);
    }

    private static Task<string> BuildReportAsync() => Task.FromResult("report");
}
