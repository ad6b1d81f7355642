using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Pipeline;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Fallbacks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>What answers when what an endpoint leads to cannot.</summary>
public sealed class FallbackTests : IAsyncLifetime
{
    private static readonly FallbackPolicy ToSpare = new() { OnFailure = new(), Cluster = "spare" };
    private static readonly FallbackPolicy ToAnswer = new() { OnFailure = new(), Answer = new() { Body = "sorry" } };

    private readonly AwaitableObserver _observer = new();
    private readonly FallbackObserver _fallbacks = new();
    private int _sick, _spare;
    private TestHost _sickHost = null!, _spareHost = null!;

    public async ValueTask InitializeAsync()
    {
        _sickHost = await Upstream.StartAsync(async context =>
        {
            Interlocked.Increment(ref _sick);
            if (context.Request.Path.Value!.Contains("/read", StringComparison.Ordinal))
            {
                await context.Request.Body.CopyToAsync(Stream.Null);
            }

            if (context.Request.Path.Value!.Contains("/reset", StringComparison.Ordinal))
            {
                context.Abort();
                return;
            }

            context.Response.StatusCode = 503;
            context.Response.Headers["X-Sick"] = "yes";
            await context.Response.WriteAsync("sick");
        });
        _spareHost = await Upstream.StartAsync(async context =>
        {
            Interlocked.Increment(ref _spare);
            using var reader = new StreamReader(context.Request.Body);
            await context.Response.WriteAsync($"spare {context.Request.Method} {context.Request.Path} {await reader.ReadToEndAsync()}".Trim());
        });
    }

    [Theory]

    // Nothing was tried: any method, and a body that nobody has read.
    [InlineData("/empty/cluster", "GET", null, 200, "spare GET /empty/cluster", "cluster")]
    [InlineData("/empty/cluster", "POST", "order", 200, "spare POST /empty/cluster order", "cluster")]
    [InlineData("/dead/cluster", "POST", "order", 200, "spare POST /dead/cluster order", "cluster")]
    [InlineData("/empty/answer", "POST", "order", 200, "sorry", "answer")]
    [InlineData("/empty/endpoint", "POST", null, 200, "standing in for POST", "endpoint")]
    [InlineData("/empty/handler", "GET", null, 200, "handled GET", "handler")]

    // It answered, or broke off: what may be sent again is.
    [InlineData("/sick/cluster", "GET", null, 200, "spare GET /sick/cluster", "cluster")]
    [InlineData("/sick/reset/cluster", "GET", null, 200, "spare GET /sick/reset/cluster", "cluster")]
    [InlineData("/sick/cluster", "POST", null, 503, "sick", null)]
    [InlineData("/sick/reset/cluster", "POST", null, 502, null, null)]
    [InlineData("/sick/read/cluster", "PUT", "order", 503, "sick", null)]

    // Its body was read, and the retries have kept it, unless there was more of it.
    [InlineData("/kept/read/cluster", "PUT", "order", 200, "spare PUT /kept/read/cluster order", "cluster")]
    [InlineData("/kept/read/reset/cluster", "PUT", "order", 200, "spare PUT /kept/read/reset/cluster order", "cluster")]
    [InlineData("/kept/read/cluster", "PUT", "an order of more than sixteen bytes", 503, "sick", null)]
    [InlineData("/kept/read/cluster", "POST", "order", 503, "sick", null)]
    [InlineData("/kept/read/endpoint", "PUT", "order", 503, "sick", null)]

