using System.Collections.Concurrent;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Identity.ExternalAuthorization;

/// <summary>An authorization service on Kestrel that keeps what it was asked, and answers as the test says.</summary>
internal sealed class AskedService : IAsyncDisposable
{
    private readonly ConcurrentQueue<Question> _questions = new();
    private readonly TaskCompletionSource _stopping = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TestHost _host = null!;

    /// <summary>Answers; it is given the number of the question, from 1. Default: yes.</summary>
    public Func<HttpContext, int, Task> Answer { get; set; } = static (_, _) => Task.CompletedTask;

    public Uri Url => new(_host.Address, "/check");

    public IReadOnlyList<Question> Questions => [.. _questions];

    public Question Last => _questions.Last();

    public static async Task<AskedService> StartAsync()
    {
        var service = new AskedService();
        service._host = await Upstream.StartAsync(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            service._questions.Enqueue(new(
                context.Request.Method,
                context.Request.Path + context.Request.QueryString,
                context.Request.Headers.ToDictionary(static header => header.Key, static header => string.Join(" | ", header.Value.ToArray()), StringComparer.OrdinalIgnoreCase),
                body.ToArray()));
            await service.Answer(context, service._questions.Count);
        });
        return service;
    }

    /// <summary>Answers with a status and fields.</summary>
    public void Say(int status, params (string Name, string Value)[] fields) => Answer = (context, _) => SayAsync(context, status, fields);

    public static Task SayAsync(HttpContext context, int status, params (string Name, string Value)[] fields)
    {
        context.Response.StatusCode = status;
        foreach (var (name, value) in fields)
        {
            context.Response.Headers.Append(name, value);
        }

        return Task.CompletedTask;
    }

    /// <summary>Answers nothing for as long as it runs.</summary>
    public void Hang() => Answer = (context, _) => _stopping.Task.WaitAsync(context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);

    /// <summary>Stops: nobody listens any more.</summary>
    public Task StopAsync() => _host.App.StopAsync();

    public async ValueTask DisposeAsync()
    {
        _stopping.TrySetResult();
        await _host.DisposeAsync();
    }

    internal sealed record Question(string Method, string Target, IReadOnlyDictionary<string, string> Fields, byte[] Body)
    {
        public string? this[string name] => Fields.GetValueOrDefault(name);
    }
}
