using System.IO.Compression;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using GatewayKit.Auditing;
using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Quotas;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Auditing.Bodies;

/// <summary>Looking at bodies changes nothing of how they travel, and what becomes of them half-way is told.</summary>
public sealed class BodyTransportTests
{
    private static readonly AuditBody Both = new() { Request = true, Response = true, MaxBytes = 64, AllowUnencrypted = true };

    [Fact]
    public async Task Upload_that_breaks_off_is_told_as_a_part()
    {
        foreach (var isRoute in (bool[])[true, false])
        {
            var read = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var host = await StartAsync(isRoute, async context =>
            {
                var buffer = new byte[300];
                await context.Request.Body.ReadExactlyAsync(buffer);
                read.TrySetResult();
                await context.Request.Body.CopyToAsync(Stream.Null);
            });
            using (var connection = await RawConnection.ConnectAsync(host.Gateway.Address))
            {
                await connection.SendAsync($"POST /x HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n[\"a\",{new string('1', 295)}");
                await read.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            }

            var recorded = (await EndAsync(host)).GetProperty("bodyIn");
            Assert.Equal("{\"n\":300,\"part\":true,\"text\":\"[\\\"a\\\"\",\"cut\":true}", JsonSerializer.Serialize(recorded, Relaxed));
        }
    }

    [Fact]
    public async Task Answer_that_breaks_off_is_told_by_what_had_passed()
    {
        await using var upstream = RawUpstream.Start(static async (connection, _) =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n[1,2,");
        });
        await using var host = await AuditedHost.StartAsync(map: MapUpstream, services: gateway => gateway.AddClusters(ClusterOf(upstream.Address)));
        await Assert.ThrowsAsync<HttpRequestException>(() => host.Client.GetStringAsync(new Uri("/x", UriKind.Relative)));
        var end = await EndAsync(host);
        Assert.Equal(("truncated", "{\"n\":5,\"part\":true,\"text\":\"[1,2\",\"cut\":true}"), (end.GetProperty("outcome").GetString(), JsonSerializer.Serialize(end.GetProperty("bodyOut"), Relaxed)));
    }

