using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Throttling;
using Microsoft.AspNetCore.Builder;

namespace GatewayKit.FunctionalTests.SelfService;

/// <summary>What docs/self-service.md shows.</summary>
public sealed partial class DocumentedSelfServiceTests
{
    [Theory]
    [InlineData(0, "/me")]
    [InlineData(1, "/account/limits")]
    public async Task Examples_start_and_answer(int example, string path)
    {
        await using var gateway = await TestHost.GatewayAsync(
            services: static gateway => gateway.AddConsumers([new() { Id = "acme", Keys = [PartnersGateway.Acme.ToStored()] }]),
            map: app => ((Action<WebApplication>[])[Map, MapAnyWay])[example](app));
        gateway.Client.DefaultRequestHeaders.Add("X-Api-Key", PartnersGateway.Acme.Reveal());
        Assert.Contains("\"acme\"", await gateway.Client.GetStringAsync(path, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    // Whoever writes a client by the page finds each name in an answer, and the other way round.
    [Fact]
    public async Task Answer_of_the_page_has_the_names_of_a_true_one()
    {
        await using var gateway = await PartnersGateway.StartAsync();
        var page = await File.ReadAllTextAsync(Path.Combine(FindDocs(), "self-service.md"), TestContext.Current.CancellationToken);
        var shown = JsonNode.Parse(Answer().Match(page).Groups["json"].Value)!;
        var (acme, shop) = (await gateway.LookAsync(PartnersGateway.Acme), await gateway.LookAsync(PartnersGateway.AcmeShop));
        await gateway.StatusAsync("/orders/1", PartnersGateway.Acme);
        Assert.Equal([.. NamesIn(acme).Concat(NamesIn(shop)).Concat(NamesIn(await gateway.LookAsync(PartnersGateway.Acme))).Distinct().Order()], NamesIn(shown).Distinct().Order());
    }

    private static IEnumerable<string> NamesIn(JsonNode? node) => node switch
    {
        JsonObject all => all.SelectMany(static one => NamesIn(one.Value).Prepend(one.Key)),
        JsonArray items => items.SelectMany(NamesIn),
        _ => [],
    };

    private static string FindDocs()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (Directory.Exists(Path.Combine(directory.FullName, "docs", "decisions")))
            {
                return Path.Combine(directory.FullName, "docs");
            }
        }

        throw new DirectoryNotFoundException("docs");
    }

    private static void Map(WebApplication app)
    {
        app.MapGatewaySelfService().RequireApiKey();
    }

    private static void MapAnyWay(WebApplication app)
    {
        app.MapGatewaySelfService("/account/limits")
           .RequireApiKey()
           .WithThrottling(new() { RequestsPerSecond = 5, Burst = 20, Partition = ThrottlePartition.Consumer });
    }

    [GeneratedRegex(@"## The answer.*?```json\n(?<json>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Answer();
}
