using System.Collections.Concurrent;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Identity.Introspection;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.Introspection;
using GatewayKit.Secrets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using static GatewayKit.FunctionalTests.Identity.AccessTransports;

namespace GatewayKit.FunctionalTests.Identity;

/// <summary>One of several credentials is enough, and all that are there have to hold, whatever the transport is, on routes and on endpoints of the host.</summary>
public sealed class AnyOfMatrixTests
{
    public static TheoryData<AccessTransport, string> Cells() =>
        new(from transport in Enum.GetValues<AccessTransport>() from path in new[] { "/route", "/own" } select (transport, path));

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task Every_credential_that_is_there_counts_and_stays_at_the_gateway(AccessTransport transport, string path)
    {
        var (key, wrong) = (ApiKey.Create(), ApiKey.Create());
        await using var server = await IntrospectionServer.StartAsync();
        server.Issue("own", "shop");
        server.Issue("theirs", "other");
        var served = 0;
        var seen = new ConcurrentQueue<string>();
        await using var upstream = await TestHost.StartAsync(map: app => Use(app).Run(CountAsync), protocols: ProtocolOf(transport));
        await using var gateway = await TestHost.StartAsync(
            builder =>
            {
                builder.Configuration.AddInMemoryCollection([new("Secrets:Client", "secret")]);
                builder.Services.AddApiGateway()
                    .AddConsumers([new Consumer { Id = "acme", Keys = [key.ToStored()], Identities = ["introspection/partners/shop"] }])
                    .AddUpstream(upstream.Address, ProtocolOf(transport));
            },
            app =>
            {
                var group = Use(app).MapGroup("").RequireAnyOf(new ApiKeyPolicy(), new IntrospectionPolicy
                {
                    Name = "partners",
                    Endpoint = server.Endpoint,
                    ClientId = "gateway",
                    ClientSecret = SecretReference.Parse("config:Secrets:Client"),
                    Audiences = ["orders"],
                });
                group.MapGatewayRoute("/route/{**rest}", cluster: "up");
                group.Map("/own/{**rest}", CountAsync);
            },
            ProtocolOf(transport));

        await ServesAsync(key, null);
        await ServesAsync(null, "Bearer own");
        await ServesAsync(key, "Bearer own");
        Assert.Equal(3, served);
        if (path == "/route")
        {
            Assert.DoesNotContain("Authorization", seen, StringComparer.OrdinalIgnoreCase);
            Assert.DoesNotContain("X-Api-Key", seen, StringComparer.OrdinalIgnoreCase);
        }

        await RefusesAsync(key, "Bearer theirs", 403, 7);
        await RefusesAsync(key, "Bearer unknown", 401, 16);
        await RefusesAsync(wrong, "Bearer own", 401, 16);
        await RefusesAsync(wrong, null, 401, 16);
        await RefusesAsync(key, "Bearer\town", 401, 16);
        await RefusesAsync(key, "DPoP own", 401, 16);
        await RefusesAsync(key, "Basic YTpi", 401, 16);
        await RefusesAsync(null, null, 401, 16);
        server.Answer = static context => IntrospectionServer.SayAsync(context, 401, "{}");
        await RefusesAsync(key, "Bearer another", 503, 14);
        Assert.Equal(3, served);

        async Task ServesAsync(ApiKey? shown, string? authorization) => Assert.True((await AskAsync(new(gateway.Address, path), transport, fields: FieldsOf(shown, authorization))).IsServed);

        async Task RefusesAsync(ApiKey? shown, string? authorization, int status, int grpc)
        {
            var answer = await AskAsync(new(gateway.Address, path), transport, fields: FieldsOf(shown, authorization));
            Assert.False(answer.IsServed);
            Assert.Equal(transport is AccessTransport.Grpc ? -grpc : status, answer.Status);
        }

        Task CountAsync(HttpContext context)
        {
            Interlocked.Increment(ref served);
            foreach (var name in context.Request.Headers.Keys)
            {
                seen.Enqueue(name);
            }

            return ServeAsync(context);
        }

        static (string, string)[] FieldsOf(ApiKey? key, string? authorization) =>
            [.. key is null ? ((string, string)[])[] : [("X-Api-Key", key.Reveal())], .. authorization is null ? ((string, string)[])[] : [("Authorization", authorization)]];

        static WebApplication Use(WebApplication app)
        {
            app.UseWebSockets();
            return app;
        }
    }
}
