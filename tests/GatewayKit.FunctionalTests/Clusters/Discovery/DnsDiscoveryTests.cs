using System.Net;
using System.Net.Sockets;
using GatewayKit.Clusters;
using GatewayKit.Clusters.Discovery;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Clusters.Discovery;

/// <summary>A name whose addresses the test decides on; all of 127.0.0.0/8 is the loopback, so that each is a destination of its own.</summary>
public sealed class DnsDiscoveryTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _seen = [];
    private Func<Task<IPAddress[]>> _resolve = static () => Task.FromResult<IPAddress[]>([IPAddress.Loopback]);
    private RawUpstream _upstream = null!;

    public ValueTask InitializeAsync()
    {
        _upstream = RawUpstream.Start(async (connection, _) =>
        {
            var head = await connection.ReadHeadAsync();
            lock (_seen)
            {
                _seen.Add(head);
            }

            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync() => await _upstream.DisposeAsync();

    [Fact]
    public async Task Addresses_of_a_name_serve_and_are_sent_the_name()
    {
        await using var gateway = await StartAsync();
        Assert.Equal("ok", await gateway.Client.GetStringAsync("/a"));
        Assert.Contains($"\r\nHost: orders.test:{_upstream.Address.Port}\r\n", Assert.Single(_seen), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Change_of_the_name_reaches_the_cluster_without_a_new_snapshot()
    {
        await using var gateway = await StartAsync();
        var configurator = gateway.App.Services.GetRequiredService<GatewayConfigurator>();
        var revision = configurator.Current.Revision;
        _resolve = static () => Task.FromResult<IPAddress[]>([]);
        _time.Advance(TimeSpan.FromSeconds(33));
        Assert.Equal("ok", await gateway.Client.GetStringAsync("/a"));

        // The last good address has served for five minutes: nothing is left, and that is said at once.
        _time.Advance(TimeSpan.FromMinutes(5));
        using var answer = await gateway.Client.GetAsync("/a");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("no-healthy-upstream", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        _resolve = static () => Task.FromResult<IPAddress[]>([IPAddress.Loopback]);
        _time.Advance(TimeSpan.FromSeconds(33));
        Assert.Equal("ok", await gateway.Client.GetStringAsync("/a"));
        Assert.Equal(revision, configurator.Current.Revision);
    }

    [Fact]
    public async Task Start_without_an_answer_serves_503_until_there_is_one()
    {
        _resolve = static () => Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound));
        await using var gateway = await StartAsync();
        using var answer = await gateway.Client.GetAsync("/a");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);

        _resolve = static () => Task.FromResult<IPAddress[]>([IPAddress.Loopback]);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("ok", await gateway.Client.GetStringAsync("/a"));
    }

    [Fact]
    public async Task Silent_resolver_holds_up_the_start_no_longer_than_was_allowed()
    {
        _resolve = static () => new TaskCompletionSource<IPAddress[]>().Task;
        await using var gateway = await StartAsync(advances: true);
        using var answer = await gateway.Client.GetAsync("/a");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_fails_without_what_is_required(bool isSilent)
    {
        _resolve = isSilent ? static () => new TaskCompletionSource<IPAddress[]>().Task : static () => Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound));
        var failure = await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync(static discovery => discovery with { Required = true }, advances: true));
        var error = Assert.Single(failure.Errors);
        Assert.EndsWith("Clusters:orders:Discovery", error.Path, StringComparison.Ordinal);
        Assert.Contains("Dns found no destination for 'http://orders.test:", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Required_name_that_is_not_there_at_first_is_asked_again_within_the_time()
    {
        var asked = 0;
        _resolve = () => ++asked == 1 ? Task.FromException<IPAddress[]>(new SocketException((int)SocketError.TryAgain)) : Task.FromResult<IPAddress[]>([IPAddress.Loopback]);
        await using var gateway = await StartAsync(static discovery => discovery with { Required = true, StartTimeout = TimeSpan.FromMinutes(5) }, advances: true);
        Assert.Equal("ok", await gateway.Client.GetStringAsync("/a"));
    }

    [Fact]
    public async Task Denied_address_of_a_name_is_never_connected_to()
    {
        _resolve = static () => Task.FromResult<IPAddress[]>([IPAddress.Parse("169.254.169.254")]);
        await using var gateway = await StartAsync();
        using var answer = await gateway.Client.GetAsync("/a");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Empty(gateway.App.Services.GetRequiredService<ClusterStates>().InForce["orders"].Destinations);
    }

    /// <param name="change">Changes the discovery.</param>
    /// <param name="advances">Whether the clock runs while the gateway starts.</param>
    private async Task<TestHost> StartAsync(Func<ClusterDiscovery, ClusterDiscovery>? change = null, bool advances = false)
    {
        var discovery = new ClusterDiscovery { Source = "Dns", Name = $"http://orders.test:{_upstream.Address.Port}" };
        var starting = Task.Run(() => TestHost.GatewayAsync(services: gateway =>
        {
            gateway.AddClusters(new Cluster { Id = "orders", Discovery = change?.Invoke(discovery) ?? discovery })
                .AddRoutes(new GatewayKit.Routing.GatewayRoute { Id = "all", Match = new() { Path = "/{**rest}" }, Cluster = "orders" });
            gateway.Services.AddSingleton<TimeProvider>(_time);
            gateway.Services.AddSingleton(new NameLookup(_time, (_, _) => _resolve()));
        }));
        while (advances && !starting.IsCompleted)
        {
            // Not faster than what happens on other threads in between.
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(1);
        }

        return await starting.WaitAsync(RawConnection.Limit);
    }
}
