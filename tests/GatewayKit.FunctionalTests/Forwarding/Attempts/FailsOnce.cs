using System.Collections.Concurrent;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Forwarding.Attempts;

/// <summary>A destination that fails the first time it sees a request, as the request asks it to, and serves it the second time.</summary>
internal sealed class FailsOnce : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, int> _seen = new();
    private readonly ConcurrentDictionary<string, string> _bodies = new();
    private TestHost _host = null!;

    /// <summary>What happens while a request is left without an answer, again and again until the gateway gives it up.</summary>
    public Action<string> OnSilence { get; set; } = static _ => { };

    public Uri Address => _host.Address;

    public static async Task<FailsOnce> StartAsync()
    {
        var destination = new FailsOnce();
        destination._host = await Upstream.StartAsync(destination.ServeAsync);
        return destination;
    }

    /// <summary>How often a request was delivered.</summary>
    public int Seen(string id) => _seen.GetValueOrDefault(id);

    /// <summary>The body of the latest delivery.</summary>
    public string BodyOf(string id) => _bodies.GetValueOrDefault(id, "");

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private async Task ServeAsync(HttpContext context)
    {
        var id = context.Request.Headers["X-Test-Id"].ToString();
        var count = _seen.AddOrUpdate(id, 1, static (_, seen) => seen + 1);
        if (context.Request.Headers["X-Attempts"].ToString() is "all" || count == 1)
        {
            await FailAsync(context, context.Request.Headers["X-Fault"].ToString());
            return;
        }

        using var reader = new StreamReader(context.Request.Body);
        _bodies[id] = await reader.ReadToEndAsync();
        context.Response.Headers["X-Attempt"] = context.Request.Headers["X-GW-Attempt"];
        context.Response.StatusCode = StatusCodes.Status200OK;
    }

    private async Task FailAsync(HttpContext context, string fault)
    {
        if (fault is not "unread reset")
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
        }

        switch (fault)
        {
            case "reset" or "unread reset":
                context.Abort();
                break;
            case "silence":
                while (!context.RequestAborted.IsCancellationRequested)
                {
                    OnSilence(context.Request.Headers["X-Test-Id"].ToString());
                    await Task.Yield();
                }

                break;
            default:
                context.Response.StatusCode = int.Parse(fault);
                if (context.Request.Headers.TryGetValue("X-Retry-After", out var wait))
                {
                    context.Response.Headers.RetryAfter = wait;
                }

                break;
        }
    }
}
