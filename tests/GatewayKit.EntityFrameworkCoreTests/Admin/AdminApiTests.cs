using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using GatewayKit.EntityFrameworkCoreTests.Hosting;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.EntityFrameworkCoreTests.Admin;

/// <summary>What administrators do.</summary>
public sealed class AdminApiTests
{
    private const string Acme = """
        {
          "Id": "acme", "DisplayName": "Acme Ltd.", "Metadata": { "billing": "4711" },
          "Applications": { "shop": { "Scopes": [ "orders:read" ], "Subscriptions": { "orders": { "Plan": "gold", "Throttle": { "RequestsPerSecond": 5 } } } } }
        }
        """;

    [Fact]
    public async Task Partner_is_onboarded_in_one_call_that_shows_its_key()
    {
        await using var host = await AdminHost.StartWithStoreAsync();
        using var response = await host.SendAsync("POST", "consumers", Acme);
        var answer = (await response.Content.ReadFromJsonAsync<JsonObject>())!;

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal("/gateway-admin/consumers/acme", response.Headers.Location?.OriginalString);
        Assert.Equal("\"1\"", response.Headers.ETag?.Tag);
        Assert.True(response.Headers.CacheControl?.NoStore);
        Assert.True(ApiKey.TryParse((string)answer["NewKey"]!["Key"]!, out var key));
        Assert.Equal("shop", (string?)answer["NewKey"]!["Application"]);
        var stored = (await host.Store.GetAsync("acme", default))!.Consumer;
        Assert.Equal([key.ToStored()], Assert.Single(stored.Applications).Keys);
        Assert.Equal(("Acme Ltd.", "4711"), (stored.DisplayName, stored.Metadata["billing"]));
        Assert.Equal("gold", Assert.Single(stored.Applications[0].Subscriptions).Plan);
        Assert.Single(stored.Applications[0].Subscriptions[0].Policies);
        using var read = await host.SendAsync("GET", "consumers/ACME");
        Assert.Equal(answer["Consumer"]!.ToJsonString(), await read.Content.ReadAsStringAsync());
        Assert.Equal("\"1\"", read.Headers.ETag?.Tag);
    }

    [Theory]
    [InlineData("""{ "Id": "acme" }""", "consumers", true)]
    [InlineData("""{ "Id": "acme" }""", "consumers?newKey=false", false)]
    [InlineData("""{ "Id": "acme", "SigningKeys": { "acme-1": { "Algorithm": "HmacSha256", "Secret": "env:PATH" } } }""", "consumers", false)]
    [InlineData("""{ "Id": "acme", "Identities": [ "Bearer/acme" ] }""", "consumers", false)]
    [InlineData("""{ "Id": "acme", "Identities": [ "Bearer/acme" ] }""", "consumers?newKey=true", true)]
    [InlineData("""{ "id": "acme", "keys": { "abcd1234": { "hash": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ" } } }""", "consumers", false)]
    public async Task Key_is_made_for_who_has_no_credential(string document, string path, bool isMade)
    {
        await using var host = await AdminHost.StartWithStoreAsync();
        Assert.Equal(isMade, (await host.DoAsync("POST", path, document)).ContainsKey("NewKey"));
    }

    [Fact]
    public async Task All_that_is_wrong_is_told_at_once_and_nothing_is_written()
    {
        await using var host = await AdminHost.StartWithStoreAsync();
        using var unread = await host.SendAsync("POST", "consumers", """{ "DisplayNam": "x", "Applications": { "shop": { "State": "Gone", "Subscriptions": { "orders": { "Plan": "gold", "Trottle": {} } } } } }""");
        Assert.Equal(["Applications:shop:State", "Applications:shop:Subscriptions:orders:Trottle", "DisplayNam", "Id"], await ErrorsOf(unread));
        using var unfit = await host.SendAsync("POST", "consumers", """{ "Id": "a:b", "Plan": "bronze", "Subscriptions": { "orders": { "Plan": "silver" }, "stok": { "Plan": "old" } } }""");
        var errors = await ErrorsOf(unfit);
        Assert.Contains("Plan", errors);
        Assert.Contains("Subscriptions:orders:Plan", errors);
        Assert.Contains("Subscriptions:stok", errors);
        Assert.Contains("Subscriptions:stok:Plan", errors);
        Assert.Empty(await host.Store.ListAsync(null, 10, default));
    }

