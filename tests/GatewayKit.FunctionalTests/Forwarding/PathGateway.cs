using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>
/// A gateway whose answers tell what routing and policies made of a path, in front of a destination that answers with the target it was sent.
/// <c>/admin</c> is a route of its own, which an authorization would guard; <c>/open</c> and everything else lead to the destination too.
/// </summary>
public sealed class PathGateway : IAsyncLifetime
{
    private readonly RawUpstream _upstream = RawUpstream.Start(async (connection, _) =>
    {
        while (true)
        {
            var target = (await connection.ReadHeadAsync()).Split(' ')[1];
            await connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {target.Length}\r\n\r\n{target}");
        }
    });

    private TestHost _gateway = null!;
    private RawConnection? _client;

    public async ValueTask InitializeAsync() => _gateway = await TestHost.GatewayAsync(
        services: builder => builder.AddCluster("up", _upstream.Address.OriginalString),
        map: app =>
        {
            foreach (var (id, path, allow) in new[] { ("admin", "/admin/{**rest}", false), ("slash", "/slash/{name}/{**rest}", true), ("all", "/{**rest}", false) })
            {
                app.MapGatewayRoute(new() { Id = id, Match = new() { Path = path }, Cluster = "up", AllowEncodedSlash = allow }).AddEndpointFilter(TellAsync);
            }
        });

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        await _gateway.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    /// <summary>Sends a target byte by byte as it is.</summary>
    internal async Task<PathAnswer> GetAsync(string target, string host = "a", string method = "GET")
    {
        _client ??= await RawConnection.ConnectAsync(_gateway.Address);
        try
        {
            await _client.SendAsync($"{method} {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
            var answer = new PathAnswer(await _client.ReadAnswerAsync());
            if (answer.Text.Contains("\r\nConnection: close", StringComparison.OrdinalIgnoreCase))
            {
                Disconnect();
            }

            return answer;
        }
        catch
        {
            Disconnect();
            throw;
        }
    }

    private static async ValueTask<object?> TellAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var context = GatewayContext.From(invocation);
        var response = context.HttpContext.Response;
        response.Headers["X-Route"] = context.Endpoint.RouteId;
        response.Headers["X-Policy-Path"] = context.Path;
        response.Headers["X-Matched"] = Uri.EscapeDataString(context.HttpContext.Request.Path.Value!);
        response.Headers["X-Name"] = Uri.EscapeDataString(context.HttpContext.Request.RouteValues["name"] as string ?? string.Empty);
        return await next(invocation);
    }

    private void Disconnect()
    {
        _client?.Dispose();
        _client = null;
    }
}

/// <summary>What came back from <see cref="PathGateway"/>.</summary>
internal sealed record PathAnswer(string Text)
{
    public int Status => int.Parse(Text.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>What the destination was sent; <see langword="null"/> if nothing.</summary>
    public string? Forwarded => Status == 200 ? Text[(Text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..] : null;

    public string? Route => Field("X-Route");

    /// <summary>What a policy reads.</summary>
    public string? PolicyPath => Field("X-Policy-Path");

    /// <summary>The path that routing matched, as the server decoded it.</summary>
    public string? Matched => Field("X-Matched") is { } text ? Uri.UnescapeDataString(text) : null;

    public string? RouteValue => Field("X-Name") is { } text ? Uri.UnescapeDataString(text) : null;

    private string? Field(string name)
    {
        var start = Text.IndexOf($"\r\n{name}: ", StringComparison.Ordinal);
        return start < 0 ? null : Text[(start + name.Length + 4)..Text.IndexOf("\r\n", start + 2, StringComparison.Ordinal)];
    }
}
