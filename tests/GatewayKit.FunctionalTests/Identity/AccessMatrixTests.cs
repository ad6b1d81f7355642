using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static GatewayKit.FunctionalTests.Identity.AccessTransports;

namespace GatewayKit.FunctionalTests.Identity;

/// <summary>Every rule of access holds for every transport, on routes and on endpoints of the host.</summary>
public sealed class AccessMatrixTests
{
    private const string Page = "https://app.example.com";

    public static TheoryData<AccessTransport, string> Cells() =>
        new(from transport in Enum.GetValues<AccessTransport>() from path in new[] { "/route", "/own" } select (transport, path));

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task Addresses_hold(AccessTransport transport, string path)
    {
        await using var allowed = await Hosts.StartAsync(transport, static endpoints => endpoints.WithAddresses(new() { Allow = [System.Net.IPNetwork.Parse("127.0.0.0/8")] }));
        Assert.True((await allowed.AskAsync(path)).IsServed);

        await using var denied = await Hosts.StartAsync(transport, static endpoints => endpoints.WithAddresses(new() { Deny = [System.Net.IPNetwork.Parse("127.0.0.0/8")] }));
        await denied.RefusesAsync(path, status: 403, grpcStatus: 7);
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task Access_holds(AccessTransport transport, string path)
    {
        await using var hosts = await Hosts.StartAsync(
            transport,
            static endpoints => endpoints.WithGatewayPolicy(new HeaderIdentityPolicy()).RequireAccess(new() { Scopes = ["read"], Methods = ["GET", "POST"] }),
            services: static builder => builder.AddPolicy<HeaderIdentityPolicy, HeaderIdentityFilterFactory>("HeaderIdentity"));
        Assert.True((await hosts.AskAsync(path, ("X-Caller", "acme||read"))).IsServed);
        await hosts.RefusesAsync(path, status: 403, grpcStatus: 7, ("X-Caller", "acme||write"));
        await hosts.RefusesAsync(path, status: 401, grpcStatus: 16);

        await using var others = await Hosts.StartAsync(transport, static endpoints => endpoints.RequireAccess(new() { Methods = ["DELETE"] }));
        await others.RefusesAsync(path, status: 405, grpcStatus: 12);

        await using var never = await Hosts.StartAsync(
            transport,
            static endpoints => endpoints.RequireAccess(new() { Hours = [new() { From = new(2, 0), To = new(3, 0) }] }),
            services: static builder => builder.Services.AddSingleton<TimeProvider>(new Microsoft.Extensions.Time.Testing.FakeTimeProvider(new(2026, 3, 2, 1, 0, 0, TimeSpan.Zero))));
        await never.RefusesAsync(path, status: 403, grpcStatus: 7);
    }

    // WebSockets ask no leave (RFC 6455 §10.2): there the origin is a matter of their own policy, and the answer has none of the fields.
    [Theory]
    [MemberData(nameof(Cells))]
    public async Task Cors_fields_are_the_gateways(AccessTransport transport, string path)
    {
        var isWebSocket = transport is AccessTransport.WebSocket or AccessTransport.WebSocketOverHttp2;
        await using var hosts = await Hosts.StartAsync(
            transport,
            static endpoints => endpoints.WithCors(Page).WithWebSockets(new() { Origins = ["*"] }),
            static context => context.Response.Headers.AccessControlAllowOrigin = "*");
        foreach (var (origin, allowed) in new[] { (Page, Page), (Page + ".evil", null), ("null", null) })
        {
            var answer = await hosts.AskAsync(path, ("Origin", origin));
            Assert.True(answer.IsServed);
            Assert.Equal(isWebSocket ? "*" : allowed, answer.Headers!.TryGetValues("Access-Control-Allow-Origin", out var values) ? Assert.Single(values) : null);
            Assert.Equal(isWebSocket ? [] : ["Origin"], answer.Headers.Vary);
        }
    }

    private sealed class Hosts(AccessTransport transport, TestHost upstream, TestHost gateway, Func<int> served) : IAsyncDisposable
    {
        public static async Task<Hosts> StartAsync(
            AccessTransport transport, Action<RouteGroupBuilder> rules, Action<Microsoft.AspNetCore.Http.HttpContext>? before = null, Action<GatewayBuilder>? services = null, Action<WebApplication>? use = null)
        {
            var served = 0;
            var upstream = await TestHost.StartAsync(
                map: app =>
                {
                    app.UseWebSockets();
                    app.Run(CountAsync);
                },
                protocols: ProtocolOf(transport));
            var gateway = await TestHost.StartAsync(
                builder =>
                {
                    var added = builder.Services.AddApiGateway().AddUpstream(upstream.Address, ProtocolOf(transport));
                    services?.Invoke(added);
                },
                app =>
                {
                    app.UseWebSockets();
                    use?.Invoke(app);
                    var group = app.MapGroup("");
                    group.MapGatewayRoute("/route/{**rest}", cluster: "up");
                    group.Map("/own/{**rest}", CountAsync);
                    rules(group);
                },
                ProtocolOf(transport));
            return new(transport, upstream, gateway, () => Volatile.Read(ref served));

            Task CountAsync(Microsoft.AspNetCore.Http.HttpContext context)
            {
                Interlocked.Increment(ref served);
                before?.Invoke(context);
                return ServeAsync(context);
            }
        }

        public Task<AccessAnswer> AskAsync(string path, params (string Name, string Value)[] fields) => AccessTransports.AskAsync(new(gateway.Address, path), transport, fields);

        public async Task RefusesAsync(string path, int status, int grpcStatus, params (string Name, string Value)[] fields)
        {
            var before = served();
            var answer = await AskAsync(path, fields);
            Assert.False(answer.IsServed);
            Assert.Equal(transport is AccessTransport.Grpc ? -grpcStatus : status, answer.Status);
            Assert.Equal(before, served());
        }

        public async ValueTask DisposeAsync()
        {
            await gateway.DisposeAsync();
            await upstream.DisposeAsync();
        }
    }
}
