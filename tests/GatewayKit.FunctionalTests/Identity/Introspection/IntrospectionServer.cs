using System.Collections.Concurrent;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Identity.Introspection;

/// <summary>An authorization server on Kestrel that knows tokens, keeps what it was asked, and answers as the test says.</summary>
internal sealed class IntrospectionServer : IAsyncDisposable
{
    private readonly ConcurrentQueue<Asked> _requests = new();
    private readonly TaskCompletionSource _stopping = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TestHost _host = null!;

    /// <summary>What it says of tokens; of others, that they are not active.</summary>
    public ConcurrentDictionary<string, string> Tokens { get; } = new();

    /// <summary>Answers, in place of <see cref="Tokens"/>.</summary>
    public Func<HttpContext, Task>? Answer { get; set; }

    public Uri Endpoint => new(_host.Address, "/introspect");

    public IReadOnlyList<Asked> Requests => [.. _requests];

    public static async Task<IntrospectionServer> StartAsync()
    {
        var server = new IntrospectionServer();
        server._host = await Upstream.StartAsync(async context =>
        {
            var form = await context.Request.ReadFormAsync();
            server._requests.Enqueue(new(
                $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}",
                context.Request.Headers.ToDictionary(static field => field.Key, static field => field.Value.ToString(), StringComparer.OrdinalIgnoreCase),
                form.ToDictionary(static field => field.Key, static field => field.Value.ToString())));
            await (server.Answer?.Invoke(context) ?? SayAsync(context, 200, server.Tokens.GetValueOrDefault(form["token"].ToString(), """{ "active": false }""")));
        });
        return server;
    }

    public static Task SayAsync(HttpContext context, int status, string body, string type = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        return context.Response.WriteAsync(body);
    }

    /// <summary>The policy in JSON.</summary>
    /// <param name="more">More settings, each with a comma in front.</param>
    /// <param name="secret">Where the gateway's secret is.</param>
    public string Policy(string more = "", string secret = "config:Secrets:Client") => $"\"Introspection\": {Settings(more, secret)}";

    /// <summary>The settings of the policy in JSON.</summary>
    public string Settings(string more = "", string secret = "config:Secrets:Client") =>
        $$"""{ "Name": "partners", "Endpoint": "{{Endpoint}}", "ClientId": "gate:way", "ClientSecret": "{{secret}}", "Audiences": [ "orders" ] {{more}} }""";

    /// <summary>Makes a token known that holds.</summary>
    public void Issue(string token, string client, string scope = "read", string more = "") =>
        Tokens[token] = $$"""{ "active": true, "client_id": "{{client}}", "scope": "{{scope}}", "aud": "orders" {{more}} }""";

    /// <summary>Answers nothing for as long as the server runs.</summary>
    public void Hang() => Answer = context => _stopping.Task.WaitAsync(context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);

    public ValueTask DisposeAsync()
    {
        _stopping.TrySetResult();
        return _host.DisposeAsync();
    }

    internal sealed record Asked(string Target, IReadOnlyDictionary<string, string> Headers, IReadOnlyDictionary<string, string> Form);
}
