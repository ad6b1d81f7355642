using System.Text.Json.Nodes;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Quotas;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.SelfService;

/// <summary>What partners see of themselves, over sockets.</summary>
public sealed class SelfServiceTests
{
    [Fact]
    public async Task Partner_sees_who_it_is_what_it_may_call_and_what_is_left()
    {
        await using var gateway = await PartnersGateway.StartAsync();
        Assert.Equal(200, await gateway.StatusAsync("/orders/1", PartnersGateway.Acme));
        Assert.Equal(200, await gateway.StatusAsync("/stock", PartnersGateway.Acme));

        AssertJson(
            $$"""
            {
              "consumer": { "id": "acme", "name": "Acme Ltd" },
              "credential": { "kind": "api-key", "id": "{{PartnersGateway.Acme.Id}}", "expiresAt": "2026-06-08T12:00:00+00:00", "scopes": [ "orders:read", "returns:write" ] },
              "otherKeys": [ { "kind": "api-key", "id": "{{PartnersGateway.AcmeNext.Id}}" } ],
              "subscriptions": [ {
                "product": "trade",
                "expiresAt": "2027-03-10T12:00:00+00:00",
                "plan": "large",
                "limits": [
                  { "kind": "rate", "name": "plan", "unit": "requests", "limit": 50, "windowSeconds": 1, "burst": 100, "isKnown": true, "remaining": 99, "moreAfterSeconds": 1 },
                  { "kind": "quota", "name": "month", "unit": "requests", "limit": 1000, "window": "month", "isKnown": true, "remaining": 999, "moreAfterSeconds": 1857600, "resetsAt": "2026-04-01T00:00:00+00:00" },
                  { "kind": "concurrency", "name": "inflight", "unit": "requests in flight", "limit": 4, "isKnown": true, "remaining": 4 }
                ],
                "routes": [ { "paths": [ "/orders/{**rest}" ], "methods": [ "GET", "POST" ] }, { "paths": [ "/returns" ] } ]
              } ],
              "general": {
                "limits": [],
                "routes": [ { "paths": [ "/stock" ], "limits": [ { "kind": "rate", "name": "consumer", "unit": "requests", "limit": 5, "windowSeconds": 1, "burst": 20, "isKnown": true, "remaining": 19, "moreAfterSeconds": 1 } ] } ]
              }
            }
            """,
            await gateway.TextAsync(PartnersGateway.Acme));
    }

    // The end of a month is no matter of when somebody looks.
    [Fact]
    public async Task Date_of_a_reset_is_the_end_of_the_window_to_the_tick()
    {
        await using var gateway = await PartnersGateway.StartAsync();
        Assert.Equal(200, await gateway.StatusAsync("/orders/1", PartnersGateway.Acme));
        gateway.Time.AutoAdvanceAmount = TimeSpan.FromMilliseconds(1.5);
        Assert.Contains("\"resetsAt\":\"2026-04-01T00:00:00+00:00\"", await gateway.TextAsync(PartnersGateway.Acme), StringComparison.Ordinal);
    }

    // Without the scope there is no way to /returns, so that nothing is said of it.
    [Fact]
    public async Task Partner_of_the_small_plan_sees_its_own_and_nothing_else()
    {
        await using var gateway = await PartnersGateway.StartAsync();
        Assert.Equal(200, await gateway.StatusAsync("/orders/1", PartnersGateway.Globex));
        Assert.Equal(200, await gateway.StatusAsync("/orders/1", PartnersGateway.Acme));

        AssertJson(
            $$"""
            {
              "consumer": { "id": "globex" },
              "credential": { "kind": "api-key", "id": "{{PartnersGateway.Globex.Id}}", "scopes": [] },
              "otherKeys": [],
              "subscriptions": [ {
                "product": "trade",
                "plan": "small",
                "limits": [ { "kind": "rate", "name": "plan", "unit": "requests", "limit": 1, "windowSeconds": 1, "burst": 3, "isKnown": true, "remaining": 2, "moreAfterSeconds": 1 } ],
                "routes": [ { "paths": [ "/orders/{**rest}" ], "methods": [ "GET", "POST" ] } ]
              } ],
              "general": {
                "limits": [],
                "routes": [ { "paths": [ "/stock" ], "limits": [ { "kind": "rate", "name": "consumer", "unit": "requests", "limit": 5, "windowSeconds": 1, "burst": 20, "isKnown": true, "remaining": 20 } ] } ]
              }
            }
            """,
            await gateway.TextAsync(PartnersGateway.Globex));
    }

