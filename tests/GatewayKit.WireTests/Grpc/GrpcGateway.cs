using System.Net;
using System.Threading.Channels;
using GatewayKit.Clusters;
using GatewayKit.Pipeline;
using GatewayKit.WireTests.Hosting;
using GatewayKit.WireTests.Http2;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.WireTests.Grpc;

/// <summary>A gateway that speaks HTTP/2 on both sides, with a clock that stands, and what it records.</summary>
internal sealed class GrpcGateway : IAsyncDisposable
{
    private readonly Channel<string?> _reasons = Channel.CreateUnbounded<string?>();
    private WireGateway? _gateway;

    public FakeTimeProvider Time { get; } = new();

    public WireGateway Gateway => _gateway!;

    /// <summary>Waits for the record of the next request: the code of the reason it ended with, <see langword="null"/> if it went well.</summary>
    public Task<string?> NextReasonAsync() => _reasons.Reader.ReadAsync().AsTask().WaitAsync(Clients.ScriptedClient.Limit);

    /// <param name="address">The destination.</param>
    /// <param name="cluster">Changes the cluster. Default: nothing.</param>
    /// <param name="filter">Runs in front of the forwarder, on the gateway's routes. Default: none.</param>
    /// <param name="map">Maps endpoints of the host. Default: none.</param>
    /// <param name="limits">Sets limits of the server. Default: none.</param>
    public static async Task<GrpcGateway> StartAsync(
        Uri address,
        Func<Cluster, Cluster>? cluster = null,
        Func<FakeTimeProvider, HttpContext, object?>? filter = null,
        Action<WebApplication>? map = null,
        Action<KestrelServerLimits>? limits = null)
    {
        var gateway = new GrpcGateway();
        gateway._gateway = await WireGateway.StartAsync(
            address,
            up => (cluster ?? (static unchanged => unchanged))(up with { Http = new() { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact } }),
            map,
            HttpProtocols.Http2,
            builder =>
            {
                builder.Services.AddSingleton<TimeProvider>(gateway.Time);
                builder.Services.AddSingleton<IGatewayObserver>(new Observer(gateway._reasons.Writer));
                builder.Services.Configure<KestrelServerOptions>(options => limits?.Invoke(options.Limits));
            },
            filter is null ? null : routes => routes.AddEndpointFilter(async (context, next) => filter(gateway.Time, context.HttpContext) ?? await next(context)));
        return gateway;
    }

    /// <summary>The fields of a call.</summary>
    public static string Call(string path, params ReadOnlySpan<(string Name, string Value)> fields) =>
        Http2Client.Post(path, ("content-type", "application/grpc+proto"), ("te", "trailers")) + Hpack.Block(fields);

    public async ValueTask DisposeAsync() => await Gateway.DisposeAsync();

    private sealed class Observer(ChannelWriter<string?> reasons) : IGatewayObserver
    {
        public void RequestCompleted(GatewayContext context) => reasons.TryWrite(context.Reason?.Code);
    }
}
