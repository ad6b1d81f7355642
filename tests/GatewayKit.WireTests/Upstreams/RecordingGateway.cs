using System.Collections.Concurrent;
using System.Net;
using GatewayKit.Clusters;
using GatewayKit.Forwarding;
using GatewayKit.Pipeline;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.WireTests.Upstreams;

/// <summary>A gateway on Kestrel that sends everything to one destination, with what it logs and records.</summary>
internal sealed class RecordingGateway : IAsyncDisposable
{
    private readonly WebApplication _app;

    private RecordingGateway(WebApplication app, Recorder records)
    {
        (_app, Records) = (app, records);
        Address = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    public Uri Address { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>What observers were told and what was logged.</summary>
    public Recorder Records { get; }

    /// <summary>The requests that are at the destination now.</summary>
    public int InFlight => Services.GetRequiredService<ClusterStates>().InForce["up"].Destinations.Sum(static destination => destination.InFlight);

    /// <summary>Waits until nothing is at the destination any more.</summary>
    public void MustBecomeQuiet() => Assert.True(SpinWait.SpinUntil(() => InFlight == 0, ScriptedUpstream.Limit), $"{InFlight} requests never ended.");

    /// <param name="destination">Where everything goes, by the cluster <c>up</c>.</param>
    /// <param name="cluster">Changes the cluster. Default: nothing.</param>
    /// <param name="gateway">Adds to the gateway. Default: nothing.</param>
    /// <param name="server">Changes the server. Default: nothing.</param>
    /// <param name="protocol">What it speaks to clients, without TLS.</param>
    /// <param name="app">Adds middleware in front of the routes. Default: nothing.</param>
    /// <param name="routes">Adds to the routes. Default: nothing.</param>
    public static async Task<RecordingGateway> StartAsync(
        Uri destination,
        Func<Cluster, Cluster>? cluster = null,
        Action<GatewayBuilder>? gateway = null,
        Action<KestrelServerOptions>? server = null,
        HttpProtocols protocol = HttpProtocols.Http1,
        Action<WebApplication>? app = null,
        Action<IEndpointConventionBuilder>? routes = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        var records = new Recorder();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocol);
            server?.Invoke(options);
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(records));
        builder.Services.AddSingleton<IGatewayObserver>(records);
        
        // Destinations fail here all the time, and each failure is looked at by itself.
        var up = new Cluster { Id = "up", Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = destination } }, CircuitBreaker = new() { Mode = GatewayKit.Pipeline.PolicyMode.Off } };
        builder.Services.Configure<GatewayOptions>(static options => options.DrainDelay = TimeSpan.Zero);
        var added = builder.Services.AddApiGateway()
            .AddClusters(cluster?.Invoke(up) ?? up)
            .AddRoutes(new GatewayRoute { Id = "all", Match = new() { Path = "/{**rest}" }, Cluster = "up" });
        gateway?.Invoke(added);
        var host = builder.Build();
        app?.Invoke(host);
        host.UseRouting();
        var mapped = host.MapGatewayRoutes();
        routes?.Invoke(mapped);
        await host.StartAsync();
        return new(host, records);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    /// <summary>Keeps the end of every request, and every line of the log.</summary>
    internal sealed class Recorder : IGatewayObserver, ILoggerProvider
    {
        private readonly ConcurrentQueue<Ended> _ended = new();
        private readonly ConcurrentQueue<Line> _lines = new();
        private readonly SemaphoreSlim _count = new(0);

        public IReadOnlyCollection<Line> Lines => _lines;

        public IReadOnlyCollection<Ended> Requests => _ended;

        /// <summary>Waits until one more request has ended than was waited for before.</summary>
        public async Task<Ended> NextAsync()
        {
            Assert.True(await _count.WaitAsync(ScriptedUpstream.Limit), "No request ended.");
            return _ended.Last();
        }

        public void RequestCompleted(GatewayContext context)
        {
            _ended.Enqueue(new(context.HttpContext.Request.Path, context.HttpContext.Response.StatusCode, context.Reason, context.GetForwardOutcome()));
            _count.Release();
        }

        public ILogger CreateLogger(string categoryName) => new Logger(categoryName, _lines);

        public void Dispose() => _count.Dispose();
    }

    internal sealed record Ended(string? Path, int Status, RejectionReason? Reason, ForwardOutcome? Outcome);

    internal sealed record Line(string Category, LogLevel Level, int EventId, string Text, Exception? Exception);

    private sealed class Logger(string category, ConcurrentQueue<Line> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (category.StartsWith("GatewayKit", StringComparison.Ordinal) || logLevel >= LogLevel.Warning)
            {
                lines.Enqueue(new(category, logLevel, eventId.Id, formatter(state, exception), exception));
            }
        }
    }
}
