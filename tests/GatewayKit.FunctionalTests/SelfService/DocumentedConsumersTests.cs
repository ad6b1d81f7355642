using System.Text;
using System.Text.Json.Nodes;
using GatewayKit.Auditing.Journal;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.ApiKeys;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.SelfService;

/// <summary>The whole gateway that docs/consumers-and-plans.md shows.</summary>
public sealed class DocumentedConsumersTests
{
    private const string Configuration = """
        "Gateway": {
          "Journal": { "Directory": "audit" },
          "Defaults": { "Audit": {}, "ApiKey": {} },
          "Plans": {
            "small": { "Throttle": { "RequestsPerSecond": 2, "Burst": 5 }, "Quota": { "Limit": 1000, "Window": { "Calendar": "Month" } } },
            "large": { "Throttle": { "RequestsPerSecond": 100, "Burst": 200 } }
          },
          "Products": { "trade": { "Routes": [ "orders" ], "Plans": [ "small", "large" ] } },
          "Consumers": {
            "acme": { "Keys": { "4gKb09Zx": { "Hash": "…" } }, "Subscriptions": { "trade": { "Plan": "small" } } }
          },
          "Clusters": { "orders": { "Destinations": { "a": { "Address": "http://10.0.0.5:8080" } } } },
          "Routes": { "orders": { "Match": { "Path": "/orders/{**rest}" }, "Cluster": "orders" } }
        }
        """;

    [Fact]
    public async Task One_file_serves_a_subscriber_tells_what_is_left_and_records_who_called()
    {
        var folder = Directory.CreateTempSubdirectory("gatewaykit-consumers-");
        var key = ApiKey.Create();
        await using var upstream = await Upstream.StartAsync(static context => context.Response.WriteAsync("an order"));
        var configuration = Configuration.Replace("4gKb09Zx", key.Id, StringComparison.Ordinal).Replace("…", key.Hash, StringComparison.Ordinal).Replace("http://10.0.0.5:8080", $"{upstream.Address}", StringComparison.Ordinal);
        await using (var gateway = await TestHost.StartAsync(
            builder =>
            {
                builder.Configuration.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes($"{{ {configuration} }}")));
                builder.Services.AddApiGateway();
            },
            Map,
            contentRoot: folder.FullName))
        {
            gateway.Client.DefaultRequestHeaders.Add("X-Api-Key", key.Reveal());
            Assert.Equal("an order", await gateway.Client.GetStringAsync("/orders/1", TestContext.Current.CancellationToken));
            var subscription = JsonNode.Parse(await gateway.Client.GetStringAsync("/me", TestContext.Current.CancellationToken))!["subscriptions"]![0]!;
            Assert.Equal(("trade", "small"), ((string?)subscription["product"], (string?)subscription["plan"]));
            Assert.Equal(999, (int?)subscription["limits"]!.AsArray().Single(static limit => (string?)limit!["kind"] == "quota")!["remaining"]);
        }

        var lines = Directory.EnumerateFiles(folder.FullName, "*" + JournalPaths.Segment, SearchOption.AllDirectories).SelectMany(File.ReadLines).Where(static line => line.Contains("\"kind\":\"begin\"", StringComparison.Ordinal)).ToArray();
        Assert.Equal(2, lines.Length);
        Assert.Contains($"\"sub\":\"acme\",\"keyId\":\"{key.Id}\",\"product\":\"trade\",\"plan\":\"small\"", lines[0], StringComparison.Ordinal);
        folder.Delete(recursive: true);
    }

    private static void Map(WebApplication app)
    {
        app.MapGatewayRoutes();
        app.MapGatewaySelfService().RequireApiKey().WithAuditing();
    }
}
