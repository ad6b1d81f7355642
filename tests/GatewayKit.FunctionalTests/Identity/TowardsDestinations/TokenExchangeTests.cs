using GatewayKit.Identity.Upstream;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Identity.TowardsDestinations;

public sealed class TokenExchangeTests
{
    [Fact]
    public async Task Each_callers_token_is_exchanged_once()
    {
        await using var server = await TokenServer.StartAsync();
        server.Answer = static (context, _) => TokenServer.GiveAsync(context, $"for-{context.Request.Form["subject_token"]}");
        await using var gateway = await CredentialedGateway.StartAsync(Policy(server, """, "Audience": "orders", "Scopes": [ "read" ] """));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("Bearer for-anna", (await gateway.SendAsync(("Authorization", "Bearer anna")))["Authorization"]);
            Assert.Equal("Bearer for-bert", (await gateway.SendAsync(("Authorization", "bearer bert")))["Authorization"]);
        }

        Assert.Equal(2, server.Requests.Count);
        Assert.Equal(
            [
                ("audience", "orders"),
                ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
                ("scope", "read"),
                ("subject_token", "anna"),
                ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ],
            server.Requests[0].Form.Select(static field => (field.Key, field.Value)).Order());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Basic YTpi")]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Bearer a b")]
    public async Task Request_without_a_token_is_refused(string? authorization)
    {
        await using var server = await TokenServer.StartAsync();
        await using var gateway = await CredentialedGateway.StartAsync(Policy(server));
        var seen = authorization is null ? await gateway.SendAsync() : await gateway.SendAsync(("Authorization", authorization));
        Assert.Equal(401, seen.Status);
        Assert.Contains("\"code\":\"unauthenticated\"", seen["body"], StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Token_that_the_server_refuses_is_the_callers_fault_and_nobody_elses()
    {
        await using var server = await TokenServer.StartAsync();
        server.Answer = static (context, _) => context.Request.Form["subject_token"] == "bad"
            ? TokenServer.SayAsync(context, 400, """{ "error": "invalid_request" }""")
            : TokenServer.GiveAsync(context, "good");
        await using var gateway = await CredentialedGateway.StartAsync(Policy(server));
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(401, (await gateway.SendAsync(("Authorization", "Bearer bad"))).Status);
        }

        Assert.Single(server.Requests);
        Assert.Equal("Bearer good", (await gateway.SendAsync(("Authorization", "Bearer fine")))["Authorization"]);
    }

    [Fact]
    public async Task Token_is_used_no_longer_than_it_may()
    {
        await using var server = await TokenServer.StartAsync();
        await using var gateway = await CredentialedGateway.StartAsync(Policy(server, """, "MaxAge": "00:00:10" """));
        Assert.Equal("Bearer token-1", (await gateway.SendAsync(("Authorization", "Bearer anna")))["Authorization"]);
        gateway.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("Bearer token-2", (await gateway.SendAsync(("Authorization", "Bearer anna")))["Authorization"]);
    }

    [Fact]
    public async Task Number_of_tokens_is_bounded()
    {
        await using var server = await TokenServer.StartAsync();
        await using var gateway = await CredentialedGateway.StartAsync(Policy(server, """, "MaxTokens": 100 """));
        for (var i = 0; i < 300; i++)
        {
            Assert.Equal(200, (await gateway.SendAsync(("Authorization", $"Bearer t{i}"))).Status);
        }

        var kept = gateway.App.Services.GetRequiredService<UpstreamTokens>().ExchangesInUse.Single();
        Assert.InRange(kept.Count, 50, 100);
    }

    private static string Policy(TokenServer server, string more = "") =>
        $$"""
        "UpstreamCredentials": { "TokenExchange": { "TokenEndpoint": "{{server.Endpoint}}", "ClientId": "gw", "ClientSecret": "config:Secrets:Client" {{more}} } }
        """;
}
