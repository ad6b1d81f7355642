using GatewayKit.Clusters;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Lifecycle;

/// <summary>A gateway with one cluster of two destinations, which say their names, and a source that reloads.</summary>
internal sealed class ReloadedGateway : IAsyncDisposable
{
    private readonly TaskCompletionSource<string> _held = new();
    private readonly RawUpstream _first, _second;
    private readonly DynamicRouteSource _source = new();
    private readonly KeptState _kind;
    private TestHost _host = null!;
    private RawConnection? _client;
    private int _requests;

    private ReloadedGateway(KeptState kind)
    {
        _kind = kind;
        (_first, _second) = (Start("first"), Start("second"));
    }

    /// <summary>What a case wants to remember.</summary>
    public string? Noted { get; set; }

    public GatewayClusters Clusters => _host.App.Services.GetRequiredService<GatewayClusters>();

    /// <summary>How many connections were made to destinations.</summary>
    public int Connections => _first.Connections + _second.Connections;

    /// <summary>How many requests have arrived there.</summary>
    public int Requests => Volatile.Read(ref _requests);

    public static async Task<ReloadedGateway> StartAsync(KeptState kind)
    {
        var gateway = new ReloadedGateway(kind);
        gateway._host = await TestHost.GatewayAsync(services: builder =>
        {
            builder.Services.AddSingleton(gateway._source);
            builder.AddRouteSource<DynamicRouteSource>();
        });
        await gateway.ApplyAsync(0);
        return gateway;
    }

    public async Task ApplyAsync(Reload reload)
    {
        var cluster = _kind.Cluster(new()
        {
            Id = "c",
            Destinations = new Dictionary<string, Destination> { ["first"] = new() { Address = _first.Address }, ["second"] = new() { Address = _second.Address } },
        });
        if (reload.HasFlag(Reload.Setting))
        {
            cluster = cluster with { Timeouts = cluster.Timeouts with { Idle = TimeSpan.FromSeconds(77) } };
        }

        if (reload.HasFlag(Reload.Destination))
        {
            // With no weight it takes part in nothing.
            cluster = cluster with { Destinations = new Dictionary<string, Destination>(cluster.Destinations) { ["third"] = new() { Address = new("http://127.0.0.1:9"), Weight = 0 } } };
        }

        var set = new RouteSet { Clusters = [cluster], Routes = [new() { Id = "all", Match = new() { Path = "/{**rest}" }, Cluster = "c", Policies = _kind.Policies }] };
        if (reload.HasFlag(Reload.Elsewhere))
        {
            set = set with
            {
                Clusters = [.. set.Clusters, new() { Id = "other", Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = new("http://127.0.0.1:9") } } }],
                Routes = [.. set.Routes, new GatewayRoute { Id = "other", Match = new() { Path = "/other" }, Cluster = "other" }],
            };
        }

        var result = await _source.ApplyAsync(set);
        Assert.True(result.Accepted, string.Join(Environment.NewLine, result.Errors));
    }

    /// <summary>The name of the destination that answers.</summary>
    public Task<string> AskAsync() => _host.Client.GetStringAsync("/");

    public async Task<int> StatusAsync(string path = "/")
    {
        using var answer = await _host.Client.GetAsync(path);
        return (int)answer.StatusCode;
    }

    /// <summary>Sends a request that is not answered before <see cref="FinishAsync"/>.</summary>
    public async Task BeginAsync()
    {
        _client = await RawConnection.ConnectAsync(_host.Address);
        await _client.SendAsync("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
        for (var look = 0; Requests == 0 && look < 2_000; look++)
        {
            await Task.Delay(10);
        }
    }

    /// <summary>Has it answered.</summary>
    public async Task FinishAsync(string body)
    {
        _held.SetResult(body);
        Assert.EndsWith(body, await _client!.ReadAnswerAsync());
    }

    public async ValueTask DisposeAsync()
    {
        _held.TrySetResult(string.Empty);
        _client?.Dispose();
        await _host.DisposeAsync();
        await _first.DisposeAsync();
        await _second.DisposeAsync();
    }

    private RawUpstream Start(string name) => RawUpstream.Start(async (connection, _) =>
    {
        while (true)
        {
            var head = await connection.ReadHeadAsync();
            Interlocked.Increment(ref _requests);
            var body = head.StartsWith("GET /held", StringComparison.Ordinal) ? await _held.Task : name;
            var status = head.StartsWith("GET /failing", StringComparison.Ordinal) ? "503 Service Unavailable" : "200 OK";
            await connection.SendAsync($"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        }
    });
}
