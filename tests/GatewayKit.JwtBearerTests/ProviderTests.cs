using System.Security.Cryptography;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.JwtBearer;
using GatewayKit.JwtBearerTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.JwtBearerTests;

/// <summary>With a real OpenID provider, whose keys change.</summary>
public sealed class ProviderTests : IDisposable
{
    private readonly RSA _first = RSA.Create(2_048), _second = RSA.Create(2_048);
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
    }

    [Fact]
    public async Task Token_of_the_provider_says_who_calls_and_what_they_may()
    {
        await using var provider = await OpenIdServer.StartAsync([_first]);
        await using var gateway = await StartAsync(provider.Name);
        Assert.Equal("200 Bearer/acme orders:read,orders:write", await AskAsync(gateway, await provider.TokenAsync("acme", "orders:read orders:write")));
    }

    // The framework's own way: the gateway adds nothing to it but the refusals.
    [Fact]
    public async Task JwtBearer_as_the_host_configures_it_works_as_well()
    {
        await using var provider = await OpenIdServer.StartAsync([_first]);
        await using var gateway = await TestHost.StartAsync(
            builder =>
            {
                builder.Services.AddAuthentication().AddJwtBearer(options =>
                {
                    (options.Authority, options.Audience, options.RequireHttpsMetadata) = (provider.Name, "orders", false);
                    (options.TokenValidationParameters.ValidAlgorithms, options.TokenValidationParameters.ClockSkew) = (["RS256"], TimeSpan.FromSeconds(30));
                });
                builder.Services.AddApiGateway().AddJwtBearerChecks();
            },
            Map);
        Assert.Equal("200 Bearer/acme orders:read", await AskAsync(gateway, await provider.TokenAsync("acme")));
        Assert.Equal("401 ", await AskAsync(gateway, (await provider.TokenAsync("acme"))[..^4] + "AAAA"));
    }

    [Fact]
    public async Task Rotation_of_keys_is_seen_by_the_first_token_with_a_new_one()
    {
        var provider = await OpenIdServer.StartAsync([_first]);
        await using var gateway = await StartAsync(provider.Name);
        var old = await provider.TokenAsync("old");
        Assert.Equal("200 Bearer/old orders:read", await AskAsync(gateway, old));

        // The new key signs, and the old one is still published.
        await provider.DisposeAsync();
        provider = await OpenIdServer.StartAsync([_second, _first], provider.Port);
        _time.Advance(IssuerKeys.Pace);
        Assert.Equal("200 Bearer/new orders:read", await AskAsync(gateway, await provider.TokenAsync("new")));
        Assert.Equal("200 Bearer/old orders:read", await AskAsync(gateway, old));

        // The old key is gone, and an hour later nobody takes it any more.
        await provider.DisposeAsync();
        provider = await OpenIdServer.StartAsync([_second], provider.Port);
        _time.Advance(IssuerKeys.Pace);
        Assert.Equal("401 ", await AskAsync(gateway, await ForeignAsync()));
        Assert.Equal("401 ", await AskAsync(gateway, old));
        Assert.Equal("200 Bearer/new orders:read", await AskAsync(gateway, await provider.TokenAsync("new")));
        await provider.DisposeAsync();
    }

    [Fact]
    public async Task Provider_that_is_away_lets_nobody_in_until_it_is_back()
    {
        var provider = await OpenIdServer.StartAsync([_first]);
        var token = await provider.TokenAsync("acme");
        var (name, port) = (provider.Name, provider.Port);
        await provider.DisposeAsync();
        await using var gateway = await StartAsync(name);
        Assert.Equal("503 ", await AskAsync(gateway, token));
        provider = await OpenIdServer.StartAsync([_first], port);
        _time.Advance(IssuerKeys.RetryPace);
        Assert.Equal("200 Bearer/acme orders:read", await AskAsync(gateway, token));
        await provider.DisposeAsync();

        // What is known of it is used on.
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal("200 Bearer/acme orders:read", await AskAsync(gateway, token));
    }

    private static async Task<string> ForeignAsync()
    {
        using var key = RSA.Create(2_048);
        await using var other = await OpenIdServer.StartAsync([key]);
        return await other.TokenAsync("foreign");
    }

    private Task<TestHost> StartAsync(string issuer) => TestHost.StartAsync(
        builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(_time).AddAuthentication().AddGatewayJwtBearer(options =>
            {
                options.Issuer = issuer;
                options.Audiences.Add("orders");
                options.TokenTypes.Add("at+jwt");
            });
            builder.Services.AddApiGateway().AddJwtBearerChecks();
        },
        Map);

    private static void Map(WebApplication app) => app.MapGet("/", static (HttpContext context) => context.Features.Get<GatewayConsumer>() is { } consumer
        ? $"{consumer.Id} {string.Join(',', consumer.Scopes)}" : "nobody").RequireIdentity("Bearer");

    private static async Task<string> AskAsync(TestHost gateway, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { Authorization = new("Bearer", token) } };
        using var response = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return $"{(int)response.StatusCode} {(response.IsSuccessStatusCode ? await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken) : "")}";
    }
}
