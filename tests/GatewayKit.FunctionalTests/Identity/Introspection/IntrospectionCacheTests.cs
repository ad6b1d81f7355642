using GatewayKit.FunctionalTests.Identity.TowardsDestinations;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Introspection;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Identity.Introspection;

/// <summary>What is asked once, how long that counts, and what becomes of those who guess.</summary>
public sealed class IntrospectionCacheTests
{
    [Fact]
    public async Task Token_is_asked_about_once_while_the_answer_counts_and_a_revoked_one_no_longer()
    {
        await using var server = await IntrospectionServer.StartAsync();
        server.Issue("token", "acme");
        await using var gateway = await CredentialedGateway.StartAsync(server.Policy());
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(200, await AskAsync(gateway, "token"));
        }

        Assert.Single(server.Requests);
        server.Tokens.Clear();
        gateway.Time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(200, await AskAsync(gateway, "token"));
        gateway.Time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(401, await AskAsync(gateway, "token"));
        Assert.Equal(401, await AskAsync(gateway, "token"));
        Assert.Equal(2, server.Requests.Count);
        server.Issue("token", "acme");
        gateway.Time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(200, await AskAsync(gateway, "token"));
    }

    [Fact]
    public async Task Nothing_is_kept_where_that_is_asked_for()
    {
        await using var server = await IntrospectionServer.StartAsync();
        server.Issue("token", "acme");
        await using var gateway = await CredentialedGateway.StartAsync(server.Policy(""", "CacheFor": "00:00:00" """));
        Assert.Equal(200, await AskAsync(gateway, "token"));
        server.Tokens.Clear();
        Assert.Equal(401, await AskAsync(gateway, "token"));
        server.Issue("token", "acme");
        Assert.Equal(200, await AskAsync(gateway, "token"));
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public async Task Many_requests_at_once_with_one_token_are_one_question()
    {
        await using var server = await IntrospectionServer.StartAsync();
        var answer = new TaskCompletionSource();
        server.Answer = async context =>
        {
            await answer.Task;
            await IntrospectionServer.SayAsync(context, 200, """{ "active": true, "client_id": "acme", "aud": "orders" }""");
        };
        await using var gateway = await CredentialedGateway.StartAsync(server.Policy());
        var asking = Enumerable.Range(0, 50).Select(_ => AskAsync(gateway, "token")).ToArray();
        await CredentialedGateway.UntilAsync(() => server.Requests.Count > 0);
        answer.SetResult();
        Assert.All(await Task.WhenAll(asking), static status => Assert.Equal(200, status));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Address_that_guesses_is_limited_and_tokens_in_use_pass()
    {
        await using var server = await IntrospectionServer.StartAsync();
        server.Issue("in-use", "acme");
        server.Issue("new", "acme");
        await using var gateway = await CredentialedGateway.StartAsync(
            server.Policy(), build: static builder => builder.Services.Configure<ApiKeyOptions>(static options => (options.FailuresPerMinute, options.FailureBurst) = (1, 5)));
        Assert.Equal(200, await AskAsync(gateway, "in-use"));
        foreach (var (status, number) in new[] { 401, 401, 401, 401, 401, 429, 429, 429 }.Select(static (status, number) => (status, number)))
        {
            Assert.Equal(status, await AskAsync(gateway, $"guess-{number}"));
        }

        Assert.Equal(6, server.Requests.Count);

        // Malformed ones count as well, and cost nobody anything.
        Assert.Equal(429, await AskAsync(gateway, "a b"));

        // One that nobody has seen waits like all others; one that held does not, also when it has to be asked about again.
        Assert.Equal(429, await AskAsync(gateway, "new"));
        gateway.Time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(200, await AskAsync(gateway, "in-use"));
        gateway.Time.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(200, await AskAsync(gateway, "new"));
    }

    // All at once, before the first has turned out to be wrong.
    [Fact]
    public async Task Tokens_that_come_together_count_together()
    {
        await using var server = await IntrospectionServer.StartAsync();
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Answer = async context =>
        {
            await answer.Task;
            await IntrospectionServer.SayAsync(context, 200, """{ "active": false }""");
        };
        await using var gateway = await CredentialedGateway.StartAsync(
            server.Policy(), build: static builder => builder.Services.Configure<ApiKeyOptions>(static options => (options.FailuresPerMinute, options.FailureBurst) = (1, 5)));
        var asking = Enumerable.Range(0, 40).Select(number => AskAsync(gateway, $"guess-{number}")).ToArray();
        await CredentialedGateway.UntilAsync(() => asking.Count(static one => one.IsCompleted) == 35);
        answer.SetResult();
        var answers = await Task.WhenAll(asking);
        Assert.Equal((5, 35), (answers.Count(static status => status is 401), answers.Count(static status => status is 429)));
        Assert.Equal(5, server.Requests.Count);
    }

    [Fact]
    public async Task Flood_of_tokens_that_nobody_issued_takes_no_memory_and_nothing_from_those_in_use()
    {
        await using var server = await IntrospectionServer.StartAsync();
        server.Issue("in-use", "acme");
        await using var gateway = await CredentialedGateway.StartAsync(
            server.Policy(""", "MaxTokens": 100 """), build: static builder => builder.Services.Configure<ApiKeyOptions>(static options => options.FailuresPerMinute = 0));
        Assert.Equal(200, await AskAsync(gateway, "in-use"));
        await Parallel.ForEachAsync(Enumerable.Range(0, 3_000), new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (number, _) =>
            Assert.Equal(401, await AskAsync(gateway, $"guess-{number}")));
        Assert.Equal(3_001, server.Requests.Count);
        var (holding, refused) = Assert.Single(gateway.App.Services.GetRequiredService<IntrospectionServers>().InUse).Count;
        Assert.Equal(1, holding);
        Assert.InRange(refused, 1, 100);
        Assert.Equal(200, await AskAsync(gateway, "in-use"));
        Assert.Equal(3_001, server.Requests.Count);
    }

    private static async Task<int> AskAsync(CredentialedGateway gateway, string token) => (await gateway.SendAsync(("Authorization", $"Bearer {token}"))).Status;
}
