using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Identity;
using GatewayKit.JwtBearerTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using static GatewayKit.FunctionalTests.Identity.AccessTransports;

namespace GatewayKit.JwtBearerTests;

/// <summary>Tokens count for every transport, on routes and on endpoints of the host.</summary>
public sealed class TransportTests(TokenFixture fixture) : IClassFixture<TokenFixture>
{
    public static TheoryData<AccessTransport, string> Cells() =>
        new(from transport in Enum.GetValues<AccessTransport>() from path in new[] { "/route", "/own" } select (transport, path));

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task Token_decides(AccessTransport transport, string path)
    {
        var issuer = fixture.Issuer;
        var served = 0;
        await using var upstream = await TestHost.StartAsync(
            map: app =>
            {
                app.UseWebSockets();
                app.Run(CountAsync);
            },
            protocols: ProtocolOf(transport));
        await using var gateway = await TestHost.StartAsync(
            builder =>
            {
                builder.Services.AddAuthentication().AddGatewayJwtBearer(options =>
                {
                    options.Issuer = issuer.Name;
                    options.Audiences.Add(Issuer.Audience);
                });
                builder.Services.AddApiGateway().AddUpstream(upstream.Address, ProtocolOf(transport));
            },
            app =>
            {
                app.UseWebSockets();
                var group = app.MapGroup("").RequireIdentity(new GatewayKit.Identity.Schemes.IdentityPolicy { Schemes = ["Bearer"], Scopes = ["orders:read"] });
                group.MapGatewayRoute("/route/{**rest}", cluster: "up");
                group.Map("/own/{**rest}", CountAsync);
            },
            ProtocolOf(transport));

        foreach (var (token, status, grpc) in new[] { (null, 401, 16), (issuer.Token()[..^8], 401, 16), (issuer.Token(static claims => claims["scope"] = "other"), 403, 7) })
        {
            var refused = await AskAsync(new(gateway.Address, path), transport, token is null ? [] : [("Authorization", $"Bearer {token}")]);
            Assert.False(refused.IsServed);
            Assert.Equal(transport is AccessTransport.Grpc ? -grpc : status, refused.Status);
        }

        Assert.Equal(0, Volatile.Read(ref served));
        Assert.True((await AskAsync(new(gateway.Address, path), transport, ("Authorization", $"Bearer {issuer.Token()}"))).IsServed);
        Assert.Equal(1, Volatile.Read(ref served));

        Task CountAsync(HttpContext context)
        {
            Interlocked.Increment(ref served);
            return ServeAsync(context);
        }
    }
}
