using System.Globalization;
using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Resilience.Faults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>The snippets of docs/fault-injection.md.</summary>
public sealed class DocumentedFaultTests
{
    [Fact]
    public async Task Faults_of_the_page_start_and_most_requests_pass()
    {
        await using var destination = await Upstream.StartAsync(static context => context.Response.WriteAsync("orders"));
        var upstream = destination.Address.ToString();
        await using var gateway = await TestHost.StartAsync(
            builder =>
            {
                builder.Services.AddApiGateway(static options => options.FaultInjection = true).AddCluster("orders", upstream);
            },
            static app =>
            {
                app.MapGatewayRoute("/orders/{**rest}", cluster: "orders").WithFaultInjection(new()
                {
                    Position = FaultPosition.Destination,
                    Delay = new() { Percent = 10, Time = TimeSpan.FromSeconds(2) },
                    Abort = new() { Percent = 5, Status = 503 },
                    Until = DateTimeOffset.Parse("2100-01-31T12:00:00Z", CultureInfo.InvariantCulture),
                });
            });
        using var answer = await gateway.Client.GetAsync("/orders/1", TestContext.Current.CancellationToken);
        Assert.Contains(answer.StatusCode, new[] { HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable });
    }
}
