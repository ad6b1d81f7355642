using System.Net;
using GatewayKit.Auditing;
using Microsoft.AspNetCore.Builder;

namespace GatewayKit.FunctionalTests.Auditing;

/// <summary>The examples of docs/auditing.md.</summary>
public sealed class DocumentedAuditTests
{
    [Fact]
    public async Task Routes_and_endpoints_of_the_host_are_recorded()
    {
        await using var host = await AuditedHost.StartAsync(map: static app =>
        {
            app.MapGatewayRoute("/orders/{**rest}", cluster: "up").WithAuditing();
            app.MapGet("/report", BuildReport).WithAuditing(AuditDelivery.Strict);
        });
        foreach (var path in new[] { "/orders/1", "/report" })
        {
            using var answer = await host.Client.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        Assert.Equal(4, (await host.StopAndReadRequestsAsync()).Count);
    }

    private static string BuildReport() => "report";
}
