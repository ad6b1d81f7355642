using System.Collections.Concurrent;
using GatewayKit.Clusters;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.WireTests.Fuzz;

/// <summary>The whole gateway, Kestrel and handler included, between two ends in memory.</summary>
internal sealed class FuzzGateway : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ErrorLog _log;
    private int _running;

    private FuzzGateway(WebApplication app, ErrorLog log) => (_app, _log) = (app, log);

    public MemoryEndPoint Http1 { get; private init; } = null!;

    public MemoryEndPoint Http2 { get; private init; } = null!;

    public MemoryUpstream Upstream { get; private init; } = null!;

    public IServiceProvider Services => _app.Services;

    public static async Task<FuzzGateway> StartAsync()
    {
        var (http1, http2, upstream, log) = (new MemoryEndPoint("http1"), new MemoryEndPoint("http2"), new MemoryUpstream(), new ErrorLog());
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddSingleton<Microsoft.AspNetCore.Connections.IConnectionListenerFactory, MemoryListeners>();
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.Listen(http1, static listen => listen.Protocols = HttpProtocols.Http1);
            options.Listen(http2, static listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Error).AddProvider(log));
        builder.Services.Configure<GatewayOptions>(static options => options.DrainDelay = TimeSpan.Zero);
        builder.Services.AddApiGateway()
            .AddClusters(new Cluster { Id = "up", Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = new("http://upstream.example") } } })
            .AddRoutes(
                new GatewayRoute { Id = "all", Match = new() { Path = "/{**rest}" }, Cluster = "up" },
                new GatewayRoute { Id = "root", Match = new() { Path = "/" }, Cluster = "up" })
            .UseUpstreamHandler("up", () =>
            {
                var handler = UpstreamHandlers.Create(new(), new(), TimeSpan.FromSeconds(5));
                handler.ConnectCallback = (_, _) => new(upstream.Connect());
                return handler;
            });
        var app = builder.Build();
        var gateway = new FuzzGateway(app, log) { Http1 = http1, Http2 = http2, Upstream = upstream };
        app.Use(async (context, next) =>
        {
            Interlocked.Increment(ref gateway._running);
            try
            {
                await next(context);
            }
            finally
            {
                Interlocked.Decrement(ref gateway._running);
            }
        });
        app.UseRouting();
        app.MapGatewayRoutes();
        await app.StartAsync();
        return gateway;
    }

    /// <summary>
    /// Gives the requests that are served a chance to end. One that waits for the rest of its body does not, and one that the server has
    /// not handed on yet may be missed: no test may depend on them.
    /// </summary>
    public async Task IdleAsync()
    {
        for (var (turns, calm) = (0, 0); turns < 500 && calm < 20; turns++)
        {
            calm = Volatile.Read(ref _running) == 0 ? calm + 1 : 0;
            await Task.Yield();
        }
    }

    /// <summary>What was logged as an error since the last call.</summary>
    public string[] TakeErrors() => _log.Take();

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    // Kestrel also calls an error what a client does to itself: output it does not take, a trailer that is no UTF-8 and is drained. Of the
    // server's errors only the exception of an application counts.
    private sealed class ErrorLog : ILoggerProvider
    {
        private ConcurrentQueue<string> _errors = new();

        public string[] Take() => _errors.IsEmpty ? [] : [.. Interlocked.Exchange(ref _errors, new())];

        public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName.StartsWith("Microsoft.AspNetCore.Server.Kestrel", StringComparison.Ordinal));

        public void Dispose()
        {
        }

        private sealed class Logger(ErrorLog log, bool isServer) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                if (!IsEnabled(logLevel))
                {
                    return;
                }

                var text = formatter(state, exception);
                if (!isServer || text.Contains("An unhandled exception", StringComparison.Ordinal))
                {
                    log._errors.Enqueue($"{text} {exception}");
                }
            }
        }
    }
}
