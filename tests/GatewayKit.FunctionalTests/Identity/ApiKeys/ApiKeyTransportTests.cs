using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using static GatewayKit.FunctionalTests.Identity.AccessTransports;

namespace GatewayKit.FunctionalTests.Identity.ApiKeys;

/// <summary>Keys over every transport, on routes and endpoints of the host.</summary>
public sealed class ApiKeyTransportTests
{
    public static TheoryData<AccessTransport, string> Cells() =>
        new(from transport in Enum.GetValues<AccessTransport>() from path in new[] { "/route", "/own" } select (transport, path));

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task Key_lets_in_and_stays_at_the_gateway(AccessTransport transport, string path)
    {
        var (reads, writes) = (ApiKey.Create(), ApiKey.Create());
        var served = 0;
        var seen = new List<string>();
        await using var upstream = await TestHost.StartAsync(map: app => Use(app).Run(CountAsync), protocols: ProtocolOf(transport));
        await using var gateway = await TestHost.StartAsync(
            builder => builder.Services.AddApiGateway()
                .AddUpstream(upstream.Address, ProtocolOf(transport))
                .AddConsumers([new Consumer { Id = "acme", Keys = [reads.ToStored() with { Scopes = ["read"] }, writes.ToStored() with { Scopes = ["write"] }] }]),
            app =>
            {
                var group = Use(app).MapGroup("").RequireApiKey("read");
                group.MapGatewayRoute("/route/{**rest}", cluster: "up");
                group.Map("/own/{**rest}", CountAsync);
            },
            ProtocolOf(transport));

        Assert.True((await AskAsync(new(gateway.Address, path), transport, fields: [("X-Api-Key", reads.Reveal())])).IsServed);
        Assert.Equal(1, served);
        if (path == "/route")
        {
            Assert.DoesNotContain(seen, static name => name.Equals("X-Api-Key", StringComparison.OrdinalIgnoreCase));
        }

        foreach (var (key, status, grpc) in new[] { (writes.Reveal(), 403, 7), (ApiKey.Create().Reveal(), 401, 16), ("x", 401, 16), ($"{reads.Reveal()}, x", 400, 13), (null, 401, 16) })
        {
            var answer = await AskAsync(new(gateway.Address, path), transport, fields: key is null ? [] : [("X-Api-Key", key)]);
            Assert.False(answer.IsServed);
            Assert.Equal(transport is AccessTransport.Grpc ? -grpc : status, answer.Status);
        }

        Assert.Equal(1, served);

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
