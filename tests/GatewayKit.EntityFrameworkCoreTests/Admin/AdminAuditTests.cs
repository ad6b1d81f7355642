using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using GatewayKit.Admin;
using GatewayKit.Identity.Consumers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.EntityFrameworkCoreTests.Admin;

/// <summary>What is told of administrators, what is not, and what happens when the store is not there.</summary>
public sealed class AdminAuditTests
{
    [Fact]
    public async Task Every_change_is_told_to_every_observer_with_who_and_what()
    {
        var seen = new Observer();
        await using var host = await AdminHost.StartWithStoreAsync(new Observer { Failure = new InvalidOperationException("full") }, seen);
        var key = (string)(await host.DoAsync("POST", "consumers", """{ "Id": "acme", "Applications": { "shop": {} } }"""))["NewKey"]!["Id"]!;
        await host.DoAsync("POST", "consumers/ACME/suspend");
        await host.DoAsync("POST", "consumers/acme/activate");
        await host.DoAsync("PUT", "consumers/acme/subscriptions/stock?application=shop", """{ "Plan": "gold" }""");
        await host.DoAsync("DELETE", "consumers/acme/subscriptions/stock?application=shop");
        await host.DoAsync("POST", "consumers/acme/keys");
        await host.DoAsync("POST", $"consumers/acme/keys/{key}/revoke");
        await host.DoAsync("DELETE", $"consumers/acme/keys/{key}");
        (await host.SendAsync("PUT", "consumers/acme", "{}", "*")).EnsureSuccessStatusCode();
        (await host.SendAsync("DELETE", "consumers/acme")).EnsureSuccessStatusCode();
        (await host.SendAsync("DELETE", "consumers/acme")).Dispose();
        (await host.SendAsync("POST", "consumers", """{ "Id": "" }""")).Dispose();

        Assert.Equal(
            [
                GatewayAdminAction.ConsumerCreated, GatewayAdminAction.ConsumerSuspended, GatewayAdminAction.ConsumerActivated, GatewayAdminAction.SubscriptionChanged,
                GatewayAdminAction.SubscriptionDeleted, GatewayAdminAction.KeyCreated, GatewayAdminAction.KeyRevoked, GatewayAdminAction.KeyDeleted, GatewayAdminAction.ConsumerUpdated,
                GatewayAdminAction.ConsumerDeleted,
            ],
            seen.Changes.Select(static change => change.Action));
        Assert.All(seen.Changes, static change => Assert.Equal(("acme", "ann", "Test", IPAddress.Loopback), (change.ConsumerId, change.Actor, change.AuthenticationType, change.Address)));
        var changes = seen.Changes.ToArray();
        Assert.Equal((null, key), (changes[0].Before, changes[0].After!.Applications[0].Keys[0].Id));
        Assert.Equal((ConsumerState.Active, ConsumerState.Suspended), (changes[1].Before!.State, changes[1].After!.State));
        Assert.Equal(("stock", key), (changes[3].Subject, changes[6].Subject));
        Assert.Equal(new() { Id = "acme" }, changes[8].After);
        Assert.Equal((new() { Id = "acme" }, null), (changes[9].Before, changes[9].After));
        Assert.Equal(10, host.Log.Events.Count(static id => id == 1980));
        Assert.Equal(10, host.Log.Events.Count(static id => id == 1982));
    }

