using System.Text.Json.Nodes;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;
using GatewayKit.Throttling.Quotas;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.SelfService;

/// <summary>A gateway with two partners of different plans, and what each of them may see of itself.</summary>
internal sealed class PartnersGateway : IAsyncDisposable
{
    private const string Configuration = """
        {
          "Plans": {
            "small": { "Throttle": { "RequestsPerSecond": 1, "Burst": 3 } },
            "large": {
              "Throttle": { "RequestsPerSecond": 50, "Burst": 100 },
              "Quota": { "Limit": 1000, "Window": { "Calendar": "Month" } },
              "Concurrency": { "MaxInFlight": 4 }
            }
          },
          "Products": { "trade": { "Routes": [ "orders", "returns" ] }, "vault": { "Routes": [ "gold" ] } },
          "Routes": {
            "orders": { "Match": { "Path": "/orders/{**rest}", "Methods": [ "GET", "POST" ] }, "Respond": {}, "ApiKey": {} },
            "returns": { "Match": { "Path": "/returns" }, "Respond": {}, "ApiKey": { "Scopes": [ "returns:write" ] } },
            "gold": { "Match": { "Path": "/gold" }, "Respond": {}, "ApiKey": {} },
            "stock": { "Match": { "Path": "/stock" }, "Respond": {}, "ApiKey": {}, "Throttle": { "RequestsPerSecond": 5, "Burst": 20, "Partition": "Consumer" } },
            "inner": { "Match": { "Path": "/inner" }, "Respond": {}, "ApiKey": {}, "Access": { "Consumers": [ "somebody" ] } },
            "tokens": { "Match": { "Path": "/tokens" }, "Respond": {}, "HeaderIdentity": {} },
            "open": { "Match": { "Path": "/open" }, "Respond": {} }
          }
        }
        """;

    private PartnersGateway(TestHost host) => Host = host;

    public static ApiKey Acme { get; } = ApiKey.Create();

    public static ApiKey AcmeNext { get; } = ApiKey.Create();

    public static ApiKey AcmeRevoked { get; } = ApiKey.Create();

    public static ApiKey AcmeExpired { get; } = ApiKey.Create();

    public static ApiKey AcmeShop { get; } = ApiKey.Create();

    public static ApiKey Globex { get; } = ApiKey.Create();

    public static DateTimeOffset Start { get; } = new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero);

    public TestHost Host { get; }

    public FakeTimeProvider Time { get; private init; } = null!;

    private static Consumer[] Consumers =>
    [
        new()
        {
            Id = "acme",
            DisplayName = "Acme Ltd",
            Scopes = ["orders:read", "returns:write"],
            Metadata = new Dictionary<string, string> { ["billing"] = "4711" },
            Keys = [Acme.ToStored() with { ExpiresAt = Start.AddDays(90) }, AcmeNext.ToStored(), AcmeRevoked.ToStored() with { IsRevoked = true }, AcmeExpired.ToStored() with { ExpiresAt = Start.AddDays(-1) }],
            Subscriptions = [new() { Id = "trade", Plan = "large", ExpiresAt = Start.AddYears(1) }, new() { Id = "vault", Plan = "large", State = SubscriptionState.Suspended }],
            Applications = [new() { Id = "shop", Keys = [AcmeShop.ToStored()], Subscriptions = [new() { Id = "trade", Plan = "small" }] }],
        },
        new() { Id = "somebody" },
        new() { Id = "globex", Keys = [Globex.ToStored()], Subscriptions = [new() { Id = "trade", Plan = "small" }] },
    ];

    public static async Task<PartnersGateway> StartAsync(Action<GatewayBuilder>? services = null, Action<RouteGroupBuilder>? view = null)
    {
        var time = new FakeTimeProvider(Start);
        var host = await TestHost.GatewayAsync(
            Configuration,
            gateway =>
            {
                gateway.Services.AddSingleton<TimeProvider>(time).AddSingleton<IQuotaStore, InMemoryQuotaStore>();
                gateway.AddPolicy<Identity.HeaderIdentityPolicy, Identity.HeaderIdentityFilterFactory>("HeaderIdentity").AddConsumers(Consumers);
                services?.Invoke(gateway);
            },
            app =>
            {
                app.MapGatewayRoutes();
                var group = app.MapGatewaySelfService().RequireApiKey();
                view?.Invoke(group);
            });
        return new(host) { Time = time };
    }

    public async Task<HttpResponseMessage> SendAsync(string path, ApiKey? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (key is not null)
        {
            request.Headers.Add("X-Api-Key", key.Reveal());
        }

        return await Host.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public async Task<int> StatusAsync(string path, ApiKey? key)
    {
        using var response = await SendAsync(path, key);
        return (int)response.StatusCode;
    }

    public async Task<string> StatusesAsync(string path, ApiKey key, int count)
    {
        var statuses = new int[count];
        for (var i = 0; i < count; i++)
        {
            statuses[i] = await StatusAsync(path, key);
        }

        return string.Join(' ', statuses);
    }

    public async Task<string> TextAsync(ApiKey? key)
    {
        using var response = await SendAsync("/me", key);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    public async Task<JsonObject> LookAsync(ApiKey key) => JsonNode.Parse(await TextAsync(key))!.AsObject();

    /// <summary>How a limit of the first subscription stands: what is left, and after how many seconds there is more.</summary>
    public async Task<(long? Remaining, int? More)> LookAsync(ApiKey key, string kind)
    {
        var limit = (await LookAsync(key))["subscriptions"]![0]!["limits"]!.AsArray().Single(one => (string?)one!["kind"] == kind)!;
        return ((long?)limit["remaining"], (int?)limit["moreAfterSeconds"]);
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}
