using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Schemes;
using GatewayKit.JwtBearerTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.JwtBearerTests;

/// <summary>API keys and tokens: either, and both.</summary>
public sealed class KeysAndTokensTests(TokenFixture fixture) : IClassFixture<TokenFixture>
{
    private readonly ApiKey _acme = ApiKey.Create(), _bolt = ApiKey.Create();

    [Theory]
    [InlineData("any", null, null, "401")]
    [InlineData("any", "acme", null, "acme")]
    [InlineData("any", null, "acme", "acme")]
    [InlineData("any", null, "stranger", "Bearer/stranger")]
    [InlineData("any", "acme", "acme", "acme")]
    [InlineData("any", "acme", "bolt", "403")]
    [InlineData("any", "acme", "wrong", "401")]
    [InlineData("any", "wrong", "acme", "401")]
    [InlineData("any", null, "wrong", "401")]
    [InlineData("all", null, null, "401")]
    [InlineData("all", "acme", null, "401")]
    [InlineData("all", null, "acme", "401")]
    [InlineData("all", "acme", "acme", "acme")]
    [InlineData("all", "acme", "bolt", "403")]
    [InlineData("all", "acme", "stranger", "403")]
    [InlineData("all", "acme", "wrong", "401")]
    public async Task Credentials_count_as_the_policies_say(string policy, string? key, string? token, string expected)
    {
        var issuer = fixture.Issuer;
        string? seen = null;
        await using var upstream = await Upstream.StartAsync(context =>
        {
            seen = $"{context.Request.Headers.Authorization}{context.Request.Headers["X-Api-Key"]}";
            return Task.CompletedTask;
        });
        await using var gateway = await TestHost.StartAsync(
            builder =>
            {
                builder.Services.AddAuthentication().AddGatewayJwtBearer(options =>
                {
                    options.Issuer = issuer.Name;
                    options.Audiences.Add(Issuer.Audience);
                });
                builder.Services.AddApiGateway().AddCluster("up", upstream.Address.ToString()).AddConsumers(
                [
                    new() { Id = "acme", Keys = [_acme.ToStored()], Identities = ["Bearer/acme"] },
                    new() { Id = "bolt", Keys = [_bolt.ToStored()], Identities = ["Bearer/bolt"] },
                ]);
            },
            app =>
            {
                var any = app.MapGroup("/any").RequireAnyOf(new ApiKeyPolicy(), new IdentityPolicy { Schemes = ["Bearer"] });
                var all = app.MapGroup("/all").RequireApiKey().RequireIdentity("Bearer");
                foreach (var group in new[] { any, all })
                {
                    group.MapGet("/own", static (HttpContext context) => context.Features.Get<GatewayConsumer>()!.Id);
                    group.MapGatewayRoute("/route", cluster: "up");
                }
            });
        foreach (var path in new[] { "own", "route" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/{policy}/{path}");
            if (key is not null)
            {
                request.Headers.TryAddWithoutValidation("X-Api-Key", key is "wrong" ? ApiKey.Create().Reveal() : key is "acme" ? _acme.Reveal() : _bolt.Reveal());
            }

            if (token is not null)
            {
                request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {(token is "wrong" ? issuer.Token()[..^8] : issuer.Token(claims => claims["client_id"] = token))}");
            }

            using var response = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
            var isServed = response.IsSuccessStatusCode;
            Assert.Equal(expected, !isServed ? $"{(int)response.StatusCode}" : path is "own" ? await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken) : expected);
            Assert.Equal(path is "route" && isServed ? "" : null, seen);
        }
    }
}