    [Fact]
    public async Task What_the_database_cannot_keep_is_told_with_its_place()
    {
        using var file = new SqliteFile();
        await using var host = await AdminHost.StartAsync(builder => builder.Services.AddApiGateway().AddEntityFrameworkConsumers(file.Use));
        using var refused = await host.SendAsync(
            "POST", "consumers", $$"""{ "Id": "acme", "DisplayName": "{{new string('x', 401)}}", "Applications": { "shop": { "Identities": [ "{{new string('y', 401)}}" ] } } }""");
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Equal(["Applications:shop:Identities", "DisplayName"], await ErrorsOf(refused));
    }

    [Fact]
    public async Task Key_for_signatures_is_kept_in_the_database_and_shows_no_secret()
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var file = new SqliteFile();
        var secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        await using var host = await AdminHost.StartAsync(builder =>
        {
            builder.Configuration["Partners:Acme"] = secret;
            builder.Services.AddApiGateway().AddEntityFrameworkConsumers(file.Use);
        });
        var document = new JsonObject
        {
            ["Id"] = "acme",
            ["SigningKeys"] = new JsonObject
            {
                ["acme-ec"] = new JsonObject { ["Algorithm"] = "EcdsaP256Sha256", ["PublicKey"] = pair.ExportSubjectPublicKeyInfoPem() },
                ["acme-hmac"] = new JsonObject { ["Algorithm"] = "HmacSha256", ["Secret"] = "config:Partners:Acme" },
            },
        };
        var answer = await host.DoAsync("POST", "consumers?newKey=false", document.ToJsonString());
        Assert.Equal("config:Partners:Acme", (string?)answer["Consumer"]!["SigningKeys"]!["acme-hmac"]!["Secret"]);
        Assert.Equal("acme", (await host.Store.FindAsync(CredentialKind.SigningKey, "acme-hmac", default))?.Id);
        Assert.Equal(pair.ExportSubjectPublicKeyInfoPem(), (await host.Store.FindAsync(CredentialKind.SigningKey, "acme-ec", default))!.SigningKeys.Single(static key => key.Id == "acme-ec").PublicKey);

