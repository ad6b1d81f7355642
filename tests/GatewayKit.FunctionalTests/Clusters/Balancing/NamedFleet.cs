using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Clusters.Balancing;

/// <summary>Destinations that answer with their names, and a gateway in front of them.</summary>
internal sealed class NamedFleet : IAsyncDisposable
{
    private readonly Dictionary<string, TestHost> _upstreams = [];
    private readonly MemoryRouteSource _source = new();
    private Cluster _cluster = new() { Id = "fleet" };

    private NamedFleet()
    {
    }

    public TestHost Gateway { get; private set; } = null!;

    public GatewayClusters Clusters => Gateway.App.Services.GetRequiredService<GatewayClusters>();

    /// <summary>Starts destinations by their names.</summary>
    /// <param name="change">Says how they are balanced.</param>
    /// <param name="names">A letter each.</param>
    public static async Task<NamedFleet> StartAsync(Func<Cluster, Cluster> change, params string[] names)
    {
        var fleet = new NamedFleet();
        foreach (var name in names)
        {
            fleet._upstreams[name] = await TestHost.StartAsync(map: app => app.UseWebSockets().Run(context => AnswerAsync(context, name)));
        }

        fleet._cluster = change(fleet._cluster with { Destinations = names.ToDictionary(static name => name, fleet.At) });
        fleet.Say();
        fleet.Gateway = await TestHost.GatewayAsync(services: gateway => gateway.AddSource(fleet._source).Services
            .Configure<GatewayOptions>(static options => options.DestinationDrainLimit = TimeSpan.Zero)
            .AddDataProtection().UseEphemeralDataProtectionProvider());
        return fleet;
    }

    /// <summary>The destination of a name.</summary>
    public Destination At(string name) => new() { Address = _upstreams[name].Address };

    public Task ReloadAsync(Func<Cluster, Cluster> change)
    {
        _cluster = change(_cluster);
        Say();
        return Gateway.ReloadAsync();
    }

    public Task ReloadAsync(params string[] names) => ReloadAsync(cluster => cluster with { Destinations = names.ToDictionary(static name => name, At) });

    /// <summary>Sends a request.</summary>
    /// <returns>The answer.</returns>
    public async Task<HttpResponseMessage> SendAsync(string? field = null, string? value = null, string path = "/")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (field is not null)
        {
            request.Headers.TryAddWithoutValidation(field, value);
        }

        return await Gateway.Client.SendAsync(request);
    }

    /// <summary>Sends a request and tells the name of who answered.</summary>
    public async Task<string> AskAsync(string? field = null, string? value = null)
    {
        using var answer = await SendAsync(field, value);
        return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync() : ((int)answer.StatusCode).ToString(null, null);
    }

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        foreach (var upstream in _upstreams.Values)
        {
            await upstream.DisposeAsync();
        }
    }

    private static async Task AnswerAsync(HttpContext context, string name)
    {
        if (context.WebSockets.IsWebSocketRequest)
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.CloseAsync(System.Net.WebSockets.WebSocketCloseStatus.NormalClosure, name, CancellationToken.None);
            return;
        }

        context.Response.StatusCode = context.Request.Path == "/broken" ? 500 : 200;
        context.Response.Headers.SetCookie = "own=" + name;
        await context.Response.WriteAsync(name);
    }

    private void Say() => _source.Set = new()
    {
        Clusters = [_cluster],
        Routes = [new GatewayRoute { Id = "all", Match = new() { Path = "/{**rest}" }, Cluster = "fleet" }],
    };
}
