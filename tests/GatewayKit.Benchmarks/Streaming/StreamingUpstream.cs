using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Benchmarks.Streaming;

/// <summary>The service behind the gateway. It lives in the process of the clients, so that both read the same clock.</summary>
internal sealed class StreamingUpstream : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, TaskCompletionSource<long>> _aborts = new(StringComparer.Ordinal);

    private StreamingUpstream()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);

            // Slow readers are what is measured, not to be got rid of.
            kestrel.Limits.MinResponseDataRate = null;
        });
        _app = builder.Build();
        _app.MapGet("/ticks/{count}/{milliseconds}", TickAsync);
        _app.MapGet("/mebibytes/{count}", WriteAsync);
        _app.MapGet("/hold/{id}", HoldAsync);
    }

    public Uri Address => new(_app.Urls.First());

    public static async Task<StreamingUpstream> StartAsync()
    {
        var upstream = new StreamingUpstream();
        await upstream._app.StartAsync();
        return upstream;
    }

    /// <summary>When the request of that id was found to be aborted, as a timestamp of <see cref="Stopwatch"/>.</summary>
    public Task<long> AbortedAsync(string id) => _aborts.GetOrAdd(id, NewAbort).Task.WaitAsync(TimeSpan.FromSeconds(30));

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    // Each event is the moment at which it was written.
    private static async Task TickAsync(HttpContext context, int count, int milliseconds)
    {
        context.Response.ContentType = "text/event-stream";
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(milliseconds));
        for (var i = 0; i < count && await timer.WaitForNextTickAsync(context.RequestAborted); i++)
        {
            await context.Response.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"data: {Stopwatch.GetTimestamp()}\n\n"), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    private static async Task WriteAsync(HttpContext context, int count)
    {
        var block = new byte[65_536];
        context.Response.ContentLength = count * 1_048_576L;
        for (var sent = 0L; sent < context.Response.ContentLength; sent += block.Length)
        {
            await context.Response.Body.WriteAsync(block, context.RequestAborted);
        }
    }

    private async Task HoldAsync(HttpContext context, string id)
    {
        var abort = _aborts.GetOrAdd(id, NewAbort);
        await using var registered = context.RequestAborted.Register(() => abort.TrySetResult(Stopwatch.GetTimestamp()));
        await context.Response.WriteAsync("held");
        await context.Response.Body.FlushAsync();
        await abort.Task;
    }

    private static TaskCompletionSource<long> NewAbort(string id) => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