    [Fact]
    public async Task No_secret_is_told_but_in_the_answer_that_it_was_made_for()
    {
        var seen = new Observer();
        await using var host = await AdminHost.StartWithStoreAsync(seen);
        List<string> secrets = [(string)(await host.DoAsync("POST", "consumers", """{ "Id": "acme" }"""))["NewKey"]!["Key"]!];
        secrets.Add((string)(await host.DoAsync("POST", "consumers/acme/keys"))["Key"]!);
        var answers = new List<string>
        {
            (await host.DoAsync("GET", "consumers/acme")).ToJsonString(), (await host.DoAsync("GET", "consumers")).ToJsonString(),
            (await host.DoAsync("POST", "consumers/acme/suspend")).ToJsonString(),
        };

        // A key where an id, a hash, a name of a key or a document should be.
        foreach (var (method, path, json) in ((string, string, string?)[])
        [
            ("POST", "consumers", $$"""{ "Id": "other", "Keys": { "abcd1234": { "Hash": "{{secrets[0]}}" } } }"""),
            ("POST", "consumers", $"\"{secrets[0]}\""),
            ("POST", "consumers", secrets[0]),
            ("POST", "consumers/acme/keys", $"[\"{secrets[0]}\"]"),
        ])
        {
            using var response = await host.SendAsync(method, path, json);
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            answers.Add(await response.Content.ReadAsStringAsync());
        }

        var everything = string.Join('\n', [.. answers, $"{host.Log}", .. seen.Changes.Select(static change => $"{change} {change.Before} {change.After}"), $"{(await host.Store.GetAsync("acme", default))!.Consumer}"]);
        foreach (var part in secrets.SelectMany(static secret => (string[])[secret, secret.Split('_')[3]]))
        {
            Assert.DoesNotContain(part, everything, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Without_a_store_that_can_be_written_the_answer_says_what_adds_one()
    {
        await using var host = await AdminHost.StartAsync();
        foreach (var (method, path, json) in ((string, string, string?)[])
        [
            ("GET", "consumers", null), ("GET", "consumers/inner", null), ("POST", "consumers", """{ "Id": "acme" }"""), ("PUT", "consumers/acme", "{}"), ("DELETE", "consumers/acme", null),
            ("POST", "consumers/acme/keys", null), ("POST", "consumers/acme/suspend", null), ("PUT", "consumers/acme/subscriptions/stock", """{ "Plan": "gold" }"""),
        ])
        {
            using var response = await host.SendAsync(method, path, json, "*");
            Assert.Equal(HttpStatusCode.NotImplemented, response.StatusCode);
            Assert.Contains("AddEntityFrameworkConsumers()", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Store_that_fails_is_told_and_no_change_is()
    {
        var seen = new Observer();
        await using var host = await AdminHost.StartAsync(builder => builder.Services.AddSingleton<IGatewayAdminObserver>(seen), store: new FailingStore());
        foreach (var (method, path, json) in ((string, string, string?)[])
        [
            ("GET", "consumers", null), ("GET", "consumers/acme", null), ("POST", "consumers", """{ "Id": "acme" }"""), ("DELETE", "consumers/acme", null), ("POST", "consumers/acme/keys", null),
        ])
        {
            Assert.Equal("503 store-unavailable", await AdminHost.ProblemOf(host.SendAsync(method, path, json)));
        }

        Assert.Empty(seen.Changes);
        Assert.Contains(1981, host.Log.Events);
        Assert.Contains(1983, host.Log.Events);
    }

    [Fact]
    public async Task Descriptions_of_the_api_have_its_endpoints_with_their_parameters()
    {
        await using var host = await AdminHost.StartAsync(static builder => builder.Services.AddEndpointsApiExplorer());
        var all = host.Services.GetRequiredService<IApiDescriptionGroupCollectionProvider>().ApiDescriptionGroups.Items.SelectMany(static group => group.Items).ToArray();
        var subscribe = Assert.Single(all, static one => one.HttpMethod == "PUT" && one.RelativePath!.EndsWith("subscriptions/{product}", StringComparison.Ordinal));
        Assert.Equal([("id", "Path"), ("product", "Path"), ("application", "Query"), ("document", "Body")], subscribe.ParameterDescriptions.Select(static one => (one.Name, one.Source.Id)));
        Assert.Equal(14, all.Count(static one => one.RelativePath!.StartsWith("gateway-admin/", StringComparison.Ordinal)));
    }

    private sealed class Observer : IGatewayAdminObserver
    {
        public ConcurrentQueue<GatewayAdminChange> Changes { get; } = new();

        public Exception? Failure { get; init; }

        public ValueTask ChangedAsync(GatewayAdminChange change, CancellationToken cancellationToken)
        {
            Changes.Enqueue(change);
            return Failure is null ? default : ValueTask.FromException(Failure);
        }
    }

    private sealed class FailingStore : IConsumerRepository
    {
        public string Name => "failing";

        public ValueTask<Consumer?> FindAsync(CredentialKind kind, string id, CancellationToken cancellationToken) => throw new TimeoutException();

        public ValueTask<ConsumerChanges> ReadChangesAsync(string? cursor, CancellationToken cancellationToken) => throw new TimeoutException();

        public ValueTask<StoredConsumer?> GetAsync(string id, CancellationToken cancellationToken) => throw new TimeoutException();

        public ValueTask<IReadOnlyList<StoredConsumer>> ListAsync(string? after, int count, CancellationToken cancellationToken) => throw new TimeoutException();

        public ValueTask<ConsumerWrite> CreateAsync(Consumer consumer, CancellationToken cancellationToken) => throw new TimeoutException();

        public ValueTask<ConsumerWrite> UpdateAsync(Consumer consumer, string version, CancellationToken cancellationToken) => throw new TimeoutException();

        public ValueTask<ConsumerWrite> DeleteAsync(string id, string version, CancellationToken cancellationToken) => throw new TimeoutException();
    }
}
