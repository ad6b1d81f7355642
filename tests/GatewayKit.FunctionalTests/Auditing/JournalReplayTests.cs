using GatewayKit.Auditing;
using GatewayKit.Auditing.Reading;
using GatewayKit.Throttling.Replay;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;

namespace GatewayKit.FunctionalTests.Auditing;

/// <summary>What was recorded is what other limits are tried on.</summary>
public sealed class JournalReplayTests
{
    [Fact]
    public async Task Limits_are_tried_on_what_the_journal_has_recorded()
    {
        await using var host = await AuditedHost.StartAsync(map: static app =>
        {
            app.MapGatewayRoute("/orders/{**rest}", cluster: "up").WithName("orders").WithAuditing(new AuditPolicy { RequestHeaders = ["X-Tenant"] });
            app.MapGatewayRoute("/stock/{**rest}", cluster: "up").WithName("stock").WithAuditing();
        });
        foreach (var tenant in (string[])["a", "a", "a", "b"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/orders/1") { Headers = { { "X-Tenant", tenant } } };
            using var answer = await host.Client.SendAsync(request);
            answer.EnsureSuccessStatusCode();
        }

        var route = (await host.StopAndReadRequestsAsync())[0].GetProperty("route").GetString();
        var log = new AuditLog(host.Folder);
        var report = await LimitReplay.RunAsync(Limits(route!), new JournalAccesses(log));
        Assert.Equal((4, 2), (report.Total.Requests, report.Total.Refused));

        var all = new List<AccessRecord>();
        await foreach (var record in new JournalAccesses(log))
        {
            all.Add(record);
        }

        Assert.All(all, static record => Assert.Equal((200, "127.0.0.1", 6L), (record.Status, record.Client?.ToString(), record.ResponseBytes)));
        Assert.Equal(["a", "a", "a", "b"], all.OrderBy(static record => record.Time).Select(static record => record.Headers!["X-Tenant"]));
    }

    private static IConfigurationSection Limits(string route) => new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
    {
        [$"Gateway:Routes:{route}:Match:Path"] = "/orders/{**rest}",
        [$"Gateway:Routes:{route}:Respond:Status"] = "200",
        [$"Gateway:Routes:{route}:Throttle:RequestsPerSecond"] = "0.001",
        [$"Gateway:Routes:{route}:Throttle:Burst"] = "1",
        [$"Gateway:Routes:{route}:Throttle:Partition"] = "Header:X-Tenant",
    }).Build().GetSection("Gateway");
}