    // A fixed answer asks nobody.
    [InlineData("/sick/answer", "POST", "order", 200, "sorry", "answer")]
    [InlineData("/sick/reset/answer", "POST", "order", 200, "sorry", "answer")]
    public async Task Route_falls_back_where_that_is_safe(string path, string method, string? body, int status, string? text, string? kind)
    {
        await using var gateway = await StartAsync();
        using var request = new HttpRequestMessage(new(method), path) { Content = body is null ? null : new StringContent(body) };
        using var answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal((status, kind), ((int)answer.StatusCode, KindOf(answer)));
        if (text is not null)
        {
            Assert.Equal(text, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        Assert.InRange(_sick + _spare, 0, 2 + (path.StartsWith("/kept", StringComparison.Ordinal) ? 1 : 0));
        Assert.Equal(kind, (await _fallbacks.NextAsync())?.Kind);
    }

    [Theory]
    [InlineData("/throws/answer", "GET", 200, "sorry", "answer")]
    [InlineData("/throws/cluster", "GET", 200, "spare GET /throws/cluster", "cluster")]
    [InlineData("/throws/cluster", "POST", 500, null, null)]
    [InlineData("/status/answer", "GET", 200, "sorry", "answer")]
    [InlineData("/result/answer", "GET", 200, "sorry", "answer")]
    [InlineData("/problem/answer", "GET", 200, "sorry", "answer")]
    [InlineData("/well/answer", "GET", 200, "well", null)]
    [InlineData("/missing/answer", "GET", 404, null, null)]
    [InlineData("/predicate/answer", "GET", 200, "sorry", "answer")]
    [InlineData("/full/cluster", "GET", 200, "spare GET /full/cluster", "cluster")]
    [InlineData("/group/throws", "GET", 200, "sorry", "answer")]
    public async Task Endpoint_of_the_host_falls_back_the_same(string path, string method, int status, string? text, string? kind)
    {
        await using var gateway = await StartAsync();
        using var request = new HttpRequestMessage(new(method), path);
        using var answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal((status, kind), ((int)answer.StatusCode, KindOf(answer)));
        if (text is not null)
        {
            Assert.Equal(text, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task Answer_that_has_begun_is_not_replaced()
    {
        await using var gateway = await StartAsync();
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync("GET /half/answer HTTP/1.1\r\nHost: a\r\n\r\n");
        var all = await client.ReadToEndAsync();
        Assert.Contains("half", all);
        Assert.DoesNotContain("sorry", all);
    }

    [Fact]
    public async Task Nothing_is_left_of_the_answer_that_is_replaced()
    {
        await using var gateway = await StartAsync();
        using var answer = await gateway.Client.GetAsync("/sick/answer", TestContext.Current.CancellationToken);
        Assert.False(answer.Headers.Contains("X-Sick"));
        Assert.Equal("sorry", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Fallback_that_fails_too_is_the_answer_and_is_asked_once()
    {
        await using var gateway = await StartAsync();
        using var answer = await gateway.Client.GetAsync("/sick/to-sick", TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "cluster", 2), (answer.StatusCode, KindOf(answer), _sick));
    }

    [Fact]
    public async Task Shadow_counts_and_asks_nobody()
    {
        await using var gateway = await StartAsync();
        using var answer = await gateway.Client.GetAsync("/sick/shadow", TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, null, 0), (answer.StatusCode, KindOf(answer), _spare));
        Assert.Equal("sick", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(PolicyOutcome.WouldRefuse, Assert.Single((await _observer.NextAsync()).Decisions).Outcome);
    }

    [Fact]
    public async Task Header_may_be_left_out()
    {
        await using var gateway = await StartAsync();
        using var answer = await gateway.Client.GetAsync("/sick/silent", TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.OK, null), (answer.StatusCode, KindOf(answer)));
        Assert.Equal(new FallbackRecord("answer", "status-503"), await _fallbacks.NextAsync());
    }

    [Theory]
    [InlineData("/sick/answer", LogLevel.Debug, "to answer after status-503: used")]
    [InlineData("/sick/shadow", LogLevel.Debug, "to cluster after status-503: would_use")]
    [InlineData("/dead/cluster", LogLevel.Debug, "to cluster after upstream-connect: used")]

    // Nobody else learns of the exception.
    [InlineData("/throws/answer", LogLevel.Warning, "to answer after exception: used")]
    public async Task Log_says_what_stood_in_for_which_request(string path, LogLevel level, string words)
    {
        using var log = new LogRecorder();
        await using var gateway = await StartAsync(log);
        using var answer = await gateway.Client.GetAsync(path, TestContext.Current.CancellationToken);
        await _fallbacks.NextAsync();
        var entry = Assert.Single(log.Take(1730));
        Assert.Equal(level, entry.Level);
        Assert.Contains(words, entry.Message, StringComparison.Ordinal);
        Assert.Matches(@"Trace \S{8,}\.$", entry.Message);
    }

    [Fact]
    public async Task Json_says_the_same()
    {
        await using var gateway = await StartAsync();
        using var answer = await gateway.Client.GetAsync("/json/any", TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.Accepted, "answer", "[]"), (answer.StatusCode, KindOf(answer), await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.MediaType);
    }

    public async ValueTask DisposeAsync()
    {
        await _sickHost.DisposeAsync();
        await _spareHost.DisposeAsync();
    }

    private static string? KindOf(HttpResponseMessage answer) => answer.Headers.TryGetValues("X-Gateway-Fallback", out var values) ? Assert.Single(values) : null;

    private Task<TestHost> StartAsync(LogRecorder? log = null) => TestHost.GatewayAsync(
        $$"""
        {
          "Clusters": {
            "sick": { "Destinations": { "a": { "Address": "{{_sickHost.Address}}" } } },
            "kept": { "Destinations": { "a": { "Address": "{{_sickHost.Address}}" } }, "Retry": { "ReplayBufferBytes": 16, "BaseDelay": "00:00:00" } },
            "spare": { "Destinations": { "a": { "Address": "{{_spareHost.Address}}" } } },
            "other": { "Destinations": { "a": { "Address": "{{_sickHost.Address}}" } } },
            "dead": { "Destinations": { "a": { "Address": "http://127.0.0.1:9" } } },
            "empty": { }
          },
          "Routes": {
            "json": {
              "Match": { "Path": "/json/{**rest}" }, "Cluster": "sick",
              "Fallback": { "OnFailure": { "Statuses": [ 503 ] }, "Answer": { "Status": 202, "Body": "[]", "ContentType": "application/json" } }
            }
          }
        }
        """,
        builder =>
        {
            builder.Services.AddSingleton<IGatewayObserver>(_observer).AddSingleton<IGatewayObserver>(_fallbacks);
            if (log is not null)
            {
                builder.Services.AddLogging(logging => logging.AddProvider(log).SetMinimumLevel(LogLevel.Debug));
            }
        },
        Map);

    private static void Map(WebApplication app)
    {
        app.MapGatewayRoutes();
        foreach (var cluster in (string[])["sick", "dead", "empty", "kept"])
        {
            app.MapGatewayRoute($"/{cluster}/{{**rest}}", cluster).WithFallback(ToSpare);
        }

        app.MapGatewayRoute("/sick/answer", "sick").WithFallback(ToAnswer);
        app.MapGatewayRoute("/sick/reset/answer", "sick").WithFallback(ToAnswer);
        app.MapGatewayRoute("/empty/answer", "empty").WithFallback(ToAnswer);
        app.MapGatewayRoute("/empty/endpoint", "empty").WithFallback(new() { Endpoint = "stand-in" });
        app.MapGatewayRoute("/kept/read/endpoint", "kept").WithFallback(new() { OnFailure = new(), Endpoint = "stand-in" });
        app.MapGatewayRoute("/empty/handler", "empty").WithFallback(new() { Handler = static context => context.Response.WriteAsync($"handled {context.Request.Method}") });
        app.MapGatewayRoute("/sick/to-sick", "sick").WithFallback(ToSpare with { Cluster = "other" });
        app.MapGatewayRoute("/sick/shadow", "sick").WithFallback(ToSpare with { Mode = PolicyMode.Shadow });
        app.MapGatewayRoute("/sick/silent", "sick").WithFallback(ToAnswer with { SendHeader = false });
        app.MapGet("/stand-in", static (HttpRequest request) => $"standing in for {request.Method}").WithName("stand-in");

        string[] methods = ["GET", "POST"];
        app.MapMethods("/throws/answer", methods, Throw).WithFallback(ToAnswer);
        app.MapMethods("/throws/cluster", methods, Throw).WithFallback(ToSpare);
        app.MapGroup("/group").WithFallback(ToAnswer).MapGet("/throws", Throw);
        app.MapGet("/status/answer", static (HttpContext context) => { context.Response.StatusCode = 503; }).WithFallback(ToAnswer);
        app.MapGet("/result/answer", static () => Results.StatusCode(502)).WithFallback(ToAnswer);
        app.MapGet("/problem/answer", static () => Results.Problem(statusCode: 504)).WithFallback(ToAnswer);
        app.MapGet("/well/answer", static () => "well").WithFallback(ToAnswer);
        app.MapGet("/missing/answer", static () => Results.NotFound()).WithFallback(ToAnswer);
        app.MapGet("/predicate/answer", static () => Results.NotFound()).WithFallback(ToAnswer with { OnFailure = new() { When = static cause => cause.Status == 404 } });
        app.MapGet("/full/cluster", static () => "never").WithFallback(ToSpare).AddEndpointFilter(static (_, _) => new(new GatewayProblem(RejectionReason.Overloaded)));
        app.MapGet("/half/answer", static async (HttpContext context) =>
        {
            await context.Response.WriteAsync("half");
            await context.Response.Body.FlushAsync();
            throw new InvalidOperationException("too late");
        }).WithFallback(ToAnswer);
    }

    private static string Throw() => throw new InvalidOperationException("broken");
}
