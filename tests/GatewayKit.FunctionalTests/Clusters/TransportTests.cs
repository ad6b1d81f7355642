using System.Net;
using GatewayKit.Clusters;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.FunctionalTests.Clusters;

public sealed class TransportTests
{
    [Fact]
    public async Task Reload_does_not_cut_running_requests()
    {
        var (begun, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var upstream = await Upstream.StartAsync(async context =>
        {
            begun.TrySetResult();
            await context.Response.WriteAsync("be");
            await context.Response.Body.FlushAsync();
            await release.Task;
            await context.Response.WriteAsync("fore");
        });
        var source = new ChangingSource { Cluster = ClusterOf(upstream.Address) };
        await using var gateway = await GatewayAsync(source);
        var running = gateway.Client.GetStringAsync("/");
        await begun.Task.WaitAsync(RawConnection.Limit);

        // Other connection settings, so the old connections are retired; then the cluster goes away altogether.
        source.Cluster = ClusterOf(upstream.Address) with { Http = new() { MaxConnections = 7 } };
        var configurator = gateway.App.Services.GetRequiredService<GatewayConfigurator>();
        Assert.True((await configurator.ReloadAsync()).Accepted);
        release.SetResult();
        Assert.Equal("before", await running.WaitAsync(RawConnection.Limit));
        Assert.Equal("before", await gateway.Client.GetStringAsync("/"));
    }

    [Fact]
    public async Task Unrelated_reload_keeps_the_connections()
    {
        var ports = new HashSet<int>();
        await using var upstream = await Upstream.StartAsync(context =>
        {
            ports.Add(context.Connection.RemotePort);
            return context.Response.WriteAsync("ok");
        });
        var source = new ChangingSource { Cluster = ClusterOf(upstream.Address) };
        await using var gateway = await GatewayAsync(source);
        await gateway.Client.GetStringAsync("/");
        source.Cluster = ClusterOf(upstream.Address) with { Timeouts = new() { Attempt = TimeSpan.FromSeconds(9) } };
        await gateway.App.Services.GetRequiredService<GatewayConfigurator>().ReloadAsync();
        await gateway.Client.GetStringAsync("/");
        Assert.Single(ports);
    }

    [Fact]
    public async Task In_flight_count_returns_to_zero_on_every_path()
    {
        var hang = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            var head = await connection.ReadHeadAsync();
            if (head.Contains("/reset"))
            {
                connection.Reset();
            }
            else if (head.Contains("/hang"))
            {
                hang.TrySetResult();
                await connection.ReadToEndAsync();
            }
            else
            {
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        });
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        var destination = gateway.App.Services.GetRequiredService<ClusterStates>().InForce["up"].Destinations.Single();
        await gateway.Client.GetStringAsync("/ok");
        using var reset = await gateway.Client.GetAsync("/reset");
        using var refused = await gateway.Client.GetAsync("/%2F");
        var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync("GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
        await hang.Task.WaitAsync(RawConnection.Limit);
        Assert.Equal(1, destination.InFlight);
        client.Reset();
        Assert.True(SpinWait.SpinUntil(() => destination.InFlight == 0, RawConnection.Limit));
    }

    [Fact]
    public async Task Test_replaces_a_destination_by_a_handler()
    {
        await using var gateway = await TestHost.StartAsync(
            builder =>
            {
                builder.Services.AddApiGateway()
                    .AddCluster("up", "http://production.invalid")
                    .UseUpstreamHandler("up", static () => new Canned("first"));

                // What a test host adds later counts.
                builder.Services.AddApiGateway().UseUpstreamHandler("UP", static () => new Canned("second"));
            },
            app => app.MapGatewayRoute("/{**rest}", "up"));
        Assert.Equal("second http://production.invalid/a?b", await gateway.Client.GetStringAsync("/a?b"));
    }

    [Fact]
    public async Task Connect_timeout_is_not_a_client_abort()
    {
        // A listener whose queue is full takes no more connections and refuses none.
        using var listener = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var address = (IPEndPoint)listener.LocalEndPoint!;
        var waiting = new List<System.Net.Sockets.Socket>();
        for (var i = 0; i < 8; i++)
        {
            var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp) { Blocking = false };
            waiting.Add(socket);
            try
            {
                socket.Connect(address);
            }
            catch (System.Net.Sockets.SocketException)
            {
                // Under way.
            }
        }

        await using var gateway = await Upstream.GatewayToAsync(
            new($"http://127.0.0.1:{address.Port}"), cluster => cluster with { Timeouts = new() { Connect = TimeSpan.FromMilliseconds(200) } });
        using var answer = await gateway.Client.GetAsync("/").WaitAsync(RawConnection.Limit);
        waiting.ForEach(static socket => socket.Dispose());
        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        Assert.Contains("\"code\":\"upstream-timeout\"", await answer.Content.ReadAsStringAsync());
    }

    private static Cluster ClusterOf(Uri address) => new()
    {
        Id = "up",
        Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = address } },
    };

    private static Task<TestHost> GatewayAsync(ChangingSource source) => TestHost.StartAsync(
        builder =>
        {
            builder.Services.AddSingleton(source);
            builder.Services.AddApiGateway().AddRouteSource<ChangingSource>();
        },
        app => app.MapGatewayRoutes());

    private sealed class ChangingSource : IRouteSource
    {
        public required Cluster Cluster { get; set; }

        public string Name => "test";

        public ValueTask<RouteSet> LoadAsync(CancellationToken cancellationToken) => new(new RouteSet
        {
            Clusters = [Cluster],
            Routes = [new GatewayRoute { Id = "all", Match = new() { Path = "/{**rest}" }, Cluster = "up" }],
        });

        public IChangeToken GetChangeToken() => new CancellationChangeToken(CancellationToken.None);
    }

    private sealed class Canned(string text) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage { Content = new StringContent($"{text} {request.RequestUri}") });
    }
}
