using GatewayKit.Identity.ApiKeys;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;

namespace GatewayKit.FunctionalTests.Identity.ExternalAuthorization;

/// <summary>A service that says who is calling.</summary>
public sealed class ExternalCallerTests
{
    [Theory]
    [InlineData("alice", "acme", true)]
    [InlineData("bob", "external-authorization/bob", false)]
    public async Task Field_of_the_answer_names_the_consumer(string said, string id, bool isRegistered)
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { ConsumerHeader = "X-Auth-User" });
        gateway.Service.Say(200, ("X-Auth-User", said));
        Assert.Equal(200, (await gateway.AskAsync("/own/x", ("X-Auth-User", "acme"))).Status);
        Assert.Equal((id, isRegistered), (gateway.Last.Consumer!.Id, gateway.Last.Consumer.IsRegistered));
    }

    [Fact]
    public async Task Nobody_takes_the_name_of_a_consumer_by_being_called_so()
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { ConsumerHeader = "X-Auth-User" });
        gateway.Service.Say(200, ("X-Auth-User", "acme"));
        Assert.Equal(200, (await gateway.AskAsync("/own/x")).Status);
        Assert.Equal("external-authorization/acme", gateway.Last.Consumer!.Id);
    }

    [Fact]
    public async Task Only_known_consumers_pass_where_that_is_asked_for()
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { ConsumerHeader = "X-Auth-User", RequireRegistered = true });
        gateway.Service.Say(200, ("X-Auth-User", "bob"));
        Assert.Equal((403, "forbidden"), ((await gateway.AskAsync("/route/x")).Status, (await gateway.AskAsync("/own/x")).Code));
        gateway.Service.Say(200, ("X-Auth-User", "alice"));
        Assert.Equal(200, (await gateway.AskAsync("/route/x")).Status);
    }

    [Theory]
    [InlineData()]
    [InlineData("alice", "bob")]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("\u00e4")]
    public async Task Answer_that_names_nobody_or_two_is_no_decision(params string[] said)
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { ConsumerHeader = "X-Auth-User" });
        gateway.Service.Say(200, [.. said.Select(static name => ("X-Auth-User", name))]);
        var answer = await gateway.AskAsync("/route/x");
        Assert.Equal((503, "auth-unavailable"), (answer.Status, answer.Code));
        Assert.Empty(gateway.Served);
    }

    [Fact]
    public async Task Limits_by_consumer_go_by_it()
    {
        await using var gateway = await AuthorizedGateway.StartAsync(
            static policy => policy with { ConsumerHeader = "X-Auth-User" },
            rules: static group => group.WithThrottling(new() { RequestsPerSecond = 0.001, Partition = GatewayKit.Throttling.ThrottlePartition.Consumer }));
        foreach (var (name, status) in ((string, int)[])[("alice", 200), ("bob", 200), ("alice", 429), ("bob", 429)])
        {
            gateway.Service.Say(200, ("X-Auth-User", name));
            Assert.Equal(status, (await gateway.AskAsync("/route/x")).Status);
        }
    }

    [Fact]
    public async Task Rule_alone_finds_out_nobody_and_what_needs_a_caller_says_so()
    {
        var failure = await Assert.ThrowsAnyAsync<Exception>(static () => AuthorizedGateway.StartAsync(rules: static group => group.RequireAccess(new() { Scopes = ["read"] })));
        Assert.Contains("finds out who is calling", failure.ToString(), StringComparison.Ordinal);

        failure = await Assert.ThrowsAnyAsync<Exception>(static () => AuthorizedGateway.StartAsync(way: static (group, policy) => group.RequireAnyOf(policy, new ApiKeyPolicy())));
        Assert.Contains("finds out nobody", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_several_ways_it_is_for_those_who_show_what_the_service_is_asked_about()
    {
        await using var gateway = await AuthorizedGateway.StartAsync(
            static policy => policy with { ConsumerHeader = "X-Auth-User", DestinationHeaders = ["X-Auth-User"] },
            services: static builder => builder.AddPolicy<HeaderIdentityPolicy, HeaderIdentityFilterFactory>("HeaderIdentity"),
            way: static (group, policy) => group.RequireAnyOf(policy, new HeaderIdentityPolicy()));
        gateway.Service.Say(200, ("X-Auth-User", "alice"));
        foreach (var path in (string[])["/route/x", "/own/x"])
        {
            Assert.Equal(200, (await gateway.AskAsync(path, ("X-Caller", "other||"), ("X-Auth-User", "mallory"))).Status);
            Assert.Null(gateway.Last["X-Auth-User"]);
        }

        Assert.Empty(gateway.Service.Questions);
        Assert.Equal(200, (await gateway.AskAsync("/own/x", ("Authorization", "Bearer t"), ("X-Auth-User", "mallory"))).Status);
        Assert.Equal(("acme", "alice"), (gateway.Last.Consumer!.Id, gateway.Last["X-Auth-User"]));
        Assert.Equal(403, (await gateway.AskAsync("/own/x", ("Authorization", "Bearer t"), ("X-Caller", "other||"))).Status);
        var nobody = await gateway.AskAsync("/own/x");
        Assert.Equal((401, "External realm=\"gatewaykit\" | Header"), (nobody.Status, nobody["WWW-Authenticate"]));
        gateway.Service.Say(401);
        Assert.Equal(401, (await gateway.AskAsync("/own/x", ("Authorization", "Bearer t"))).Status);
    }

    [Fact]
    public async Task In_shadow_it_finds_out_who_calls_and_refuses_nobody()
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { ConsumerHeader = "X-Auth-User", Mode = PolicyMode.Shadow });
        gateway.Service.Say(200, ("X-Auth-User", "alice"));
        Assert.Equal(200, (await gateway.AskAsync("/own/x")).Status);
        Assert.Equal("acme", gateway.Last.Consumer!.Id);
        gateway.Service.Say(401);
        Assert.Equal(200, (await gateway.AskAsync("/own/x")).Status);
        Assert.Null(gateway.Last.Consumer);
    }

    [Fact]
    public async Task Host_with_wrong_settings_does_not_start_and_tells_all_of_them()
    {
        var failure = await Assert.ThrowsAnyAsync<Exception>(static () => Hosting.TestHost.GatewayAsync(
            """
            { "Clusters": { "up": { "Destinations": { "a": { "Address": "http://127.0.0.1:1" } } } },
              "Routes": { "all": { "Match": { "Path": "/{**rest}" }, "Cluster": "up", "ExternalAuthorization": {
                "Url": "http://auth.example.com/", "RequestHeaders": [ "Connection" ], "DestinationHeaders": [ "Transfer-Encoding" ], "ClientHeaders": [ "Keep-Alive" ], "Timeout": "00:01:00", "CacheFor": "00:02:00", "FailOpen": true } } } }
            """));
        foreach (var part in (string[])["Routes:all:ExternalAuthorization:Url", ":RequestHeaders", ":DestinationHeaders", ":ClientHeaders", ":Timeout", ":CacheFor", ":FailOpen"])
        {
            Assert.Contains(part, failure.ToString(), StringComparison.Ordinal);
        }
    }
}
