using System.Diagnostics.Metrics;
using System.Net;
using GatewayKit.Clusters;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.WireTests.Hosting;

/// <summary>
/// A gateway as the package makes it: Kestrel with its own defaults at a free port of the loopback, one cluster, one route for everything.
/// Only looked at: how far the server has read, how many requests are at the destination, what is logged as an error.
/// </summary>
internal sealed class WireGateway : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly MeterListener _meters = new();
    private readonly ErrorLog _log;
    private readonly int _upstreamPort;
    private TaskCompletionSource? _idle;
    private long _active;
    private long _open;
    private long _closed;

    private WireGateway(WebApplication app, Uri address, ServerTaps taps, ErrorLog log)
    {
        (_app, Taps, _log) = (app, taps, log);
        Port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;

        _upstreamPort = address.Port;

        // Other gateways of the process have meters of the same name: this one's factory tells them apart.
        var factory = app.Services.GetRequiredService<IMeterFactory>();
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if ((instrument.Name is "gatewaykit.forward.active" && ReferenceEquals(instrument.Meter.Scope, factory))
                || instrument.Name is "http.client.open_connections" or "http.client.connection.duration")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _meters.SetMeasurementEventCallback<long>((instrument, change, tags, _) =>
        {
            if (instrument.Name is "gatewaykit.forward.active")
            {
                if (Interlocked.Add(ref _active, change) == 0)
                {
                    Interlocked.Exchange(ref _idle, null)?.SetResult();
                }
            }
            else if (IsUpstream(tags))
            {
                Interlocked.Add(ref _open, change);
            }
        });
        _meters.SetMeasurementEventCallback<double>((_, _, tags, _) => Interlocked.Add(ref _closed, IsUpstream(tags) ? 1 : 0));
        _meters.Start();
    }

    public int Port { get; }

    public ServerTaps Taps { get; }

    /// <summary>Requests at the destination, by <c>gatewaykit.forward.active</c>.</summary>
    public long Active => Volatile.Read(ref _active);

    /// <summary>How many connections the gateway has opened to the destination, and closed, by the metrics of the handler.</summary>
    public (int Opened, int Closed) UpstreamConnections => ((int)(Volatile.Read(ref _open) + Volatile.Read(ref _closed)), (int)Volatile.Read(ref _closed));

    /// <summary>What was logged as an error since the last call.</summary>
    public IReadOnlyList<string> TakeErrors() => _log.Take();

    /// <summary>Starts a gateway in front of one address.</summary>
    /// <param name="address">The destination.</param>
    /// <param name="cluster">Changes the cluster. Default: nothing.</param>
    /// <param name="map">Maps what comes beside the route. Default: nothing.</param>
    /// <param name="protocols">What it speaks to clients.</param>
    /// <param name="build">Adds to the host. Default: nothing.</param>
    /// <param name="routes">Adds to the gateway's routes. Default: nothing.</param>
    public static async Task<WireGateway> StartAsync(
        Uri address,
        Func<Cluster, Cluster>? cluster = null,
        Action<WebApplication>? map = null,
        HttpProtocols protocols = HttpProtocols.Http1,
        Action<WebApplicationBuilder>? build = null,
        Action<IEndpointConventionBuilder>? routes = null)
    {
        var (taps, log) = (new ServerTaps(), new ErrorLog());
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = protocols;
            listen.Use(taps.Tap);
        }));
        builder.Services.AddRoutingCore();
        builder.Services.AddMetrics();
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Error).AddProvider(log));
        
        // Destinations fail here all the time, and each failure is looked at by itself.
        var up = new Cluster { Id = "up", Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = address } }, CircuitBreaker = new() { Mode = GatewayKit.Pipeline.PolicyMode.Off } };
        builder.Services.Configure<GatewayOptions>(static options => options.DrainDelay = TimeSpan.Zero);
        builder.Services.AddApiGateway()
            .AddClusters(cluster?.Invoke(up) ?? up)
            .AddRoutes(new GatewayRoute { Id = "all", Match = new() { Path = "/{**rest}" }, Cluster = "up" });
        build?.Invoke(builder);
        var app = builder.Build();
        app.UseRouting();
        map?.Invoke(app);
        var mapped = app.MapGatewayRoutes();
        routes?.Invoke(mapped);
        await app.StartAsync();
        return new(app, address, taps, log);
    }

    /// <summary>What a signal does; the server goes on until somebody stops the host.</summary>
    public void TellToStop() => _app.Lifetime.StopApplication();

    /// <summary>Waits until nothing is at the destination and the server holds so many connections; <see langword="null"/> for any number.</summary>
    public async Task SettleAsync(int? connections)
    {
        using var limit = new CancellationTokenSource(Clients.ScriptedClient.Limit);
        while (Active != 0 || (connections is { } expected && Taps.Open != expected))
        {
            if (limit.IsCancellationRequested)
            {
                Assert.Fail($"There are {Active} active requests (0 expected) and {Taps.Open} connections ({connections?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "any number"} expected).");
            }

            await Task.Yield();
        }
    }

    /// <summary>Waits until nothing is at the destination. One may wait at a time.</summary>
    public Task IsIdleAsync()
    {
        var idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _idle, idle);
        return Active == 0 ? Task.CompletedTask : idle.Task.WaitAsync(Clients.ScriptedClient.Limit);
    }

    private bool IsUpstream(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var (name, value) in tags)
        {
            if (name is "server.port")
            {
                return value is int port && port == _upstreamPort;
            }
        }

        return false;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _meters.Dispose();
    }

    private sealed class ErrorLog : ILoggerProvider, ILogger
    {
        private readonly List<string> _errors = [];
        private readonly Lock _lock = new();

        public string[] Take()
        {
            lock (_lock)
            {
                string[] taken = [.. _errors];
                _errors.Clear();
                return taken;
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
            {
                return;
            }

            lock (_lock)
            {
                _errors.Add($"{formatter(state, exception)} {exception}");
            }
        }

        public void Dispose()
        {
        }
    }
}
