using System.Net;
using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>HTTP/2 on both sides, the way gRPC uses it.</summary>
public sealed class Http2Tests
{
    [Fact]
    public async Task Trailers_arrive_after_the_body()
    {
        using var answer = await CallAsync(async context =>
        {
            context.Response.ContentType = "application/grpc";
            context.Response.DeclareTrailer("grpc-status");
            await context.Response.Body.WriteAsync("message"u8.ToArray());
            context.Response.AppendTrailer("grpc-status", "0");
            context.Response.AppendTrailer("grpc-message", "fine");
            context.Response.AppendTrailer("set-cookie", "a=b");
        });
        Assert.Equal("message", await answer.Content.ReadAsStringAsync());
        Assert.Equal("0", answer.TrailingHeaders.GetValues("grpc-status").Single());
        Assert.Equal("fine", answer.TrailingHeaders.GetValues("grpc-message").Single());
        Assert.False(answer.TrailingHeaders.Contains("set-cookie"));
    }

    [Fact]
    public async Task Trailers_arrive_after_a_body_with_a_length()
    {
        using var answer = await CallAsync(async context =>
        {
            context.Response.ContentLength = 7;
            await context.Response.Body.WriteAsync("message"u8.ToArray());
            await context.Response.Body.FlushAsync();
            context.Response.AppendTrailer("grpc-status", "0");
        });
        Assert.Equal("message", await answer.Content.ReadAsStringAsync());
        Assert.Equal("0", answer.TrailingHeaders.GetValues("grpc-status").Single());
    }

    /// <summary>
    /// The server cuts a body that comes slower than its data rate, and streams of gRPC may be quiet for hours. The other upload, begun later,
    /// shows when the server would have cut the quiet one.
    /// </summary>
    [Fact]
    public async Task Idle_grpc_stream_outlives_the_servers_data_rate()
    {
        await using var upstream = await Upstream.StartAsync(EchoAsync, HttpProtocols.Http2);
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address,
            Http2,
            builder => builder.Services.Configure<KestrelServerOptions>(static options =>
            {
                options.Limits.MinRequestBodyDataRate = new(bytesPerSecond: 1_000, gracePeriod: TimeSpan.FromSeconds(1.1));
            }),
            HttpProtocols.Http2);
        var quiet = new DuplexContent { Headers = { { "Content-Type", "application/grpc" } } };
        using var call = Request(gateway.Address, quiet);
        using var answer = await AskAsync(gateway.Client, call, quiet);
        await using var body = await answer.Content.ReadAsStreamAsync();
        await body.ReadExactlyAsync(new byte[3]).AsTask().WaitAsync(RawConnection.Limit);

        using var otherClient = new HttpClient();
        var other = new DuplexContent();
        using var upload = Request(gateway.Address, other);
        using var cut = await AskAsync(otherClient, upload, other);
        await using var cutBody = await cut.Content.ReadAsStreamAsync();
        await cutBody.ReadExactlyAsync(new byte[3]).AsTask().WaitAsync(RawConnection.Limit);
        await Assert.ThrowsAnyAsync<Exception>(() => cutBody.ReadAsync(new byte[1]).AsTask().WaitAsync(RawConnection.Limit));

