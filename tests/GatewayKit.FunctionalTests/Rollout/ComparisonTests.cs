using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Rollout;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Rollout;

/// <summary>What a comparison finds between a destination, or an endpoint of the host, and a mirror.</summary>
public sealed class ComparisonTests
{
    private const string Comparisons = "gatewaykit.mirror.comparisons";

    private static readonly MirrorPolicy All = new() { Cluster = "mirror", Percent = 100, Compare = new() };

    [Fact]
    public async Task Equal_answers_are_counted_and_told_to_nobody()
    {
        await using var gateway = await MirrorGateway.StartAsync(All, Json("""{ "a": 1, "b": [1, 2] }"""), Json("""{"b":[1,2],"a":1.0}"""));
        await gateway.Client.GetStringAsync("/");
        Assert.Equal("equal", await gateway.Metrics.NextAsync(Comparisons));
        Assert.Equal(0, gateway.Differences.Count);
    }

    [Fact]
    public async Task Difference_is_told_by_places_and_kinds_and_never_by_what_was_said()
    {
        await using var gateway = await MirrorGateway.StartAsync(
            All with { Compare = new() { IgnorePaths = ["/items/*/at"] } },
            Json("""{ "name": "secret", "items": [ { "at": 1, "n": 1 } ], "gone": 1 }"""),
            Json("""{ "name": "other", "items": [ { "at": 2, "n": 2 } ], "new": 1 }""", status: 201));
        await gateway.Client.GetStringAsync("/private?token=1");
        Assert.Equal("different", await gateway.Metrics.NextAsync(Comparisons));
        var difference = await gateway.Differences.NextAsync();
        Assert.Equal(("all", "mirror", "GET", 200, 201), (difference.RouteId, difference.ClusterId, difference.Method, difference.Status, difference.MirrorStatus));
        Assert.Equal(["Status", "Value /name", "Value /items/0/n", "Missing /gone", "Added /new"], difference.Differences.Select(static one => one.ToString()));
        Assert.DoesNotContain("secret", difference.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("token", difference.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_so_many_differences_are_told_each_minute()
    {
        await using var gateway = await MirrorGateway.StartAsync(All with { Compare = new() { SamplesPerMinute = 2 } });
        for (var i = 0; i < 10; i++)
        {
            await gateway.Client.GetStringAsync("/");
        }

        Assert.All(await gateway.Metrics.NextAsync(Comparisons, 10), static outcome => Assert.Equal("different", outcome));

        // Told before the next is counted; a minute may have ended in between.
        await gateway.Differences.NextAsync();
        await gateway.Differences.NextAsync();
        Assert.InRange(gateway.Differences.Count, 0, 2);
    }

    [Fact]
    public async Task Compressed_answers_are_compared_by_what_they_hold()
    {
        var text = new string('a', 10_000);
        await using var gateway = await MirrorGateway.StartAsync(All, Compressed(text, CompressionLevel.Fastest), Compressed(text, CompressionLevel.SmallestSize));
        using var response = await gateway.Client.GetAsync("/");
        Assert.Equal("gzip", response.Content.Headers.ContentEncoding.Single());
        await response.Content.ReadAsByteArrayAsync();
        Assert.Equal("equal", await gateway.Metrics.NextAsync(Comparisons));
    }

    [Theory]
    [InlineData(70_000, 70_000, "not-compared body-too-large")]
    [InlineData(70_000, 10, "different")]
    [InlineData(65_536, 65_536, "equal")]
    [InlineData(0, 0, "equal")]
    public async Task Large_bodies_are_not_compared_and_reach_the_client_whole(int length, int mirrorLength, string outcome)
    {
        await using var gateway = await MirrorGateway.StartAsync(All, Bytes(length), Bytes(mirrorLength));
        Assert.Equal(length, (await gateway.Client.GetByteArrayAsync("/")).Length);
        Assert.Equal(outcome, await gateway.Metrics.NextAsync(Comparisons));
    }

    [Fact]
    public async Task Mirror_that_does_not_answer_and_streams_have_outcomes_of_their_own()
    {
        await using var gateway = await MirrorGateway.StartAsync(
            All,
            static context =>
            {
                context.Response.ContentType = context.Request.Path.Value!.EndsWith("events", StringComparison.Ordinal) ? "text/event-stream" : "text/plain";
                return context.Response.WriteAsync("data: 1\n\n");
            },
            static context =>
            {
                context.Response.ContentType = "text/event-stream";
                if (!context.Request.Path.Value!.EndsWith("events", StringComparison.Ordinal))
                {
                    context.Abort();
                }

                return context.Response.WriteAsync("data: 1\n\n");
            });
        await gateway.Client.GetStringAsync("/");
        Assert.Equal("mirror-failed", await gateway.Metrics.NextAsync(Comparisons));
        await gateway.Client.GetStringAsync("/events");
        Assert.Equal("not-compared stream", await gateway.Metrics.NextAsync(Comparisons));
    }

    [Fact]
    public async Task Head_is_compared_without_a_body()
    {
        await using var gateway = await MirrorGateway.StartAsync(All, Bytes(100), Bytes(50));
        using var request = new HttpRequestMessage(HttpMethod.Head, "/");
        using var response = await gateway.Client.SendAsync(request);
        Assert.Equal("equal", await gateway.Metrics.NextAsync(Comparisons));
    }

    [Theory]
    [InlineData("/orders/equal", "equal")]
    [InlineData("/orders/other", "different")]
    [InlineData("/orders/refused", "different")]
    public async Task Endpoint_of_the_host_is_compared_with_what_it_replaces(string path, string outcome)
    {
        await using var old = await Upstream.StartAsync(static context =>
        {
            Assert.Equal("1", context.Request.Headers["X-Mirrored"]);
            return Results.Json(new { name = context.Request.Path.Value == "/old/orders/equal" ? "equal" : "?", at = Stopwatch.GetTimestamp() }).ExecuteAsync(context);
        });
        var differences = new Differences();
        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder.AddClusters(MirrorGateway.Cluster("old", new(old.Address, "/old"))).Services.AddSingleton<IMirrorSink>(differences),
            map: static app => app.MapGet("/orders/{name}", static (string name) => name == "refused" ? Results.NotFound() : Results.Json(new { name, at = Stopwatch.GetTimestamp() }))
                .WithMirror(new MirrorPolicy { Cluster = "old", Percent = 100, Compare = new() { IgnorePaths = ["/at"] } }));
        using var metrics = new MetricRecorder(gateway.App);
        using var response = await gateway.Client.GetAsync(path);
        Assert.Equal(path.EndsWith("refused", StringComparison.Ordinal), !response.IsSuccessStatusCode);
        Assert.Equal(outcome, await metrics.NextAsync(Comparisons));
        if (path.EndsWith("other", StringComparison.Ordinal))
        {
            Assert.Equal("Value /name", Assert.Single((await differences.NextAsync()).Differences).ToString());
        }
    }

    [Theory]
    [InlineData("{\"a\":1}", "equal")]
    [InlineData("{\"a\":2}", "different")]
    public async Task File_that_an_endpoint_of_the_host_sends_is_compared(string content, string outcome)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, content);
        await using var old = await Upstream.StartAsync(static context => Results.Text("{\"a\":1}", "application/json").ExecuteAsync(context));
        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder.AddClusters(MirrorGateway.Cluster("old", old.Address)),
            map: app => app.MapGet("/file", () => Results.File(file, "application/json")).WithMirror(new MirrorPolicy { Cluster = "old", Percent = 100, Compare = new() { Headers = [] } }));
        using var metrics = new MetricRecorder(gateway.App);
        Assert.Equal(content, await gateway.Client.GetStringAsync("/file"));
        Assert.Equal(outcome, await metrics.NextAsync(Comparisons));
        File.Delete(file);
    }

    [Fact]
    public async Task Endpoint_of_the_host_that_reads_its_body_itself_is_copied_with_it()
    {
        await using var old = await Upstream.StartAsync(static context => context.Request.Body.CopyToAsync(context.Response.Body));
        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder.AddClusters(MirrorGateway.Cluster("old", old.Address)),
            map: static app =>
            {
                var policy = new MirrorPolicy { Cluster = "old", Percent = 100, Methods = ["POST"], MaxBodyBytes = 1_000, Compare = new() { Headers = [] } };
                app.MapPost("/stream", static context => context.Request.Body.CopyToAsync(context.Response.Body)).WithMirror(policy);
                app.MapPost("/unread", static () => "unread").WithMirror(policy);
            });
        using var metrics = new MetricRecorder(gateway.App);
        using var content = new StringContent("hello");
        using var response = await gateway.Client.PostAsync("/stream", content);
        Assert.Equal("hello", await response.Content.ReadAsStringAsync());
        Assert.Equal("equal", await metrics.NextAsync(Comparisons));
        Assert.Equal("answered", await metrics.NextAsync("gatewaykit.mirror.requests"));
        using var more = new StringContent("hello");
        using var unread = await gateway.Client.PostAsync("/unread", more);
        Assert.Equal("skipped body-unread", await metrics.NextAsync("gatewaykit.mirror.requests"));
    }

    private static RequestDelegate Json(string text, int status = 200) => context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(text);
    };

    private static RequestDelegate Bytes(int length) => context =>
    {
        context.Response.ContentLength = length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(new byte[length]).AsTask();
    };

    private static RequestDelegate Compressed(string text, CompressionLevel level) => async context =>
    {
        context.Response.Headers.ContentEncoding = "gzip";
        using var buffer = new MemoryStream();
        await using (var gzip = new GZipStream(buffer, level, leaveOpen: true))
        {
            await gzip.WriteAsync(Encoding.ASCII.GetBytes(text));
        }

        await context.Response.Body.WriteAsync(buffer.ToArray());
    };
}
