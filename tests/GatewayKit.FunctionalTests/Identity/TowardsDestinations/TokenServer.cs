using System.Collections.Concurrent;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.FunctionalTests.Identity.TowardsDestinations;

/// <summary>An authorization server on Kestrel that keeps what it was asked, and answers as the test says.</summary>
internal sealed class TokenServer : IAsyncDisposable
{
    private readonly ConcurrentQueue<Asked> _requests = new();
    private readonly TaskCompletionSource _stopping = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TestHost _host = null!;

    /// <summary>Answers; it is given the number of the request, from 1. Default: token <c>token-1</c>, <c>token-2</c> and so on, good for an hour.</summary>
    public Func<HttpContext, int, Task> Answer { get; set; } = static (context, number) => GiveAsync(context, $"token-{number}");

    public Uri Endpoint => new(_host.Address, "/token");

    public IReadOnlyList<Asked> Requests => [.. _requests];

    public static async Task<TokenServer> StartAsync()
    {
        var server = new TokenServer();
        server._host = await Hosting.Upstream.StartAsync(async context =>
        {
            var form = await context.Request.ReadFormAsync();
            server._requests.Enqueue(new(context.Request.Path, context.Request.Headers.Authorization, form.ToDictionary(static field => field.Key, static field => field.Value.ToString())));
            await server.Answer(context, server._requests.Count);
        });
        return server;
    }

    /// <summary>Gives a token.</summary>
    public static Task GiveAsync(HttpContext context, string token, string rest = ", \"expires_in\": 3600") => SayAsync(context, 200, $$"""{ "access_token": "{{token}}", "token_type": "bearer"{{rest}} }""");

    public static Task SayAsync(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body);
    }

    /// <summary>Answers nothing for as long as the server runs.</summary>
    public void Hang() => Answer = (context, _) => _stopping.Task.WaitAsync(context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);

    public ValueTask DisposeAsync()
    {
        _stopping.TrySetResult();
        return _host.DisposeAsync();
    }

    internal sealed record Asked(string Path, StringValues Authorization, IReadOnlyDictionary<string, string> Form);
}
