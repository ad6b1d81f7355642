using System.Security.Cryptography;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.Introspection;
using GatewayKit.Identity.Upstream;
using GatewayKit.JwtBearerTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Secrets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.JwtBearerTests;

/// <summary>A real OpenID provider is asked about its tokens.</summary>
public sealed class IntrospectionProviderTests : IDisposable
{
    private readonly RSA _key = RSA.Create(2_048);
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    public void Dispose() => _key.Dispose();

    [Theory]
    [InlineData(ClientAuthentication.Basic)]
    [InlineData(ClientAuthentication.Post)]
    public async Task Provider_says_who_calls_and_what_they_may_until_it_has_revoked_the_token(ClientAuthentication way)
    {
        await using var provider = await OpenIdServer.StartAsync([_key]);
        await using var gateway = await StartAsync(provider, way, OpenIdServer.Secret);
        var token = await provider.TokenAsync("acme", "orders:read orders:write");
        Assert.Equal("200 introspection/provider/acme orders:read,orders:write", await AskAsync(gateway, token));
        Assert.Equal("403 ", await AskAsync(gateway, await provider.TokenAsync("acme", "orders:write")));
        Assert.Equal("401 ", await AskAsync(gateway, token[..^4] + "AAAA"));
        Assert.Equal("401 ", await AskAsync(gateway, "anything"));

        provider.Revoke(token);
        _time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal("401 ", await AskAsync(gateway, token));
    }

    [Fact]
    public async Task Provider_that_does_not_know_the_gateway_lets_nobody_in()
    {
        await using var provider = await OpenIdServer.StartAsync([_key]);
        await using var gateway = await StartAsync(provider, ClientAuthentication.Basic, "another secret");
        Assert.Equal("503 ", await AskAsync(gateway, await provider.TokenAsync("acme")));
    }

    private Task<TestHost> StartAsync(OpenIdServer provider, ClientAuthentication way, string secret) => TestHost.StartAsync(
        builder =>
        {
            builder.Configuration.AddInMemoryCollection([new("Secret", secret)]);
            builder.Services.AddSingleton<TimeProvider>(_time);
            builder.Services.AddApiGateway();
        },
        app => app.MapGet("/", static (HttpContext context) => context.Features.Get<GatewayConsumer>() is { } consumer ? $"{consumer.Id} {string.Join(',', consumer.Scopes)}" : "nobody").RequireIntrospection(new IntrospectionPolicy
        {
            Name = "provider",
            Endpoint = new($"{provider.Name}introspect"),
            ClientId = "orders",
            ClientSecret = SecretReference.Parse("config:Secret"),
            ClientAuthentication = way,
            Audiences = ["orders"],
            Issuer = provider.Name,
            Scopes = ["orders:read"],
        }));

    private static async Task<string> AskAsync(TestHost gateway, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { Authorization = new("Bearer", token) } };
        using var response = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return $"{(int)response.StatusCode} {(response.IsSuccessStatusCode ? await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken) : "")}";
    }
}
