using System.Collections.Concurrent;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Identity.Schemes;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.AnyOf;
using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.Schemes;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace GatewayKit.FunctionalTests.Identity;

/// <summary>One of several credentials is enough, and all that are there have to hold.</summary>
public sealed class AnyOfTests
{
    private static readonly ApiKey Key = ApiKey.Create();

    [Theory]
    [InlineData(true, null, 200)]
    [InlineData(false, "client_id=shop", 200)]
    [InlineData(false, "client_id=somebody", 200)]
    [InlineData(true, "client_id=shop", 200)]
    [InlineData(true, "client_id=somebody", 403)]
    [InlineData(true, "wrong", 401)]
    [InlineData(false, "wrong", 401)]
    [InlineData(true, "unavailable", 503)]
    [InlineData(false, null, 401)]
    public async Task Every_credential_that_is_there_counts(bool hasKey, string? word, int status)
    {
        await using var gateway = await StartAsync(new AnyOfPolicy { Policies = [new ApiKeyPolicy(), new IdentityPolicy { Schemes = ["Word"] }] });
        Assert.Equal(status, await AskAsync(gateway.Gateway, hasKey, word));
        await using var reversed = await StartAsync(new AnyOfPolicy { Policies = [new IdentityPolicy { Schemes = ["Word"] }, new ApiKeyPolicy()] });
        Assert.Equal(status, await AskAsync(reversed.Gateway, hasKey, word));
    }

    // Whatever it is, the destination would read it beside a caller who has shown something else.
    [Theory]
    [InlineData("Basic YTpi")]
    [InlineData("DPoP abc")]
    [InlineData("Word\tclient_id=somebody")]
    [InlineData("Bearer\tabc")]
    public async Task Authorization_that_no_way_has_looked_at_goes_nowhere(string authorization)
    {
        foreach (ICredentialPolicy[] ways in (ICredentialPolicy[][])[[new ApiKeyPolicy(), new IdentityPolicy { Schemes = ["Word"] }], [new IdentityPolicy { Schemes = ["Word"] }, new ApiKeyPolicy()]])
        {
            await using var gateway = await StartAsync(new AnyOfPolicy { Policies = ways });
            using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { { "X-Api-Key", Key.Reveal() } } };
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
            using var answer = await gateway.Gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal((401, 0), ((int)answer.StatusCode, gateway.Seen.Count));
        }
    }

    // Where no way looks there it is the destination's own.
    [Fact]
    public async Task Authorization_that_is_no_way_goes_on()
    {
        await using var gateway = await StartAsync(new AnyOfPolicy { Policies = [new ApiKeyPolicy(), new GatewayKit.Identity.RequestSignatures.SignaturePolicy()] });
        Assert.Equal(200, await AskAsync(gateway.Gateway, hasKey: true, "client_id=shop"));
        Assert.Equal("Word client_id=shop", Assert.Single(gateway.Seen).Authorization);
    }

    [Theory]
    [InlineData(PolicyMode.Enforce, 100, false)]
    [InlineData(PolicyMode.Shadow, 100, true)]
    [InlineData(PolicyMode.Off, 100, true)]
    public async Task Credentials_stay_at_the_gateway_only_where_it_is_in_force(PolicyMode mode, int percent, bool isSentOn)
    {
        await using var gateway = await StartAsync(new AnyOfPolicy { Mode = mode, EnforcePercent = percent, Policies = [new ApiKeyPolicy(), new IdentityPolicy { Schemes = ["Word"] }] });
        Assert.Equal(200, await AskAsync(gateway.Gateway, hasKey: true, "client_id=shop"));
        var (authorization, key) = Assert.Single(gateway.Seen);
        Assert.Equal((isSentOn, isSentOn), (authorization.Length > 0, key.Length > 0));
    }

    [Theory]
    [InlineData("{ \"ApiKey\": {} }", "fewer than two ways")]
    [InlineData("{ \"ApiKey\": {}, \"Identity\": { \"Schemes\": [ \"Word\" ], \"Mode\": \"Shadow\" } }", "IdentityPolicy in AnyOf has a mode of its own")]
    [InlineData("{ \"ApiKey\": {}, \"Identity\": { \"Schemes\": [ \"Word\" ], \"EnforcePercent\": 50 } }", "IdentityPolicy in AnyOf has a mode of its own")]
    public async Task Ways_that_are_no_choice_are_an_error_of_the_configuration(string ways, string words)
    {
        var failed = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            $$"""{ "Routes": { "r": { "Match": { "Path": "/" }, "Respond": {}, "AnyOf": {{ways}} } } }""", static builder => builder.Services.AddWords("Word")));
        var error = Assert.Single(failed.Errors);
        Assert.Equal("Gateway:Routes:r:AnyOf", error.Path);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ways_that_are_no_choice_are_refused_at_the_call()
    {
        await using var app = WebApplication.CreateBuilder().Build();
        var group = app.MapGroup("/");
        Assert.Throws<OptionsValidationException>(() => group.RequireAnyOf(new ApiKeyPolicy()));
        Assert.Throws<OptionsValidationException>(() => group.RequireAnyOf(new ApiKeyPolicy(), new IdentityPolicy { Mode = PolicyMode.Shadow }));
    }

    private static async Task<int> AskAsync(TestHost gateway, bool hasKey, string? word)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        if (hasKey)
        {
            request.Headers.Add("X-Api-Key", Key.Reveal());
        }

        if (word is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Word {word}");
        }

        using var answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return (int)answer.StatusCode;
    }

    private static async Task<Pair> StartAsync(AnyOfPolicy policy)
    {
        var seen = new ConcurrentQueue<(string, string)>();
        var upstream = await Upstream.StartAsync(context =>
        {
            seen.Enqueue((context.Request.Headers.Authorization.ToString(), context.Request.Headers["X-Api-Key"].ToString()));
            return Task.CompletedTask;
        });
        var gateway = await Upstream.GatewayToAsync(
            upstream.Address,
            services: static builder =>
            {
                builder.Services.AddWords("Word");
                builder.AddConsumers([new Consumer { Id = "acme", Keys = [Key.ToStored()], Identities = ["shop"] }]);
            },
            routes: routes => routes.WithGatewayPolicy(policy));
        return new(gateway, upstream, seen);
    }

    private sealed record Pair(TestHost Gateway, TestHost Destination, ConcurrentQueue<(string Authorization, string Key)> Seen) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Gateway.DisposeAsync();
            await Destination.DisposeAsync();
        }
    }
}
