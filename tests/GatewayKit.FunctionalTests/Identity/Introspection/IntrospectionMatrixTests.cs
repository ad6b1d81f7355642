using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.Introspection;
using GatewayKit.Secrets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using static GatewayKit.FunctionalTests.Identity.AccessTransports;

namespace GatewayKit.FunctionalTests.Identity.Introspection;

/// <summary>Tokens are asked about whatever the transport is, on routes and on endpoints of the host.</summary>
public sealed class IntrospectionMatrixTests
{
    public static TheoryData<AccessTransport, string> Cells() =>
        new(from transport in Enum.GetValues<AccessTransport>() from path in new[] { "/route", "/own" } select (transport, path));

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task Token_lets_in_and_stays_at_the_gateway(AccessTransport transport, string path)
    {
        await using var server = await IntrospectionServer.StartAsync();
        server.Issue("reads", "acme", "read");
        server.Issue("writes", "acme", "write");
        var served = 0;
        var seen = new List<string>();
        await using var upstream = await TestHost.StartAsync(map: app => Use(app).Run(CountAsync), protocols: ProtocolOf(transport));
        await using var gateway = await TestHost.StartAsync(
            builder =>
            {
                builder.Configuration.AddInMemoryCollection([new("Secrets:Client", "secret")]);
                builder.Services.AddApiGateway().AddUpstream(upstream.Address, ProtocolOf(transport));
            },
            app =>
            {
                var group = Use(app).MapGroup("").RequireIntrospection(new IntrospectionPolicy
                {
                    Name = "partners",
                    Endpoint = server.Endpoint,
                    ClientId = "gateway",
                    ClientSecret = SecretReference.Parse("config:Secrets:Client"),
                    Audiences = ["orders"],
                    Scopes = ["read"],
                });
                group.MapGatewayRoute("/route/{**rest}", cluster: "up");
                group.Map("/own/{**rest}", CountAsync);
            },
            ProtocolOf(transport));

        Assert.True((await AskAsync(new(gateway.Address, path), transport, fields: [("Authorization", "Bearer reads")])).IsServed);
        Assert.Equal(1, served);
        if (path == "/route")
        {
            Assert.DoesNotContain("Authorization", seen, StringComparer.OrdinalIgnoreCase);
        }

        await RefusesAsync("Bearer writes", 403, 7);
        await RefusesAsync("Bearer unknown", 401, 16);
        await RefusesAsync("Bearer a b", 401, 16);
        await RefusesAsync("Bearer reads, Bearer writes", 400, 13);
        await RefusesAsync(null, 401, 16);
        server.Answer = static context => IntrospectionServer.SayAsync(context, 401, "{}");
        await RefusesAsync("Bearer another", 503, 14);
        Assert.Equal(1, served);

        async Task RefusesAsync(string? authorization, int status, int grpc)
        {
            var answer = await AskAsync(new(gateway.Address, path), transport, fields: authorization is null ? [] : [("Authorization", authorization)]);
            Assert.False(answer.IsServed);
            Assert.Equal(transport is AccessTransport.Grpc ? -grpc : status, answer.Status);
        }

        Task CountAsync(HttpContext context)
        {
            Interlocked.Increment(ref served);
            seen.AddRange(context.Request.Headers.Keys);
            return ServeAsync(context);
        }

        static WebApplication Use(WebApplication app)
        {
            app.UseWebSockets();
            return app;
        }
    }
}
