using System.Threading.Channels;
using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Rollout;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Rollout;

/// <summary>A gateway that sends everything to one destination and copies to another.</summary>
internal sealed class MirrorGateway : IAsyncDisposable
{
    private readonly Channel<Copy> _copies = Channel.CreateUnbounded<Copy>();

    private MirrorGateway()
    {
    }

    public TestHost Main { get; private set; } = null!;

    public TestHost Mirror { get; private set; } = null!;

    public TestHost Gateway { get; private set; } = null!;

    public MetricRecorder Metrics { get; private set; } = null!;

    /// <summary>What the sink was told.</summary>
    public Differences Differences { get; } = new();

    public HttpClient Client => Gateway.Client;

    /// <param name="policy">The mirror; its cluster is set here.</param>
    /// <param name="main">What the destination answers. Default: <c>main</c>.</param>
    /// <param name="mirror">What the mirror does after it has taken down the copy. Default: it answers <c>mirror</c>.</param>
    /// <param name="services">Adds to the gateway.</param>
    /// <param name="transforms">Policies of the route beside the mirror.</param>
    public static async Task<MirrorGateway> StartAsync(
        MirrorPolicy policy, RequestDelegate? main = null, RequestDelegate? mirror = null, Action<GatewayBuilder>? services = null, params IGatewayPolicy[] transforms)
    {
        var all = new MirrorGateway();
        all.Main = await Upstream.StartAsync(main ?? (static context => context.Response.WriteAsync("main")));
        all.Mirror = await Upstream.StartAsync(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            var headers = context.Request.Headers.ToDictionary(static header => header.Key, static header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
            all._copies.Writer.TryWrite(new(context.Request.Method, $"{context.Request.Path}{context.Request.QueryString}", headers, body.ToArray()));
            await (mirror ?? (static context => context.Response.WriteAsync("mirror")))(context);
        });
        all.Gateway = await TestHost.GatewayAsync(services: builder =>
        {
            builder.AddClusters(Cluster("main", new(all.Main.Address, "/base")), Cluster("mirror", new(all.Mirror.Address, "/copy/")))
                .AddRoutes(new GatewayRoute { Id = "all", Match = new() { Path = "/{**rest}" }, Cluster = "main", Policies = [policy with { Cluster = "mirror" }, .. transforms] });
            builder.Services.AddSingleton<IMirrorSink>(all.Differences);
            services?.Invoke(builder);
        });
        all.Metrics = new(all.Gateway.App);
        return all;
    }

    public static Cluster Cluster(string id, Uri address) =>
        new() { Id = id, Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = address } } };

    /// <summary>Waits for the next copy that has arrived.</summary>
    public async Task<Copy> NextCopyAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        return await _copies.Reader.ReadAsync(limit.Token);
    }

    /// <summary>Whether a copy has arrived that nobody asked for.</summary>
    public bool HasCopy => _copies.Reader.TryPeek(out _);

    public async ValueTask DisposeAsync()
    {
        Metrics.Dispose();
        await Gateway.DisposeAsync();
        await Main.DisposeAsync();
        await Mirror.DisposeAsync();
    }

    internal sealed record Copy(string Method, string Target, IReadOnlyDictionary<string, string> Headers, byte[] Body);
}

/// <summary>A sink that keeps what it is told.</summary>
internal sealed class Differences : IMirrorSink
{
    private readonly Channel<MirrorDifference> _told = Channel.CreateUnbounded<MirrorDifference>();

    public int Count => _told.Reader.Count;

    public void Differs(MirrorDifference difference) => _told.Writer.TryWrite(difference);

    public async Task<MirrorDifference> NextAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        return await _told.Reader.ReadAsync(limit.Token);
    }
}
