using Microsoft.Extensions.DependencyInjection;
using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using GatewayKit.Auditing;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Auditing;

/// <summary>Each request has a beginning and an end in the journal, whatever becomes of it.</summary>
public sealed class AuditTests
{
    [Fact]
    public async Task Health_check_fails_when_nothing_can_be_recorded()
    {
        AuditTrail? trail = null;
        await using var host = await AuditedHost.StartAsync(
            map: app =>
            {
                trail = app.Services.GetRequiredService<AuditTrail>();
                app.MapHealthChecks("/readyz");
                app.MapGatewayRoute("/{**rest}", cluster: "up").WithAuditing();
            },
            services: static gateway => gateway.Services.AddHealthChecks().AddGatewayAudit(),
            journal: static options => options with { ExcludedPaths = ["/readyz"] });
        Assert.Equal(HttpStatusCode.OK, (await host.Client.GetAsync("/readyz")).StatusCode);
        await trail!.CloseAsync();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await host.Client.GetAsync("/readyz")).StatusCode);

        // There is no record to ask for.
        using var refused = await host.Client.GetAsync("/a");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, false), (refused.StatusCode, refused.Headers.Contains("X-Request-Id")));
    }

    [Fact]
    public async Task Strict_endpoint_without_a_second_place_for_checkpoints_keeps_the_host_from_starting()
    {
        var exception = await Assert.ThrowsAsync<GatewayKit.Configuration.GatewayConfigurationException>(() => AuditedHost.StartAsync(
            map: static app => app.MapGet("/report", static () => "x").WithName("report").WithAuditing(AuditDelivery.Strict), journal: static options => options with { LogCheckpoints = false }));
        Assert.Contains("IAuditAnchor", exception.Message, StringComparison.Ordinal);

        // As every error of a start: what is wrong, and no stack.
        Assert.EndsWith(exception.Message, exception.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_that_is_served_has_a_beginning_and_an_end()
    {
        await using var host = await AuditedHost.StartAsync();
        using var answer = await host.Client.GetAsync(new Uri("/orders/17?secret=1", UriKind.Relative));
        var id = Assert.Single(answer.Headers.GetValues("X-Request-Id"));
        var (begin, end) = Pair(await host.StopAndReadRequestsAsync());

        Assert.Equal((id, id), (Text(begin, "rid"), Text(end, "rid")));
        Assert.Equal("/{**rest} up GET /{**rest} HTTP/1.1 127.0.0.1", $"{Text(begin, "route")} {Text(begin, "cluster")} {Text(begin, "m")} {Text(begin, "path")} {Text(begin, "proto")} {Text(begin, "src")}");
        Assert.Equal((200, "ok"), (end.GetProperty("st").GetInt32(), Text(end, "outcome")));
        var attempt = Assert.Single(end.GetProperty("att").EnumerateArray());
        Assert.Equal(("up", "a", 200), (Text(attempt, "c"), Text(attempt, "d"), attempt.GetProperty("st").GetInt32()));
        Assert.Equal(6, end.GetProperty("bout").GetInt64());
        Assert.True(end.GetProperty("dur_us").GetInt64() >= attempt.GetProperty("us").GetInt64());
        Assert.DoesNotContain("secret", host.ReadText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Beginning_is_in_the_file_before_the_destination_is_asked()
    {
        AuditedHost? host = null;
        var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var own = host = await AuditedHost.StartAsync(context =>
        {
            seen.SetResult(host!.ReadText());
            return Task.CompletedTask;
        });
        using var answer = await host.Client.GetAsync(new Uri("/a", UriKind.Relative));
        var id = Assert.Single(answer.Headers.GetValues("X-Request-Id"));
        Assert.Contains($"\"kind\":\"begin\"", await seen.Task, StringComparison.Ordinal);
        Assert.Contains(id, await seen.Task, StringComparison.Ordinal);
        Assert.DoesNotContain("\"kind\":\"end\"", await seen.Task, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Handler_of_the_host_runs_after_its_beginning_is_in_the_file()
    {
        AuditedHost? host = null;
        var text = string.Empty;
        await using var own = host = await AuditedHost.StartAsync(map: app => app.MapGet("/report", () => text = host!.ReadText()).WithName("report").WithAuditing(AuditDelivery.Strict));
        using var answer = await host.Client.GetAsync(new Uri("/report", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains(Assert.Single(answer.Headers.GetValues("X-Request-Id")), text, StringComparison.Ordinal);
        var (begin, end) = Pair(await host.StopAndReadRequestsAsync());
        Assert.Equal(("report", "/report"), (Text(begin, "route"), Text(begin, "path")));
        Assert.Equal("ok", Text(end, "outcome"));
    }

    [Fact]
    public async Task Refusal_of_a_policy_is_recorded_with_its_reason_before_it_is_told()
    {
        await using var host = await AuditedHost.StartAsync(
            map: static app => app.MapGatewayRoute("/{**rest}", cluster: "up").WithAuditing().WithThrottling(new() { RequestsPerSecond = 0.001 }));
        using var first = await host.Client.GetAsync(new Uri("/a", UriKind.Relative));
        using var second = await host.Client.GetAsync(new Uri("/a", UriKind.Relative));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.TooManyRequests), (first.StatusCode, second.StatusCode));
        Assert.Contains(Assert.Single(second.Headers.GetValues("X-Request-Id")), host.ReadText(), StringComparison.Ordinal);
        var lines = await host.StopAndReadRequestsAsync();
        Assert.Equal(4, lines.Count);
        var end = lines.Single(static line => Text(line, "kind") is "end" && Text(line, "outcome") is not "ok");
        Assert.Equal((429, "throttled", "rate-limited"), (end.GetProperty("st").GetInt32(), Text(end, "outcome"), Text(end, "err")));
        Assert.Contains(end.GetProperty("dec").EnumerateArray(), static one => (Text(one, "p"), Text(one, "o"), Text(one, "r")) is ("Throttle", "deny", "rate-limited"));
        Assert.DoesNotContain(end.GetProperty("dec").EnumerateArray(), static one => Text(one, "p") is "Audit");
        Assert.False(end.TryGetProperty("att", out _));
    }

    [Fact]
    public async Task What_nothing_serves_and_what_host_middleware_refuses_is_recorded()
    {
        await using var host = await AuditedHost.StartAsync(map: static app =>
        {
            app.Use(static (context, next) =>
            {
                if (!context.Request.Headers.ContainsKey("X-Stop"))
                {
                    return next(context);
                }

                context.Response.StatusCode = 403;
                return Task.CompletedTask;
            });
            app.MapGatewayRoute("/known/{**rest}", cluster: "up").WithAuditing();
        });
        using var unmatched = await host.Client.GetAsync(new Uri("/unknown", UriKind.Relative));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/known/a") { Headers = { { "X-Stop", "1" } } };
        using var refused = await host.Client.SendAsync(request);
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.Forbidden), (unmatched.StatusCode, refused.StatusCode));
        var lines = await host.StopAndReadRequestsAsync();
        Assert.Equal(["begin", "end", "begin", "end"], lines.Select(static line => Text(line, "kind")));
        Assert.Equal((404, "unmatched", "/unknown"), (lines[1].GetProperty("st").GetInt32(), Text(lines[1], "outcome"), Text(lines[0], "path")));
        Assert.Equal((403, "denied", "/known/{**rest}"), (lines[3].GetProperty("st").GetInt32(), Text(lines[3], "outcome"), Text(lines[2], "route")));
    }

    [Fact]
    public async Task Scope_leaves_endpoints_of_the_host_alone_that_ask_for_nothing()
    {
        foreach (var (scope, count) in new[] { (AuditScope.Host, 2), (AuditScope.Gateway, 0) })
        {
            await using var host = await AuditedHost.StartAsync(
                map: static app =>
                {
                    app.MapGet("/health", static () => "well");
                    app.MapGatewayRoute("/known/{**rest}", cluster: "up").WithAuditing();
                },
                journal: options => options with { Scope = scope });
            Assert.Equal("well", await host.Client.GetStringAsync(new Uri("/health", UriKind.Relative)));
            Assert.Equal(count, (await host.StopAndReadRequestsAsync()).Count);
        }
    }

    [Fact]
    public async Task Excluded_path_is_not_recorded_and_the_journal_says_so()
    {
        await using var host = await AuditedHost.StartAsync(
            map: static app =>
            {
                app.MapGet("/health", static () => "well");
                app.MapGatewayRoute("/known/{**rest}", cluster: "up").WithAuditing();
            },
            journal: static options => options with { ExcludedPaths = ["/health"] });
        Assert.Equal("well", await host.Client.GetStringAsync(new Uri("/health", UriKind.Relative)));
        var lines = await host.StopAndReadAsync();
        Assert.DoesNotContain(lines, static line => Text(line, "kind") is "begin");
        Assert.Contains(lines, static line => line.TryGetProperty("event", out var name) && name.GetString() is "audit.scope" && line.GetRawText().Contains("/health", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Request_that_the_server_refuses_is_recorded_without_what_the_client_wrote()
    {
        await using var host = await AuditedHost.StartAsync();
        using (var connection = await RawConnection.ConnectAsync(host.Gateway.Address))
        {
            await connection.SendAsync("GET /canary-in-the-target HTTP/1.1\r\nHost: a\r\nHost: canary\r\nX: \u0001\r\n\r\n");
            Assert.Contains(" 400 ", await connection.ReadHeadAsync(), StringComparison.Ordinal);
        }

        var lines = await host.StopAndReadAsync();
        var refusal = Assert.Single(lines, static line => line.TryGetProperty("event", out var name) && name.GetString() is "protocol_reject");
        Assert.Equal((400, "127.0.0.1"), (refusal.GetProperty("st").GetInt32(), Text(refusal, "src")));
        Assert.DoesNotContain("canary", host.ReadText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_that_leaves_is_recorded_as_such()
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await AuditedHost.StartAsync(async context =>
        {
            arrived.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
        });
        using (var connection = await RawConnection.ConnectAsync(host.Gateway.Address))
        {
            await connection.SendAsync("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
            await arrived.Task;
        }

        var (_, end) = Pair(await host.StopAndReadRequestsAsync());
        Assert.Equal(("client_aborted", "client-aborted"), (Text(end, "outcome"), Text(end, "err")));
    }

    [Fact]
    public async Task WebSocket_is_recorded_with_its_true_end()
    {
        await using var host = await AuditedHost.StartAsync(static async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var received = await socket.ReceiveAsync(new byte[16], default);
            await socket.SendAsync("answer"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, default);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default);
        });
        using (var client = new ClientWebSocket())
        {
            await client.ConnectAsync(new UriBuilder(host.Gateway.Address) { Scheme = "ws" }.Uri, default);
            Assert.Equal("begin", Text(Assert.Single(host.Read(), static line => Text(line, "kind") is "begin" or "end"), "kind"));
            await client.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, default);
            while ((await client.ReceiveAsync(new byte[16], default)).MessageType is not WebSocketMessageType.Close)
            {
            }

            await client.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default);
        }

        var (_, end) = Pair(await host.StopAndReadRequestsAsync());
        Assert.Equal((101, "ok", true), (end.GetProperty("st").GetInt32(), Text(end, "outcome"), end.GetProperty("tunnel").GetBoolean()));
        Assert.True(end.GetProperty("bin").GetInt64() > 5 && end.GetProperty("bout").GetInt64() > 6);
    }

    [Fact]
    public async Task Fields_and_query_keys_are_recorded_by_name_and_credentials_never()
    {
        await using var host = await AuditedHost.StartAsync(
            static context =>
            {
                context.Response.Headers["X-Kind"] = "a b";
                return Task.CompletedTask;
            },
            static app => app.MapGatewayRoute("/{**rest}", cluster: "up").WithAuditing(new AuditPolicy
            {
                RequestHeaders = ["X-Test-Id", "X-Absent"],
                ResponseHeaders = ["X-Kind"],
                QueryKeys = ["page"],
                Path = AuditPath.Canonical,
            }));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/a/b?page=2&other=canary-q") { Headers = { { "X-Test-Id", "7\t\"\\" }, { "Authorization", "Bearer canary-t" }, { "X-Other", "canary-h" } } };
        using var answer = await host.Client.SendAsync(request);
        var (begin, end) = Pair(await host.StopAndReadRequestsAsync());
        Assert.Equal("{\"x-test-id\":\"7\\t\\\"\\\\\"}", JsonSerializer.Serialize(begin.GetProperty("hdr"), Relaxed));
        Assert.Equal("2", Text(begin.GetProperty("q"), "page"));
        Assert.Equal("/a/b", Text(begin, "path"));
        Assert.True(end.GetProperty("hdr").TryGetProperty("x-kind", out _));
        Assert.DoesNotContain("canary", host.ReadText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policy_that_is_tried_is_in_the_record()
    {
        await using var host = await AuditedHost.StartAsync(
            map: static app => app.MapGatewayRoute("/{**rest}", cluster: "up").WithAuditing().WithThrottling(new() { RequestsPerSecond = 0.001, Mode = PolicyMode.Shadow }));
        using var first = await host.Client.GetAsync(new Uri("/a", UriKind.Relative));
        using var second = await host.Client.GetAsync(new Uri("/a", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
        var begin = (await host.StopAndReadRequestsAsync()).Last(static line => Text(line, "kind") is "begin");
        Assert.Contains(begin.GetProperty("dec").EnumerateArray(), static one => (Text(one, "p"), Text(one, "o")) is ("Throttle", "would-deny"));
    }

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static (JsonElement Begin, JsonElement End) Pair(IReadOnlyList<JsonElement> lines)
    {
        Assert.Equal(["begin", "end"], lines.Select(static line => Text(line, "kind")));
        return (lines[0], lines[1]);
    }

    private static string? Text(JsonElement line, string name) => line.TryGetProperty(name, out var value) ? value.GetString() : null;
}
