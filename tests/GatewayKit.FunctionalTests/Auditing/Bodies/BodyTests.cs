using System.Net;
using System.Text;
using System.Text.Json;
using GatewayKit.Auditing;
using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Auditing.Bodies;

/// <summary>What records have of bodies, on routes and at endpoints of the host, over both versions of HTTP.</summary>
public sealed class BodyTests
{
    private const string Json = "application/json";

    private static readonly AuditBody Both = new() { Request = true, Response = true, MaxBytes = 64, Masks = ["$..number"], AllowUnencrypted = true };

    [Theory]
    [InlineData(false, true, false)]
    [InlineData(false, true, true)]
    [InlineData(false, false, false)]
    [InlineData(false, false, true)]
    [InlineData(true, true, false)]
    [InlineData(true, true, true)]
    [InlineData(true, false, false)]
    [InlineData(true, false, true)]
    public async Task Bodies_are_in_the_end_of_the_record_without_what_is_masked(bool isHttp2, bool isRoute, bool isChunked)
    {
        await using var host = await StartAsync(Both, isRoute, isHttp2);
        const string Sent = "{\"card\":{\"number\":\"canary\"},\"a\":1}";
        for (var i = 0; i < 2; i++)
        {
            using var answer = await PostAsync(host, Sent, Json, isHttp2, isChunked);
            Assert.Equal(Sent, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        var lines = await host.StopAndReadRequestsAsync();
        Assert.Equal(["begin", "end", "begin", "end"], lines.Select(static line => Text(line, "kind")));
        foreach (var end in lines.Where(static line => Text(line, "kind") is "end"))
        {
            foreach (var name in (string[])["bodyIn", "bodyOut"])
            {
                Assert.Equal("{\"n\":34,\"text\":\"{\\\"card\\\":{\\\"number\\\":\\\"***\\\"},\\\"a\\\":1}\"}", JsonSerializer.Serialize(end.GetProperty(name), Relaxed));
            }
        }

        Assert.DoesNotContain("canary", host.ReadText(), StringComparison.Ordinal);
        Assert.DoesNotContain("body", lines[0].GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, 64, "whole")]
    [InlineData(true, 65, "cut")]
    [InlineData(true, 300_000, "cut")]
    [InlineData(false, 64, "whole")]
    [InlineData(false, 65, "cut")]
    [InlineData(false, 300_000, "cut")]
    public async Task Body_is_shown_up_to_its_cap_and_told_by_its_length(bool isRoute, int length, string expected)
    {
        await using var host = await StartAsync(Both, isRoute);
        var body = $"{{\"k\":7,\"a\":\"{new string('x', length - 14)}\"}}";
        using (var answer = await PostAsync(host, body, Json))
        {
            Assert.Equal(body, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        var end = (await host.StopAndReadRequestsAsync())[1];
        foreach (var name in (string[])["bodyIn", "bodyOut"])
        {
            var recorded = end.GetProperty(name);
            Assert.Equal(length, recorded.GetProperty("n").GetInt32());
            Assert.Equal(expected is "cut", recorded.TryGetProperty("cut", out _));
            Assert.Equal(length is 300_000 ? "{\"k\":7,\"a\":" : body[..64], Text(recorded, "text"));
            Assert.False(recorded.TryGetProperty("part", out _));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Body_that_is_not_there_is_in_no_record(bool isRoute)
    {
        await using var host = await StartAsync(Both, isRoute, handler: static context =>
        {
            (context.Response.StatusCode, context.Response.ContentType) = (context.Request.Path.Value!.EndsWith("304", StringComparison.Ordinal) ? 304 : 200, Json);
            return HttpMethods.IsHead(context.Request.Method) ? context.Response.WriteAsync("{}") : Task.CompletedTask;
        });
        foreach (var (method, path) in ((HttpMethod, string)[])[(HttpMethod.Get, "/x"), (HttpMethod.Head, "/x"), (HttpMethod.Get, "/304"), (HttpMethod.Post, "/x")])
        {
            using var request = new HttpRequestMessage(method, path) { Content = method == HttpMethod.Post ? new ByteArrayContent([]) : null };
            using var answer = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        }

        foreach (var line in await host.StopAndReadRequestsAsync())
        {
            Assert.False(line.TryGetProperty("bodyIn", out _) || line.TryGetProperty("bodyOut", out _), line.GetRawText());
        }
    }

    [Theory]
    [InlineData("text/plain", "abc", "content-type")]
    [InlineData("application/json; charset=utf-16", "{}", "charset")]
    [InlineData("application/json", "{\"number\":", "invalid")]
    [InlineData("application/x-www-form-urlencoded", "number=1", null)]
    [InlineData("multipart/form-data; boundary=x", "--x--", "content-type")]
    [InlineData("text/event-stream", "data: 1\n\n", "content-type")]
    public async Task Body_that_masks_cannot_be_applied_to_is_left_out(string contentType, string body, string? omitted)
    {
        foreach (var isRoute in (bool[])[true, false])
        {
            await using var host = await StartAsync(Both, isRoute);
            using (var answer = await PostAsync(host, body, contentType))
            {
                Assert.Equal(Encoding.UTF8.GetBytes(body), await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
            }

            var end = (await host.StopAndReadRequestsAsync())[1];
            foreach (var name in (string[])["bodyIn", "bodyOut"])
            {
                var recorded = end.GetProperty(name);
                Assert.Equal((body.Length, omitted, omitted is null ? "number=***" : null), (recorded.GetProperty("n").GetInt32(), Text(recorded, "omitted"), Text(recorded, "text")));
            }
        }
    }

    [Theory]
    [InlineData("$.card.number", "application/x-www-form-urlencoded", "masks")]
    [InlineData("$.number", "text/plain", "masks")]
    [InlineData(null, "text/plain", null)]
    public async Task Text_without_structure_is_recorded_if_nothing_is_to_be_masked(string? mask, string contentType, string? omitted)
    {
        await using var host = await StartAsync(Both with { Masks = mask is null ? [] : [mask], ContentTypes = ["text/*", "application/x-www-form-urlencoded"] }, isRoute: true);
        using (await PostAsync(host, "a to anna@example.com \u0001\u00E9", contentType))
        {
        }

        var recorded = (await host.StopAndReadRequestsAsync())[1].GetProperty("bodyIn");
        Assert.Equal((omitted, omitted is null ? "a to [email] \u0001\u00E9" : null), (Text(recorded, "omitted"), Text(recorded, "text")));
        Assert.DoesNotContain('\u0001', host.ReadText());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Coded_body_is_told_by_its_length_and_not_decoded(bool isRoute)
    {
        await using var host = await StartAsync(Both, isRoute, handler: static async context =>
        {
            (context.Response.ContentType, context.Response.Headers.ContentEncoding) = (Json, "gzip");
            await context.Request.Body.CopyToAsync(context.Response.Body);
        });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/x") { Content = new StringContent("{\"a\":1}", Encoding.UTF8, Json) };
        request.Content.Headers.ContentEncoding.Add("br");
        using (await host.Client.SendAsync(request, TestContext.Current.CancellationToken))
        {
        }

        var end = (await host.StopAndReadRequestsAsync())[1];
        Assert.Equal("""[{"n":7,"omitted":"encoding"},{"n":7,"omitted":"encoding"}]""", JsonSerializer.Serialize((JsonElement[])[end.GetProperty("bodyIn"), end.GetProperty("bodyOut")]));
    }

    [Fact]
    public async Task Body_of_a_request_that_is_tried_again_is_there_once()
    {
        var attempts = 0;
        await using var upstream = await TestHost.StartAsync(map: app => app.Run(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.StatusCode = Interlocked.Increment(ref attempts) < 3 ? 503 : 200;
        }));
        await using var host = await AuditedHost.StartAsync(
            map: static app => app.MapGatewayRoute("/{**rest}", cluster: "again").WithAuditing(new AuditPolicy { Body = Both }),
            services: gateway => gateway.AddClusters(new Cluster
            {
                Id = "again",
                Retry = new() { MaxRetries = 2, ReplayBufferBytes = 4_096 },
                Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = upstream.Address } },
            }));
        using var request = new HttpRequestMessage(HttpMethod.Put, "/x") { Content = new StringContent("{\"a\":1}", Encoding.UTF8, Json) };
        using (var answer = await host.Client.SendAsync(request, TestContext.Current.CancellationToken))
        {
            Assert.Equal((HttpStatusCode.OK, 3), (answer.StatusCode, attempts));
        }

        var end = (await host.StopAndReadRequestsAsync())[1];
        Assert.Equal(3, end.GetProperty("att").GetArrayLength());
        Assert.Equal("{\"n\":7,\"text\":\"{\\\"a\\\":1}\"}", JsonSerializer.Serialize(end.GetProperty("bodyIn"), Relaxed));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Body_of_a_request_that_is_refused_is_not_read_and_the_record_says_so(bool isRoute)
    {
        await using var host = await StartAsync(Both, isRoute, more: static endpoint => endpoint.WithThrottling(new() { RequestsPerSecond = 0.001 }));
        for (var i = 0; i < 2; i++)
        {
            using var answer = await PostAsync(host, "{\"a\":1}", Json);
            Assert.Equal(i is 0 ? HttpStatusCode.OK : HttpStatusCode.TooManyRequests, answer.StatusCode);
        }

        var end = (await host.StopAndReadRequestsAsync())[3];
        Assert.Equal("{\"n\":0,\"part\":true}", JsonSerializer.Serialize(end.GetProperty("bodyIn"), Relaxed));

        // What the gateway answers is an answer.
        Assert.StartsWith("{\"type\":", Text(end.GetProperty("bodyOut"), "text"), StringComparison.Ordinal);
        Assert.Equal("throttled", Text(end, "outcome"));
    }

    [Fact]
    public async Task Record_of_a_host_that_nobody_asked_for_bodies_has_none()
    {
        await using var host = await AuditedHost.StartAsync(static context => context.Request.Body.CopyToAsync(context.Response.Body));
        using (await PostAsync(host, "{\"a\":1}", Json))
        {
        }

        Assert.DoesNotContain("body", host.ReadText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Body_never_makes_a_line_longer_than_a_line_is(bool isRoute)
    {
        // Of characters that take six bytes each.
        await using var host = await StartAsync(Both with { MaxBytes = 2_048 }, isRoute);
        using (await PostAsync(host, $"[{string.Join(',', Enumerable.Repeat("\"\u00E9\u00E9\"", 300))}]", Json))
        {
        }

        await host.Gateway.DisposeAsync();
        var lines = host.ReadText().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, static line => Assert.InRange(line.Length, 1, 4_096));
        var end = JsonElement.Parse(Assert.Single(lines, static line => line.Contains("\"kind\":\"end\"", StringComparison.Ordinal)));
        foreach (var name in (string[])["bodyIn", "bodyOut"])
        {
            Assert.True(end.GetProperty(name).GetProperty("cut").GetBoolean());
            Assert.StartsWith("[\"\u00E9\u00E9\",", Text(end.GetProperty(name), "text"), StringComparison.Ordinal);
        }
    }

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static async Task<AuditedHost> StartAsync(
        AuditBody body, bool isRoute, bool isHttp2 = false, RequestDelegate? handler = null, Action<IEndpointConventionBuilder>? more = null)
    {
        handler ??= static async context =>
        {
            context.Response.ContentType = context.Request.ContentType;
            await context.Request.Body.CopyToAsync(context.Response.Body);
        };
        return await AuditedHost.StartAsync(
            handler,
            app =>
            {
                IEndpointConventionBuilder endpoint = isRoute ? app.MapGatewayRoute("/{**rest}", cluster: "up") : app.Map("/{**rest}", handler);
                endpoint.WithAuditing(new AuditPolicy { Body = body });
                more?.Invoke(endpoint);
            },
            protocols: isHttp2 ? HttpProtocols.Http2 : HttpProtocols.Http1);
    }

    private static async Task<HttpResponseMessage> PostAsync(AuditedHost host, string body, string contentType, bool isHttp2 = false, bool isChunked = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/x")
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)),
            Version = isHttp2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        Assert.True(request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType));
        request.Headers.TransferEncodingChunked = isChunked && !isHttp2;
        if (isChunked && isHttp2)
        {
            request.Content = new StreamContent(new PieceStream(Encoding.UTF8.GetBytes(body)));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        return await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static string? Text(JsonElement line, string name) => line.TryGetProperty(name, out var value) ? value.GetString() : null;

    // No length, and a few bytes at a time.
    private sealed class PieceStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => base.ReadAsync(buffer[..Math.Min(buffer.Length, 5)], cancellationToken);
    }
}