    [Fact]
    public async Task Nothing_of_others_and_no_secret_is_ever_in_an_answer()
    {
        await using var gateway = await PartnersGateway.StartAsync();
        (ApiKey Key, string Name)[] callers = [(PartnersGateway.Acme, "acme"), (PartnersGateway.AcmeNext, "acme"), (PartnersGateway.AcmeShop, "acme"), (PartnersGateway.Globex, "globex")];
        ApiKey[] all = [PartnersGateway.Acme, PartnersGateway.AcmeNext, PartnersGateway.AcmeRevoked, PartnersGateway.AcmeExpired, PartnersGateway.AcmeShop, PartnersGateway.Globex];
        foreach (var (key, name) in callers)
        {
            var text = await gateway.TextAsync(key);
            Assert.Contains($"\"{name}\"", text, StringComparison.Ordinal);
            Assert.DoesNotContain(name == "acme" ? "globex" : "acme", text, StringComparison.OrdinalIgnoreCase);
            Assert.All(all, one => Assert.DoesNotContain(one.Reveal().Split('_')[3], text, StringComparison.Ordinal));
            Assert.All(all, one => Assert.DoesNotContain(one.Hash, text, StringComparison.Ordinal));
            Assert.All((string[])["vault", "/gold", "/inner", "/tokens", "/open", "somebody", "4711", "billing", PartnersGateway.AcmeRevoked.Id, PartnersGateway.AcmeExpired.Id], word => Assert.DoesNotContain(word, text, StringComparison.Ordinal));
        }

        // What an application has is not for the consumer's own keys to see, and the other way round.
        Assert.DoesNotContain(PartnersGateway.AcmeShop.Id, await gateway.TextAsync(PartnersGateway.Acme), StringComparison.Ordinal);
        Assert.DoesNotContain(PartnersGateway.Acme.Id, await gateway.TextAsync(PartnersGateway.AcmeShop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Application_sees_its_own_subscription_and_its_own_plan()
    {
        await using var gateway = await PartnersGateway.StartAsync();
        var shop = await gateway.LookAsync(PartnersGateway.AcmeShop);
        Assert.Equal(("acme", "shop"), ((string?)shop["consumer"]!["id"], (string?)shop["application"]));
        Assert.Equal("small", (string?)Assert.Single(shop["subscriptions"]!.AsArray())!["plan"]);

        // What it takes of its subscription nobody else has taken.
        Assert.Equal(200, await gateway.StatusAsync("/orders/1", PartnersGateway.AcmeShop));
        Assert.Equal((2, 1), await gateway.LookAsync(PartnersGateway.AcmeShop, "rate"));
        Assert.Equal((100, null), await gateway.LookAsync(PartnersGateway.Acme, "rate"));
    }

    [Fact]
    public async Task What_the_view_says_is_what_requests_find()
    {
        await using var gateway = await PartnersGateway.StartAsync();
        Assert.Equal((3, null), await gateway.LookAsync(PartnersGateway.Globex, "rate"));
        for (var left = 2; left >= 0; left--)
        {
            Assert.Equal(200, await gateway.StatusAsync("/orders/1", PartnersGateway.Globex));
            Assert.Equal((left, 1), await gateway.LookAsync(PartnersGateway.Globex, "rate"));
        }

        Assert.Equal(429, await gateway.StatusAsync("/orders/1", PartnersGateway.Globex));
        gateway.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((1, 1), await gateway.LookAsync(PartnersGateway.Globex, "rate"));
        Assert.Equal("200 429", await gateway.StatusesAsync("/orders/1", PartnersGateway.Globex, 2));
    }

    [Fact]
    public async Task Looking_takes_nothing_however_often()
    {
        await using var gateway = await PartnersGateway.StartAsync(
            view: static group => group.WithThrottling(new() { RequestsPerSecond = 100_000, Burst = 100_000, Partition = ThrottlePartition.Consumer }));
        for (var i = 0; i < 1_000; i++)
        {
            Assert.Equal(200, await gateway.StatusAsync("/me", PartnersGateway.Globex));
        }

        Assert.Equal("200 200 200 429", await gateway.StatusesAsync("/orders/1", PartnersGateway.Globex, 4));
    }

    [Fact]
    public async Task View_has_a_pace_of_its_own_for_each_consumer()
    {
        await using var gateway = await PartnersGateway.StartAsync();
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(200, await gateway.StatusAsync("/me", PartnersGateway.Globex));
        }

        using var refused = await gateway.SendAsync("/me", PartnersGateway.Globex);
        Assert.Equal(429, (int)refused.StatusCode);
        Assert.Equal("no-store", refused.Headers.CacheControl?.ToString());
        Assert.Equal("self-service", (string?)JsonNode.Parse(await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["violated-policies"]![0]);
        Assert.Equal(200, await gateway.StatusAsync("/me", PartnersGateway.Acme));
        gateway.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(200, await gateway.StatusAsync("/me", PartnersGateway.Globex));
    }

    [Fact]
    public async Task Who_is_nobody_sees_nothing()
    {
        await using var gateway = await PartnersGateway.StartAsync();
        foreach (var key in (ApiKey?[])[null, PartnersGateway.AcmeRevoked, PartnersGateway.AcmeExpired, ApiKey.Create()])
        {
            using var response = await gateway.SendAsync("/me", key);
            var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.Equal((401, "application/problem+json", "no-store"), ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, response.Headers.CacheControl?.ToString()));
            Assert.DoesNotContain("acme", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Answers_are_not_to_be_stored()
    {
        await using var gateway = await PartnersGateway.StartAsync();
        using var response = await gateway.SendAsync("/me", PartnersGateway.Acme);
        Assert.Equal(("application/json", "no-store"), (response.Content.Headers.ContentType?.MediaType, response.Headers.CacheControl?.ToString()));
    }

    [Fact]
    public async Task Places_that_requests_hold_are_not_left()
    {
        var (inside, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var upstream = await Upstream.StartAsync(async _ =>
        {
            inside.TrySetResult();
            await go.Task;
        });
        await using var gateway = await TestHost.GatewayAsync(
            """{ "Plans": { "p": { "Concurrency": { "MaxInFlight": 3 } } } }""",
            gateway => gateway.AddCluster("up", upstream.Address.ToString()).AddConsumers([new() { Id = "acme", Plan = "p", Keys = [PartnersGateway.Acme.ToStored()] }]),
            static app =>
            {
                app.MapGatewayRoute("/slow", cluster: "up").RequireApiKey();
                app.MapGatewaySelfService("/account").RequireApiKey();
            });
        gateway.Client.DefaultRequestHeaders.Add("X-Api-Key", PartnersGateway.Acme.Reveal());
        var slow = gateway.Client.GetAsync(new Uri("/slow", UriKind.Relative), TestContext.Current.CancellationToken);
        await inside.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        var general = JsonNode.Parse(await gateway.Client.GetStringAsync("/account", TestContext.Current.CancellationToken))!["general"]!;
        go.SetResult();
        (await slow).Dispose();
        Assert.Equal(("p", 2L), ((string?)general["plan"], (long?)general["limits"]![0]!["remaining"]));
    }

    [Fact]
    public async Task What_cannot_be_read_is_unknown()
    {
        await using var gateway = await PartnersGateway.StartAsync(static gateway => gateway.Services.AddSingleton<IQuotaStore, BlindStore>());
        var limits = (await gateway.LookAsync(PartnersGateway.Acme))["subscriptions"]![0]!["limits"]!.AsArray();
        AssertJson("""{ "kind": "quota", "name": "month", "unit": "requests", "limit": 1000, "window": "month", "isKnown": false }""", limits[1]!.ToJsonString());
        Assert.Equal(100, (long?)limits[0]!["remaining"]);
    }

    private static void AssertJson(string expected, string actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(actual)), $"Expected: {JsonNode.Parse(expected)!.ToJsonString()}\nActual:   {actual}");

    // A store of somebody's own, from before there was anything to read.
    private sealed class BlindStore : IQuotaStore
    {
        public ReadOnlyMemory<byte> Secret { get; } = new byte[32];

        public ValueTask<QuotaAnswer> ReserveAsync(QuotaKey key, QuotaRule rule, long cost, TimeSpan settleWithin, CancellationToken cancellationToken) => new(new QuotaAnswer { IsAccepted = true });

        public ValueTask<QuotaAnswer> SettleAsync(QuotaReservation reservation, QuotaRule rule, long cost, CancellationToken cancellationToken) => new(new QuotaAnswer { IsAccepted = true });
    }
}