        var writer = await quiet.Stream;
        await writer.WriteAsync("two"u8.ToArray());
        await writer.FlushAsync();
        await body.ReadExactlyAsync(new byte[3]).AsTask().WaitAsync(RawConnection.Limit);
        quiet.Complete();
        other.Complete();
    }

    [Fact]
    public async Task Trailers_only_answer_passes_as_headers()
    {
        using var answer = await CallAsync(context =>
        {
            context.Response.ContentType = "application/grpc";
            context.Response.Headers["grpc-status"] = "5";
            return Task.CompletedTask;
        });
        Assert.Equal("5", answer.Headers.GetValues("grpc-status").Single());
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Te_trailers_reaches_an_http2_destination()
    {
        using var answer = await CallAsync(context => context.Response.WriteAsync(context.Request.Headers.TE.ToString()));
        Assert.Equal("trailers", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Duplex_message_arrives_before_the_next_is_sent()
    {
        await using var upstream = await Upstream.StartAsync(EchoAsync, HttpProtocols.Http2);
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address, Http2, protocols: HttpProtocols.Http2);
        var upload = new DuplexContent();
        using var request = Request(gateway.Address, upload);
        var sending = gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var writer = await upload.Stream.WaitAsync(RawConnection.Limit);
        await writer.WriteAsync("one"u8.ToArray());
        await writer.FlushAsync();
        using var answer = await sending.WaitAsync(RawConnection.Limit);
        await using var body = await answer.Content.ReadAsStreamAsync();
        var received = new byte[3];
        await body.ReadExactlyAsync(received).AsTask().WaitAsync(RawConnection.Limit);
        await writer.WriteAsync("two"u8.ToArray());
        await writer.FlushAsync();
        await body.ReadExactlyAsync(received).AsTask().WaitAsync(RawConnection.Limit);
        Assert.Equal("two"u8.ToArray(), received);
        upload.Complete();
        Assert.Equal(0, await body.ReadAsync(received).AsTask().WaitAsync(RawConnection.Limit));
    }

    [Fact]
    public async Task Cancelling_the_call_cancels_the_destinations()
    {
        var (begun, cancelled) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var upstream = await Upstream.StartAsync(
            async context =>
            {
                using var registration = context.RequestAborted.Register(() => cancelled.SetResult());
                await context.Response.Body.FlushAsync();
                begun.SetResult();
                await cancelled.Task;
            },
            HttpProtocols.Http2);
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address, Http2, protocols: HttpProtocols.Http2);
        using var cancel = new CancellationTokenSource();
        using var request = Request(gateway.Address, new ByteArrayContent("x"u8.ToArray()));
        var answer = await gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel.Token);
        await begun.Task.WaitAsync(RawConnection.Limit);
        answer.Dispose();
        await cancelled.Task.WaitAsync(RawConnection.Limit);
    }

    [Fact]
    public async Task Broken_answer_resets_the_stream_with_internal_error()
    {
        var received = new TaskCompletionSource();
        await using var upstream = await Upstream.StartAsync(
            async context =>
            {
                await context.Response.Body.WriteAsync("half"u8.ToArray());
                await context.Response.Body.FlushAsync();
                await received.Task;
                context.Abort();
            },
            HttpProtocols.Http2);
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address, Http2, protocols: HttpProtocols.Http2);
        using var request = Request(gateway.Address, new ByteArrayContent("x"u8.ToArray()));
        using var answer = await gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var body = await answer.Content.ReadAsStreamAsync();
        await body.ReadExactlyAsync(new byte[4]);
        received.SetResult();
        Assert.Equal(2, await ResetCodeAsync(body));
    }

    [Fact]
    public async Task Deadline_in_the_body_resets_the_stream_with_cancel()
    {
        var time = new FakeTimeProvider();
        await using var upstream = await Upstream.StartAsync(StartAndHang, HttpProtocols.Http2);
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address,
            cluster => Http2(cluster) with { Timeouts = new() { Total = TimeSpan.FromSeconds(40) } },
            builder => builder.Services.AddSingleton<TimeProvider>(time),
            HttpProtocols.Http2);
        using var request = Request(gateway.Address, new ByteArrayContent("x"u8.ToArray()));
        using var answer = await gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(RawConnection.Limit);
        await using var body = await answer.Content.ReadAsStreamAsync();
        await body.ReadExactlyAsync(new byte[4]).AsTask().WaitAsync(RawConnection.Limit);
        time.Advance(TimeSpan.FromSeconds(41));
        Assert.Equal(8, await ResetCodeAsync(body));
    }

    [Fact]
    public async Task Body_of_the_client_that_fails_after_the_head_resets_the_stream_with_protocol_error()
    {
        await using var upstream = await Upstream.StartAsync(StartAndHang, HttpProtocols.Http2);
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address,
            Http2,
            builder => builder.Services.Configure<KestrelServerOptions>(static options => options.Limits.MaxRequestBodySize = 1_000),
            HttpProtocols.Http2);
        var upload = new DuplexContent();
        using var request = Request(gateway.Address, upload);
        using var answer = await gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(RawConnection.Limit);
        await using var body = await answer.Content.ReadAsStreamAsync();
        await body.ReadExactlyAsync(new byte[4]).AsTask().WaitAsync(RawConnection.Limit);
        var writer = await upload.Stream;
        await writer.WriteAsync(new byte[2_000]);
        await writer.FlushAsync();
        Assert.Equal(1, await ResetCodeAsync(body));
        upload.Complete();
    }

    [Theory]
    [InlineData("application/grpc", HttpStatusCode.OK)]
    [InlineData(null, HttpStatusCode.RequestEntityTooLarge)]
    public async Task Limit_of_the_server_is_lifted_where_the_route_is_for_grpc_and_not_where_a_client_says_so(string? routeFor, HttpStatusCode expected)
    {
        await using var upstream = await Upstream.StartAsync(static context => context.Request.Body.CopyToAsync(Stream.Null), HttpProtocols.Http2);
        await using var gateway = await TestHost.StartAsync(
            builder =>
            {
                builder.Services.Configure<KestrelServerOptions>(static options => options.Limits.MaxRequestBodySize = 1_000);
                builder.Services.AddApiGateway()
                    .AddClusters(Http2(new() { Id = "up", Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = upstream.Address } } }))
                    .AddRoutes(new GatewayRoute
                    {
                        Id = "all",
                        Cluster = "up",
                        Match = new() { Path = "/{**rest}", Headers = routeFor is null ? [] : [new() { Name = "Content-Type", Mode = FieldMatchMode.Prefix, Values = [routeFor] }] },
                    });
            },
            static app => app.MapGatewayRoutes(),
            HttpProtocols.Http2);
        using var request = Request(gateway.Address, new ByteArrayContent(new byte[2_000]) { Headers = { { "Content-Type", "application/grpc" } } });
        using var answer = await gateway.Client.SendAsync(request).WaitAsync(RawConnection.Limit);

        // Told the gRPC way where it is refused.
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(expected is HttpStatusCode.OK, !answer.Headers.Contains("grpc-status"));
    }

    [Fact]
    public async Task Upload_over_the_limit_is_too_large()
    {
        await using var upstream = await Upstream.StartAsync(static context => context.Request.Body.CopyToAsync(Stream.Null), HttpProtocols.Http2);
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address,
            Http2,
            builder => builder.Services.Configure<KestrelServerOptions>(static options => options.Limits.MaxRequestBodySize = 1_000),
            HttpProtocols.Http2);
        var upload = new DuplexContent();
        using var request = Request(gateway.Address, upload);
        var sending = gateway.Client.SendAsync(request);
        var writer = await upload.Stream.WaitAsync(RawConnection.Limit);
        await writer.WriteAsync(new byte[2_000]);
        await writer.FlushAsync();
        using var answer = await sending.WaitAsync(RawConnection.Limit);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        upload.Complete();
    }

    [Fact]
    public async Task Destination_that_resets_an_upload_is_to_blame_and_not_the_client()
    {
        await using var upstream = await Upstream.StartAsync(
            async context =>
            {
                await context.Request.Body.ReadExactlyAsync(new byte[3]);
                context.Abort();
            },
            HttpProtocols.Http2);
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address, Http2, protocols: HttpProtocols.Http2);
        var upload = new DuplexContent();
        using var request = Request(gateway.Address, upload);
        var sending = gateway.Client.SendAsync(request);
        var writer = await upload.Stream.WaitAsync(RawConnection.Limit);
        await writer.WriteAsync("one"u8.ToArray());
        await writer.FlushAsync();
        using var answer = await sending.WaitAsync(RawConnection.Limit);
        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        upload.Complete();
    }

    [Fact]
    public async Task Answer_that_ends_early_reaches_the_client_during_the_upload()
    {
        await using var upstream = await Upstream.StartAsync(
            context =>
            {
                context.Response.StatusCode = 413;
                return context.Response.WriteAsync("too much");
            },
            HttpProtocols.Http2);
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address, Http2, protocols: HttpProtocols.Http2);
        var upload = new DuplexContent();
        using var request = Request(gateway.Address, upload);
        using var answer = await gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(RawConnection.Limit);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Equal("too much", await answer.Content.ReadAsStringAsync().WaitAsync(RawConnection.Limit));
        upload.Complete();
    }

    private static async Task<HttpResponseMessage> CallAsync(RequestDelegate handler)
    {
        await using var upstream = await Upstream.StartAsync(handler, HttpProtocols.Http2);
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address, Http2, protocols: HttpProtocols.Http2);
        var client = new HttpClient(new SocketsHttpHandler());
        using var request = Request(gateway.Address, new ByteArrayContent("x"u8.ToArray()));
        request.Headers.TE.Add(new("trailers"));
        var answer = await client.SendAsync(request);
        return answer;
    }

    private static async Task EchoAsync(HttpContext context)
    {
        context.Features.Get<Microsoft.AspNetCore.Server.Kestrel.Core.Features.IHttpMinRequestBodyDataRateFeature>()!.MinDataRate = null;
        var buffer = new byte[100];
        for (int read; (read = await context.Request.Body.ReadAsync(buffer)) > 0;)
        {
            await context.Response.Body.WriteAsync(buffer.AsMemory(0, read));
            await context.Response.Body.FlushAsync();
        }
    }

    private static async Task<HttpResponseMessage> AskAsync(HttpClient client, HttpRequestMessage request, DuplexContent upload)
    {
        var sending = client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var writer = await upload.Stream.WaitAsync(RawConnection.Limit);
        await writer.WriteAsync("one"u8.ToArray());
        await writer.FlushAsync();
        return await sending.WaitAsync(RawConnection.Limit);
    }

    private static async Task StartAndHang(HttpContext context)
    {
        await context.Response.Body.WriteAsync("half"u8.ToArray());
        await context.Response.Body.FlushAsync();
        await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    private static async Task<long?> ResetCodeAsync(Stream body)
    {
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => body.ReadAsync(new byte[1]).AsTask().WaitAsync(RawConnection.Limit));
        return (failure as HttpProtocolException ?? failure.InnerException as HttpProtocolException)?.ErrorCode;
    }

    private static HttpRequestMessage Request(Uri address, HttpContent content) => new(HttpMethod.Post, address)
    {
        Content = content,
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private static GatewayKit.Clusters.Cluster Http2(GatewayKit.Clusters.Cluster cluster) =>
        cluster with { Http = new() { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact } };

    private sealed class DuplexContent : HttpContent
    {
        private readonly TaskCompletionSource<Stream> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Stream> Stream => _stream.Task;

        public void Complete() => _done.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.FlushAsync();
            _stream.SetResult(stream);
            await _done.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