        document["Id"] = "other";
        document["SigningKeys"] = new JsonObject { ["other"] = new JsonObject { ["Algorithm"] = "EcdsaP256Sha256", ["PublicKey"] = pair.ExportPkcs8PrivateKeyPem() } };
        using var refused = await host.SendAsync("POST", "consumers", document.ToJsonString());
        Assert.Equal(["SigningKeys:other"], await ErrorsOf(refused));
        Assert.DoesNotContain(secret, $"{host.Log}{answer}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("secret")]
    [InlineData("")]
    [InlineData("""{ "Id": "secret", "Id": "b" }""")]
    [InlineData("""{ "Id": 5 }""")]
    [InlineData("""{ "Id": null }""")]
    public async Task Content_that_is_no_document_is_refused_without_being_repeated(string content)
    {
        await using var host = await AdminHost.StartWithStoreAsync();
        using var response = await host.SendAsync("POST", "consumers", content);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.DoesNotContain("secret", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Consumer_is_replaced_by_who_has_read_its_last_version()
    {
        await using var host = await AdminHost.StartWithStoreAsync();
        await host.DoAsync("POST", "consumers", Acme);
        const string next = """{ "Id": "ACME", "DisplayName": "Acme", "Keys": {} }""";

        Assert.Equal("428 if-match-required", await AdminHost.ProblemOf(host.SendAsync("PUT", "consumers/acme", next)));
        Assert.Equal("412 changed", await AdminHost.ProblemOf(host.SendAsync("PUT", "consumers/acme", next, "\"0\"")));
        Assert.Equal("412 changed", await AdminHost.ProblemOf(host.SendAsync("PUT", "consumers/acme", next, "W/\"1\"")));
        Assert.Equal("400 invalid", await AdminHost.ProblemOf(host.SendAsync("PUT", "consumers/acme", next, "1")));
        Assert.Equal("404 not-found", await AdminHost.ProblemOf(host.SendAsync("PUT", "consumers/other", """{}""", "\"1\"")));
        using var other = await host.SendAsync("PUT", "consumers/acme", """{ "Id": "other" }""", "\"1\"");
        Assert.Equal(["Id"], await ErrorsOf(other));
        using var written = await host.SendAsync("PUT", "consumers/acme", next, "\"0\", \"1\"");
        Assert.Equal((HttpStatusCode.OK, "\"2\""), (written.StatusCode, written.Headers.ETag?.Tag));
        Assert.Equal(new(new() { Id = "acme", DisplayName = "Acme" }, "2"), await host.Store.GetAsync("acme", default));
        Assert.Equal("412 changed", await AdminHost.ProblemOf(host.SendAsync("PUT", "consumers/acme", next, "\"1\"")));
        Assert.Equal("412 changed", await AdminHost.ProblemOf(host.SendAsync("DELETE", "consumers/acme", version: "\"1\"")));
        Assert.Equal("412 changed", await AdminHost.ProblemOf(host.SendAsync("POST", "consumers/acme/suspend", version: "\"1\"")));
    }

    [Fact]
    public async Task What_was_read_can_be_written_back()
    {
        await using var host = await AdminHost.StartWithStoreAsync();
        await host.DoAsync("POST", "consumers", Acme);
        var before = await host.Store.GetAsync("acme", default);
        using var written = await host.SendAsync("PUT", "consumers/acme", (await host.DoAsync("GET", "consumers/acme")).ToJsonString(), "*");
        Assert.Equal(HttpStatusCode.OK, written.StatusCode);
        Assert.Equal(before!.Consumer, (await host.Store.GetAsync("acme", default))!.Consumer);
    }

    [Fact]
    public async Task Changes_without_a_version_are_made_on_whatever_is_there()
    {
        await using var host = await AdminHost.StartWithStoreAsync();
        await host.DoAsync("POST", "consumers", Acme);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => host.DoAsync("POST", "consumers/acme/suspend")).Append(host.DoAsync("POST", "consumers/acme/keys")));
        var stored = (await host.Store.GetAsync("acme", default))!.Consumer;
        Assert.Equal((ConsumerState.Suspended, 1), (stored.State, stored.Keys.Count));
        await host.DoAsync("POST", "consumers/acme/activate");
        Assert.Equal(ConsumerState.Active, (await host.Store.GetAsync("acme", default))!.Consumer.State);
    }

    [Fact]
    public async Task Keys_are_rotated_with_two_live_ones_at_most()
    {
        await using var host = await AdminHost.StartWithStoreAsync();
        var first = (string)(await host.DoAsync("POST", "consumers", Acme))["NewKey"]!["Id"]!;
        var second = await host.DoAsync("POST", "consumers/acme/keys", """{ "Application": "shop", "ExpiresAt": "2099-01-01T00:00:00Z", "Scopes": [ "orders:read" ], "Throttle": { "RequestsPerSecond": 1 } }""");
        var owner = await host.Store.FindAsync(CredentialKind.ApiKey, (string)second["Id"]!, default);
        Assert.NotNull(owner);
        IReadOnlyList<ConsumerKey> keys = owner.Applications[0].Keys;
        Assert.Equal(2, keys.Count);
        Assert.Equal(["orders:read"], keys[1].Scopes);
        Assert.Single(keys[1].Policies);
        Assert.Equal("2099-01-01T00:00:00.0000000+00:00", (string?)second["ExpiresAt"]);

        using var third = await host.SendAsync("POST", "consumers/acme/keys", """{ "Application": "shop" }""");
        Assert.Equal(["Applications:shop:Keys"], await ErrorsOf(third));
        await host.DoAsync("POST", $"consumers/acme/keys/{first}/revoke");
        await host.DoAsync("POST", "consumers/acme/keys", """{ "Application": "shop" }""");
        Assert.Equal([true, false, false], (await host.Store.GetAsync("acme", default))!.Consumer.Applications[0].Keys.Select(static one => one.IsRevoked));
        await host.DoAsync("DELETE", $"consumers/acme/keys/{first}");
        Assert.Null(await host.Store.FindAsync(CredentialKind.ApiKey, first, default));

        // Consumers have keys of their own beside those of their applications, and who has expired keys has room.
        await host.DoAsync("POST", "consumers/acme/keys", """{ "ExpiresAt": "2020-01-01T00:00:00Z" }""");
        await host.DoAsync("POST", "consumers/acme/keys");
        await host.DoAsync("POST", "consumers/acme/keys");
        Assert.Equal("404 not-found", await AdminHost.ProblemOf(host.SendAsync("POST", "consumers/acme/keys/nokey000/revoke")));
        Assert.Equal("404 not-found", await AdminHost.ProblemOf(host.SendAsync("POST", "consumers/acme/keys", """{ "Application": "none" }""")));
        using var own = await host.SendAsync("POST", "consumers/acme/keys", """{ "Hash": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ", "IsRevoked": true, "Scops": [] }""");
        Assert.Equal(["Hash", "IsRevoked", "Scops"], await ErrorsOf(own));
    }

    [Fact]
    public async Task Key_of_a_consumer_whose_plan_went_away_can_be_withdrawn()
    {
        await using var host = await AdminHost.StartWithStoreAsync();
        var key = ApiKey.Create();
        await host.Store.CreateAsync(new() { Id = "acme", Plan = "gone", Keys = [key.ToStored()], Subscriptions = [new() { Id = "gone", Plan = "gone" }] }, default);

        await host.DoAsync("POST", $"consumers/acme/keys/{key.Id}/revoke");
        await host.DoAsync("POST", "consumers/acme/suspend");

        Assert.True((await host.Store.GetAsync("acme", default))!.Consumer.Keys[0].IsRevoked);
        using var worse = await host.SendAsync("PUT", "consumers/acme/subscriptions/gone", """{ "Plan": "lost" }""");
        Assert.Equal(["Subscriptions:gone:Plan"], await ErrorsOf(worse));
    }

    [Fact]
    public async Task Subscriptions_change_plan_and_state()
    {
        await using var host = await AdminHost.StartWithStoreAsync();
        await host.DoAsync("POST", "consumers", Acme);
        await host.DoAsync("PUT", "consumers/acme/subscriptions/stock?application=shop", """{ "Plan": "gold" }""");
        await host.DoAsync("PUT", "consumers/acme/subscriptions/STOCK?application=shop", """{ "Plan": "silver", "State": "Suspended" }""");
        var subscriptions = (await host.Store.GetAsync("acme", default))!.Consumer.Applications[0].Subscriptions;
        Assert.Equal([("orders", "gold", SubscriptionState.Active), ("STOCK", "silver", SubscriptionState.Suspended)], subscriptions.Select(static one => (one.Id, one.Plan, one.State)));

        using var old = await host.SendAsync("PUT", "consumers/acme/subscriptions/orders?application=shop", """{ "Plan": "old" }""");
        Assert.Equal(["Applications:shop:Subscriptions:orders:Plan"], await ErrorsOf(old));
        using var unread = await host.SendAsync("PUT", "consumers/acme/subscriptions/orders", """{ "Pln": "gold" }""");
        Assert.Equal(["Plan", "Pln"], await ErrorsOf(unread));
        await host.DoAsync("DELETE", "consumers/acme/subscriptions/stock?application=shop");
        Assert.Equal("404 not-found", await AdminHost.ProblemOf(host.SendAsync("DELETE", "consumers/acme/subscriptions/stock?application=shop")));
        Assert.Equal("404 not-found", await AdminHost.ProblemOf(host.SendAsync("DELETE", "consumers/acme/subscriptions/orders?application=none")));
        Assert.Equal("404 not-found", await AdminHost.ProblemOf(host.SendAsync("DELETE", "consumers/acme/subscriptions/orders")));
    }

    [Fact]
    public async Task Consumer_is_removed()
    {
        await using var host = await AdminHost.StartWithStoreAsync();
        await host.DoAsync("POST", "consumers", Acme);
        using var removed = await host.SendAsync("DELETE", "consumers/acme");
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        Assert.Equal("404 not-found", await AdminHost.ProblemOf(host.SendAsync("GET", "consumers/acme")));
        Assert.Equal("404 not-found", await AdminHost.ProblemOf(host.SendAsync("DELETE", "consumers/acme")));
    }

    [Fact]
    public async Task Consumers_are_listed_by_pages()
    {
        await using var host = await AdminHost.StartWithStoreAsync();
        foreach (var id in (string[])["a", "b", "c ä"])
        {
            await host.DoAsync("POST", "consumers", $$"""{ "Id": "{{id}}" }""");
        }

        var page = await host.DoAsync("GET", "consumers?count=2");
        Assert.Equal(["a", "b"], page["Consumers"]!.AsArray().Select(static one => (string)one!["Id"]!));
        page = await host.DoAsync("GET", $"consumers?count=2&after={page["Next"]}");
        Assert.Equal(["c ä"], page["Consumers"]!.AsArray().Select(static one => (string)one!["Id"]!));
        Assert.False(page.ContainsKey("Next"));
        Assert.Equal("c ä", (string?)(await host.DoAsync("GET", "consumers/c%20%C3%A4"))["Id"]);
        Assert.Equal("400 invalid", await AdminHost.ProblemOf(host.SendAsync("GET", "consumers?count=1001")));
        Assert.Equal("400 invalid", await AdminHost.ProblemOf(host.SendAsync("GET", "consumers?count=x")));
    }

    [Fact]
    public async Task Plans_and_products_are_those_of_the_configuration()
    {
        await using var host = await AdminHost.StartAsync();
        Assert.Equal(["gold", "old", "silver"], (await host.DoAsync("GET", "plans"))["Plans"]!.AsObject().Select(static plan => plan.Key));
        Assert.Equal(["orders", "stock"], (await host.DoAsync("GET", "products"))["Products"]!.AsObject().Select(static product => product.Key));
    }

    [Fact]
    public async Task Consumers_and_credentials_of_the_configuration_are_taken()
    {
        await using var host = await AdminHost.StartWithStoreAsync();
        using var inner = await host.SendAsync("POST", "consumers", """{ "Id": "INNER", "Keys": { "innerKey": { "Hash": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ" } } }""");
        Assert.Equal(["Id", "Keys"], await ErrorsOf(inner));
        await host.DoAsync("POST", "consumers", """{ "Id": "acme", "Identities": [ "x" ] }""");
        Assert.Equal("409 exists", await AdminHost.ProblemOf(host.SendAsync("POST", "consumers", """{ "Id": "Acme" }""")));
        Assert.Equal("409 credential-taken", await AdminHost.ProblemOf(host.SendAsync("POST", "consumers", """{ "Id": "other", "Identities": [ "x" ] }""")));
    }

    private static async Task<string[]> ErrorsOf(HttpResponseMessage response)
    {
        var problem = (await response.Content.ReadFromJsonAsync<JsonObject>())!;
        Assert.True(problem["errors"] is not null, problem.ToJsonString());
        Assert.Equal((HttpStatusCode.BadRequest, "urn:gatewaykit:problem:invalid"), (response.StatusCode, (string?)problem["type"]));
        return [.. problem["errors"]!.AsObject().Select(static error => error.Key).Order(StringComparer.Ordinal)];
    }
}
