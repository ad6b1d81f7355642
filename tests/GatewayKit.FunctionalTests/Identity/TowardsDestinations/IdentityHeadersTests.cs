using System.Security.Claims;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Forwarding;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Identity.TowardsDestinations;

public sealed class IdentityHeadersTests
{
    private const string Claims = """ "IdentityHeaders": { "Claims": { "sub": "X-Subject", "role": "X-Roles" }, "Product": "", "Scopes": "X-Scopes" } """;

    private static readonly GatewayConsumer Consumer = new("acme")
    {
        ApplicationId = "shop",
        ProductId = "orders",
        Plan = new() { Id = "gold" },
        CredentialId = "c1",
        Scopes = ["read", "write"],
    };

    [Fact]
    public async Task Destination_is_told_who_is_calling()
    {
        await using var gateway = await StartAsync(Claims, Consumer, new Claim("sub", "anna"), new Claim("role", "a"), new Claim("role", "b,c"));
        var seen = await gateway.SendAsync();
        Assert.Equal(
            ("acme", "shop", "gold", "c1", "read write", "anna", "a,b%2Cc"),
            (seen["X-GW-Consumer"], seen["X-GW-Application"], seen["X-GW-Plan"], seen["X-GW-Credential"], seen["X-Scopes"], seen["X-Subject"], seen["X-Roles"]));
        Assert.Null(seen["X-GW-Product"]);
    }

    [Theory]
    [InlineData("X-GW-Consumer")]
    [InlineData("X-Subject")]
    [InlineData("x-subject")]
    [InlineData("X_Subject")]
    [InlineData("X.Subject")]
    [InlineData("X-Scopes")]
    [InlineData("X_Roles")]
    public async Task What_a_client_says_of_itself_is_removed(string header)
    {
        await using var anonymous = await StartAsync(Claims, consumer: null);
        Assert.Null((await anonymous.SendAsync((header, "admin")))[header]);
        await using var known = await StartAsync(Claims, new GatewayConsumer("acme"), new Claim("sub", "anna"));
        var seen = await known.SendAsync((header, "admin"));
        Assert.DoesNotContain("admin", seen.Values.Values);
        Assert.Equal(("acme", "anna"), (seen["X-GW-Consumer"], seen["X-Subject"]));
    }

    // Traefik CVE-2024-45410.
    [Fact]
    public async Task Client_cannot_take_them_away_by_naming_them_in_connection()
    {
        await using var gateway = await StartAsync(Claims, Consumer, new Claim("sub", "anna"));
        Assert.Equal("anna", (await gateway.SendAsync(("Connection", "X-Subject")))["X-Subject"]);
        Assert.Equal(400, (await gateway.SendAsync(("Connection", "X-GW-Consumer"))).Status);
    }

    [Fact]
    public async Task Claims_of_nobody_who_was_authenticated_are_not_told()
    {
        await using var gateway = await StartAsync(Claims, null, isAuthenticated: false, new Claim("sub", "anna"));
        Assert.Null((await gateway.SendAsync())["X-Subject"]);
    }

    [Theory]
    [InlineData("a\r\nX-Evil: b", "a%0D%0AX-Evil:%20b")]
    [InlineData("a\0b", "a%00b")]
    [InlineData("größe 100%", "gr%C3%B6%C3%9Fe%20100%25")]
    [InlineData("a\u560ab", "a%E5%98%8Ab")]
    public async Task Values_are_encoded(string id, string expected)
    {
        await using var gateway = await StartAsync(Claims, new GatewayConsumer(id));
        Assert.Equal(expected, (await gateway.SendAsync())["X-GW-Consumer"]);
    }

    [Fact]
    public async Task Transforms_cannot_take_them_away()
    {
        await using var gateway = await StartAsync($$"""{{Claims}}, "Transforms": [ { "RequestHeadersAllowed": [ "X-A" ] } ] """, Consumer);
        Assert.Equal("acme", (await gateway.SendAsync())["X-GW-Consumer"]);
    }

    [Fact]
    public async Task Upgrade_carries_them()
    {
        string? got = null;
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            got = await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
        });
        await using var gateway = await TestHost.StartAsync(
            builder => Microsoft.Extensions.DependencyInjection.GatewayServiceCollectionExtensions.AddApiGateway(builder.Services).AddCluster("up", upstream.Address.OriginalString),
            app =>
            {
                app.Use((context, next) =>
                {
                    context.Features.Set(Consumer);
                    return next(context);
                });
                app.MapGatewayRoute("/{**rest}", cluster: "up").WithIdentityHeaders();
            });
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync(WebSocketScripts.Handshake("X-GW-Consumer: admin\r\n"));
        Assert.StartsWith("HTTP/1.1 403", await client.ReadHeadAsync());
        Assert.Contains("\r\nX-GW-Consumer: acme\r\n", got, StringComparison.Ordinal);
        Assert.DoesNotContain("admin", got, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "Consumer": "Host" }""", "'Host' is no header that can tell who is calling.")]
    [InlineData("""{ "Claims": { "sub": "Content-Type" } }""", "'Content-Type' is no header")]
    [InlineData("""{ "Claims": { "sub": "authorization" } }""", "'authorization' is no header")]
    [InlineData("""{ "Claims": { "sub": "X-A", "role": "x_a" } }""", "are one header to some servers.")]
    [InlineData("""{ "Consumer": "a b" }""", "'a b' is no header")]
    public async Task Wrong_settings_stop_the_start(string policy, string expected)
    {
        var exception = await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync($"\"IdentityHeaders\": {policy}", null));
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    private static Task<CredentialedGateway> StartAsync(string policies, GatewayConsumer? consumer, params Claim[] claims) => StartAsync(policies, consumer, isAuthenticated: true, claims);

    private static Task<CredentialedGateway> StartAsync(string policies, GatewayConsumer? consumer, bool isAuthenticated, params Claim[] claims) => CredentialedGateway.StartAsync(
        policies,
        configure: app => app.Use((context, next) =>
        {
            context.User = new(new ClaimsIdentity(claims, isAuthenticated ? "test" : null));
            context.Features.Set(consumer?.FoundBy(context.User));
            return next(context);
        }));
}