    [Fact]
    public async Task Trailers_of_an_answer_pass_and_its_framing_is_no_content()
    {
        await using var upstream = RawUpstream.Answering(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n4\r\n[1,2\r\n3\r\n,3]\r\n0\r\nX-Sum: 6\r\n\r\n");
        await using var host = await AuditedHost.StartAsync(
            map: static app => app.MapGatewayRoute("/{**rest}", cluster: "raw").WithAuditing(new AuditPolicy { Body = Both })
                .WithQuota(new() { Limit = 1_000, Window = new FirstUseWindow(TimeSpan.FromHours(1)), Unit = QuotaUnit.ContentBytes, Partition = ThrottlePartition.Route }),
            services: gateway =>
            {
                gateway.AddClusters(ClusterOf(upstream.Address));
                gateway.Services.AddSingleton<IQuotaStore, InMemoryQuotaStore>();
            });
        using var connection = await RawConnection.ConnectAsync(host.Gateway.Address);
        await connection.SendAsync("GET /x HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n");
        await connection.ReadHeadAsync();
        Assert.EndsWith("0\r\nX-Sum: 6\r\n\r\n", await connection.ReadThroughAsync("X-Sum: 6\r\n\r\n"), StringComparison.Ordinal);
        Assert.Equal("{\"n\":7,\"text\":\"[1,2,3]\"}", JsonSerializer.Serialize((await EndAsync(host)).GetProperty("bodyOut"), Relaxed));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_that_waits_for_100_gets_it_when_the_body_is_read(bool isRoute)
    {
        await using var host = await StartAsync(isRoute, static async context =>
        {
            context.Response.ContentType = "application/json";
            await context.Request.Body.CopyToAsync(context.Response.Body);
        });
        using var connection = await RawConnection.ConnectAsync(host.Gateway.Address);
        await connection.SendAsync("POST /x HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
        Assert.Contains(" 100 ", await connection.ReadHeadAsync(), StringComparison.Ordinal);
        await connection.SendAsync("{}");
        Assert.Contains(" 200 ", await connection.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal("{\"n\":2,\"text\":\"{}\"}", JsonSerializer.Serialize((await EndAsync(host)).GetProperty("bodyIn"), Relaxed));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stream_is_passed_on_as_it_comes_and_not_recorded(bool isRoute)
    {
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await StartAsync(isRoute, async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync("data: 1\n\n");
            await context.Response.Body.FlushAsync();
            await go.Task;
        });
        using var answer = await host.Client.GetAsync(new Uri("/x", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using (var body = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken))
        {
            await body.ReadExactlyAsync(new byte[9], TestContext.Current.CancellationToken);
            go.SetResult();
            Assert.Equal(0, await body.ReadAsync(new byte[1], TestContext.Current.CancellationToken));
        }

        Assert.Equal("{\"n\":9,\"omitted\":\"content-type\"}", JsonSerializer.Serialize((await EndAsync(host)).GetProperty("bodyOut"), Relaxed));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Connection_that_becomes_a_WebSocket_is_left_alone(bool isRoute)
    {
        await using var host = await StartAsync(isRoute, static async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.SendAsync("{\"a\":1}"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, default);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default);
        });
        using (var socket = new ClientWebSocket())
        {
            await socket.ConnectAsync(new UriBuilder(host.Gateway.Address) { Scheme = "ws" }.Uri, TestContext.Current.CancellationToken);
            Assert.Equal(7, (await socket.ReceiveAsync(new byte[20], TestContext.Current.CancellationToken)).Count);
            await socket.ReceiveAsync(new byte[20], TestContext.Current.CancellationToken);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, TestContext.Current.CancellationToken);
        }

        Assert.DoesNotContain("\"body", (await EndAsync(host)).GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Text_that_the_host_compresses_is_recorded_as_the_endpoint_wrote_it()
    {
        await using var host = await AuditedHost.StartAsync(
            map: static app =>
            {
                app.UseResponseCompression();
                app.Map("/{**rest}", static context =>
                {
                    context.Response.ContentType = "application/json";
                    return context.Response.WriteAsync("{\"a\":1}");
                }).WithAuditing(new AuditPolicy { Body = Both });
            },
            services: static gateway => gateway.Services.AddResponseCompression());
        using var request = new HttpRequestMessage(HttpMethod.Get, "/x") { Headers = { { "Accept-Encoding", "gzip" } } };
        using (var answer = await host.Client.SendAsync(request, TestContext.Current.CancellationToken))
        {
            Assert.Equal(["gzip"], answer.Content.Headers.ContentEncoding);
            await using var plain = new GZipStream(await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken), CompressionMode.Decompress);
            Assert.Equal("{\"a\":1}", await new StreamReader(plain).ReadToEndAsync(TestContext.Current.CancellationToken));
        }

        Assert.Equal("{\"n\":7,\"text\":\"{\\\"a\\\":1}\"}", JsonSerializer.Serialize((await EndAsync(host)).GetProperty("bodyOut"), Relaxed));
    }

    [Theory]
    [InlineData("/bound", "application/json", "{\"name\":\"a\"}")]
    [InlineData("/form", "application/x-www-form-urlencoded", "name=a")]
    [InlineData("/stream", "application/json", "{\"name\":\"a\"}")]
    [InlineData("/again", "application/json", "{\"name\":\"a\"}")]
    [InlineData("/file", "application/json", "{\"name\":\"a\"}")]
    [InlineData("/controller", "application/json", "{\"name\":\"a\"}")]
    public async Task Body_that_the_framework_binds_before_any_filter_runs_is_recorded(string path, string contentType, string body)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, body, TestContext.Current.CancellationToken);
        await using var host = await AuditedHost.StartAsync(
            map: app =>
            {
                app.Use(static (context, next) =>
                {
                    if (context.Request.Path == "/again")
                    {
                        context.Request.EnableBuffering();
                    }

                    return next(context);
                });
                var group = app.MapGroup("").WithAuditing(new AuditPolicy { Body = Both });
                group.MapPost("/bound", static (Order order) => order);
                group.MapPost("/form", static ([FromForm] string name) => new Order(name)).DisableAntiforgery();
                group.MapPost("/stream", static async (Stream stream) => new Order((await JsonSerializer.DeserializeAsync<Order>(stream, JsonSerializerOptions.Web))!.Name));
                group.MapPost("/again", static async (Order order, HttpContext context) =>
                {
                    context.Request.Body.Position = 0;
                    return await context.Request.ReadFromJsonAsync<Order>() is { } same && same == order ? order : null;
                });
                group.MapPost("/file", (Order order) => Results.File(file, "application/json"));
                app.MapControllers().WithAuditing(new AuditPolicy { Body = Both });
            },
            services: static gateway => gateway.Services.AddControllers().ConfigureApplicationPartManager(static parts =>
            {
                parts.ApplicationParts.Clear();
                parts.FeatureProviders.Add(new OnlyOrders());
            }));
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, contentType) };
        using (var answer = await host.Client.SendAsync(request, TestContext.Current.CancellationToken))
        {
            Assert.Equal("{\"name\":\"a\"}", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        File.Delete(file);
        var end = await EndAsync(host);
        Assert.Equal((body, body.Length), (end.GetProperty("bodyIn").GetProperty("text").GetString(), end.GetProperty("bodyIn").GetProperty("n").GetInt32()));
        Assert.False(end.GetProperty("bodyIn").TryGetProperty("part", out _));
        Assert.Equal("{\"name\":\"a\"}", end.GetProperty("bodyOut").GetProperty("text").GetString());
    }

    [Fact]
    public async Task Body_that_cannot_be_bound_is_recorded_too()
    {
        await using var host = await AuditedHost.StartAsync(map: static app => app.MapPost("/bound", static (Order order) => order).WithAuditing(new AuditPolicy { Body = Both }));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/bound") { Content = new StringContent("{\"name\":[]}", Encoding.UTF8, "application/json") };
        using (var answer = await host.Client.SendAsync(request, TestContext.Current.CancellationToken))
        {
            Assert.Equal(400, (int)answer.StatusCode);
        }

        Assert.Equal("{\"name\":[]}", (await EndAsync(host)).GetProperty("bodyIn").GetProperty("text").GetString());
    }

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static Task<AuditedHost> StartAsync(bool isRoute, RequestDelegate handler) => AuditedHost.StartAsync(handler, app =>
    {
        app.UseWebSockets();
        IEndpointConventionBuilder endpoint = isRoute ? app.MapGatewayRoute("/{**rest}", cluster: "up") : app.Map("/{**rest}", handler);
        endpoint.WithAuditing(new AuditPolicy { Body = Both });
    });

    private static void MapUpstream(WebApplication app) => app.MapGatewayRoute("/{**rest}", cluster: "raw").WithAuditing(new AuditPolicy { Body = Both });

    private static Cluster ClusterOf(Uri address) => new() { Id = "raw", Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = address } } };

    private static async Task<JsonElement> EndAsync(AuditedHost host) => (await host.StopAndReadRequestsAsync()).Single(static line => line.GetProperty("kind").GetString() is "end");

    public sealed record Order(string Name);

    private sealed class OnlyOrders : Microsoft.AspNetCore.Mvc.ApplicationParts.IApplicationFeatureProvider<Microsoft.AspNetCore.Mvc.Controllers.ControllerFeature>
    {
        public void PopulateFeature(IEnumerable<Microsoft.AspNetCore.Mvc.ApplicationParts.ApplicationPart> parts, Microsoft.AspNetCore.Mvc.Controllers.ControllerFeature feature) =>
            feature.Controllers.Add(System.Reflection.IntrospectionExtensions.GetTypeInfo(typeof(OrderController)));
    }
}

/// <summary>What the test maps.</summary>
[ApiController]
[Route("controller")]
public sealed class OrderController : ControllerBase
{
    [HttpPost]
    public BodyTransportTests.Order Post(BodyTransportTests.Order order) => order;
}
