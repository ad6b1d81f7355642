using System.Globalization;
using System.Net;
using GatewayKit.Pipeline;
using GatewayKit.Transforms;
using GatewayKit.WireTests.Http2;
using GatewayKit.WireTests.Upstreams;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.WireTests.Responses;

/// <summary>Trailers of an answer to a client of HTTP/1.1: the gateway writes the chunks itself, for the server has no trailers there.</summary>
public sealed class TrailerTests
{
    private const string Unannounced = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n";
    private const string Announced = Unannounced + "Trailer: X-Sum\r\n";
    private const string Hello = "\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n";
    private const string Get = "GET / HTTP/1.1\r\nHost: gateway\r\n\r\n";
    private const string GetWithTrailers = "GET / HTTP/1.1\r\nHost: gateway\r\nTE: trailers\r\n\r\n";

    [Theory]
    [InlineData(Announced + Hello, Get, true)]
    [InlineData(Announced + Hello, GetWithTrailers, true)]
    [InlineData(Unannounced + Hello, GetWithTrailers, false)]
    public async Task Trailers_follow_the_body_and_the_connection_goes_on(string answer, string request, bool isAnnounced)
    {
        await using var upstream = ScriptedUpstream.Answering(answer);
        await using var gateway = await RecordingGateway.StartAsync(upstream.Address);
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync(request);
            var head = ReceivedAnswer.Parse((await client.ReadHeadAsync())!);
            Assert.Equal((200, "chunked"), (head.Status, Assert.Single(head["Transfer-Encoding"])));
            Assert.Equal(isAnnounced ? ["X-Sum"] : [], head["Trailer"]);
            Assert.Empty(head["Connection"]);
            Assert.Equal("5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n", await client.ReadThroughAsync("\r\n\r\n"));
        }

        Assert.Equal(1, upstream.ConnectionCount);
        gateway.MustBecomeQuiet();
        Assert.DoesNotContain(gateway.Records.Lines, static line => line.Level >= Microsoft.Extensions.Logging.LogLevel.Warning);
    }

    [Theory]
    [InlineData(Unannounced + Hello, Get)]
    [InlineData(Unannounced + Hello, "GET / HTTP/1.1\r\nHost: gateway\r\nTE: deflate, xtrailers\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTrailer: X-Sum\r\n\r\nhello", GetWithTrailers)]
    public async Task Answer_without_trailers_or_a_reader_of_them_is_left_to_the_server(string answer, string request)
    {
        var received = await AskAsync(answer, request);
        Assert.Equal(("hello", true), (received.Body, received.IsWhole));
        Assert.Empty(received.Trailers);
        Assert.Empty(received["Trailer"]);
    }

    [Fact]
    public async Task Fields_that_must_not_come_behind_a_body_are_dropped_and_not_announced()
    {
        var received = await AskAsync(
            Unannounced + "Trailer: X-Sum, Set-Cookie,Content-Length , a b,, Server-Timing\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\nSet-Cookie: a=b\r\nContent-Length: 9\r\n"
            + "Transfer-Encoding: gzip\r\nAuthorization: x\r\nCache-Control: public\r\nX-Forwarded-For: 1.1.1.1\r\nHost: evil\r\nTrailer: X\r\nServer-Timing: db;dur=1\r\nX-Empty:\r\nX-Sum: 8\r\n\r\n");
        Assert.Equal(["X-Sum, Server-Timing"], received["Trailer"]);
        Assert.Equal(["X-Sum: 7", "X-Sum: 8", "Server-Timing: db;dur=1", "X-Empty: "], received.Trailers);
    }

    [Fact]
    public async Task Bytes_above_ascii_pass_as_they_came() =>
        Assert.Equal(["X-Sum: \u00E9\u00FF"], (await AskAsync(Announced + "\r\n2\r\nok\r\n0\r\nX-Sum: \u00E9\u00FF\r\n\r\n")).Trailers);

    // RFC 9110 §5.5 leaves a choice, and the handler takes a space.
    [Theory]
    [InlineData("a\0b")]
    [InlineData("a\rb")]
    public async Task Characters_that_would_end_a_field_never_arrive(string value) =>
        Assert.Equal(["X-Sum: a b"], (await AskAsync(Announced + $"\r\n2\r\nok\r\n0\r\nX-Sum: {value}\r\n\r\n")).Trailers);

    [Theory]
    [InlineData("a\u0001b")]
    [InlineData("a\u007Fb")]
    public async Task Trailer_that_is_no_field_ends_the_connection_and_nothing_of_it_is_sent(string value)
    {
        var (rest, outcome) = await BreakAsync($"0\r\nX-Sum: {value}\r\n\r\n");
        Assert.Empty(rest);
        Assert.Equal(RejectionReason.UpstreamProtocol, outcome.Reason);
    }

    [Fact]
    public async Task Trailers_beyond_16_KiB_end_the_connection()
    {
        const int most = 16_384 - 3 - 7 - 2;
        Assert.True((await AskAsync(Announced + $"\r\n5\r\nhello\r\n0\r\nX-Sum: {new string('x', most)}\r\n\r\n")).IsWhole);
        var (rest, _) = await BreakAsync($"0\r\nX-Sum: {new string('x', most + 1)}\r\n\r\n");
        Assert.Empty(rest);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5\r\nwo")]
    [InlineData("0\r\n")]
    [InlineData("0\r\nX-Sum: 7\r\n")]
    [InlineData("0\r\nX Sum: 7\r\n\r\n")]
    [InlineData("zz\r\n")]
    public async Task Answer_that_breaks_off_ends_the_connection_without_a_last_chunk(string rest)
    {
        var (received, outcome) = await BreakAsync(rest);
        Assert.DoesNotContain("0\r\n", received);
        Assert.NotNull(outcome.Reason);
    }

    [Fact]
    public async Task Answer_that_breaks_before_its_body_is_a_whole_502()
    {
        await using var upstream = ScriptedUpstream.Start(static async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(Announced + "\r\nzz\r\n");
        });
        await using var gateway = await RecordingGateway.StartAsync(upstream.Address);
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        for (var i = 0; i < 2; i++)
        {
            var received = await client.GetAsync("/");
            Assert.Equal((502, true), (received.Status, received.IsWhole));
            Assert.Empty(received["Trailer"]);
            Assert.Contains("upstream-protocol", received.Body);
        }
    }

    [Fact]
    public async Task Bad_trailers_of_an_empty_body_are_a_whole_502()
    {
        var received = await AskAsync(Announced + "\r\n0\r\nX-Sum: a\u0001b\r\n\r\n");
        Assert.Equal((502, true), (received.Status, received.IsWhole));
        Assert.Empty(received.Trailers);
    }

    [Fact]
    public async Task Trailers_of_an_empty_body_arrive()
    {
        var received = await AskAsync(Announced + "\r\n0\r\nX-Sum: 7\r\n\r\n");
        Assert.Equal((200, "", "X-Sum: 7"), (received.Status, received.Body, Assert.Single(received.Trailers)));
    }

    [Fact]
    public async Task Large_body_keeps_every_byte_in_chunks_of_its_own()
    {
        var body = string.Concat(Enumerable.Range(0, 100_000).Select(static number => number.ToString("D6", CultureInfo.InvariantCulture)));
        var chunks = string.Concat(body.Chunk(50_000).Select(static chunk => $"{chunk.Length:x}\r\n{new string(chunk)}\r\n"));
        var received = await AskAsync(Announced + "\r\n" + chunks + "0\r\nX-Sum: 7\r\n\r\n");
        Assert.Equal((body, true, "X-Sum: 7"), (received.Body, received.IsWhole, Assert.Single(received.Trailers)));
    }

    [Fact]
    public async Task Client_of_http_1_0_gets_the_plain_body()
    {
        await using var upstream = ScriptedUpstream.Answering(Announced + Hello);
        await using var gateway = await RecordingGateway.StartAsync(upstream.Address);
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        await client.SendAsync("GET / HTTP/1.0\r\nHost: gateway\r\nTE: trailers\r\n\r\n");
        var text = await client.ReadToEndAsync();
        Assert.EndsWith("\r\n\r\nhello", text);
        Assert.DoesNotMatch("(?mi)^(transfer-encoding|trailer):", text);
    }

    [Theory]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n")]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nTrailer: X-Sum\r\n\r\n")]
    public async Task Answer_without_a_body_has_no_trailers(string method, string answer)
    {
        await using var upstream = ScriptedUpstream.Answering(answer);
        await using var gateway = await RecordingGateway.StartAsync(upstream.Address);
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        for (var i = 0; i < 2; i++)
        {
            var received = await client.GetAsync("/", method);
            Assert.True(received.IsWhole);
            Assert.Empty(received["Trailer"]);
        }
    }

    [Fact]
    public async Task Body_that_the_host_compresses_is_framed_by_the_server()
    {
        await using var upstream = ScriptedUpstream.Answering(Announced + Hello);
        await using var gateway = await RecordingGateway.StartAsync(
            upstream.Address, gateway: static gateway => gateway.Services.AddResponseCompression(), app: static app => app.UseResponseCompression());
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: gateway\r\nAccept-Encoding: gzip\r\nTE: trailers\r\n\r\n");
        var received = await client.ReadAsync();
        Assert.Equal(("gzip", true), (Assert.Single(received["Content-Encoding"]), received.IsWhole));
        Assert.StartsWith("\u001F\u008B", received.Body);
        Assert.Empty(received.Trailers);
        Assert.Empty(received["Trailer"]);
    }

    [Fact]
    public async Task Transforms_choose_and_change_trailers()
    {
        await using var upstream = ScriptedUpstream.Answering(
            Unannounced + "Trailer: X-Sum, X-Gone, X-Other\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\nX-Gone: g\r\nX-Other: o\r\n\r\n");
        await using var gateway = await RecordingGateway.StartAsync(upstream.Address, gateway: static gateway => gateway.AddDefaults(
            TransformPolicy.Of(static steps => steps.ResponseTrailersAllowed("X-Sum", "X-Gone").ResponseTrailerRemove("X-Gone").ResponseTrailer("X-New", set: "n"))));
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        var received = await client.GetAsync("/");
        Assert.Equal(["X-Sum, X-Gone"], received["Trailer"]);
        Assert.Equal(["X-Sum: 7", "X-New: n"], received.Trailers);
    }

    [Theory]
    [InlineData(GetWithTrailers, "", 1)]
    [InlineData(Get, "x-sum", 1)]
    [InlineData(Get, "", 0)]
    public async Task Trailers_of_http2_reach_a_client_that_takes_them(string request, string announced, int count)
    {
        await using var upstream = Http2UpstreamConnection.Start(async connection =>
        {
            var asked = await connection.TakeRequestAsync();
            Assert.Equal(request == GetWithTrailers ? "trailers" : null, asked["te"]);
            var head = Hpack.Block((":status", "200")) + (announced.Length > 0 ? Hpack.Field("trailer", announced) : string.Empty);
            await connection.SendAsync(
                Frames.Headers(asked.Stream, head) + Frames.Data(asked.Stream, "hello") + Frames.Headers(asked.Stream, Hpack.Block(("x-sum", "7")), end: true));
            await connection.ReadToEndAsync();
        });
        await using var gateway = await RecordingGateway.StartAsync(
            upstream.Address,
            static cluster => cluster with { Http = new() { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact } });
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        await client.SendAsync(request);
        var received = await client.ReadAsync();
        Assert.Equal(("hello", true), (received.Body, received.IsWhole));
        Assert.Equal(Enumerable.Repeat("x-sum: 7", count), received.Trailers);
    }

    [Fact]
    public async Task Host_cannot_write_behind_the_end()
    {
        await using var upstream = ScriptedUpstream.Answering(Announced + Hello);
        await using var gateway = await RecordingGateway.StartAsync(upstream.Address, app: static app => app.Use(static async (context, next) =>
        {
            await next(context);
            try
            {
                await context.Response.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            }
            catch (InvalidOperationException)
            {
            }
        }));
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        for (var i = 0; i < 2; i++)
        {
            var received = await client.GetAsync("/");
            Assert.Equal(("hello", "X-Sum: 7"), (received.Body, Assert.Single(received.Trailers)));
        }
    }

    // The host swallows what follows: the server would keep the connection of half a message.
    [Fact]
    public async Task Host_that_changes_the_framing_ends_the_connection()
    {
        await using var upstream = ScriptedUpstream.Answering(Announced + Hello);
        await using var gateway = await RecordingGateway.StartAsync(upstream.Address, app: static app => app.Use(static async (context, next) =>
        {
            context.Response.OnStarting(() =>
            {
                context.Response.Headers.Remove("Transfer-Encoding");
                return Task.CompletedTask;
            });
            try
            {
                await next(context);
            }
            catch (InvalidOperationException)
            {
            }
        }));
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        await client.SendAsync(Get);
        Assert.DoesNotContain("hello", await client.ReadToEndAsync());
        gateway.MustBecomeQuiet();
    }

    private static async Task<ReceivedAnswer> AskAsync(string answer, string request = Get)
    {
        await using var upstream = ScriptedUpstream.Answering(answer);
        await using var gateway = await RecordingGateway.StartAsync(upstream.Address);
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        await client.SendAsync(request);
        return await client.ReadAsync();
    }

    // What a client sees of an answer until the gateway closes. The rest is sent when the client has the beginning: then there is no other answer.
    private static async Task<(string Received, RecordingGateway.Ended Outcome)> BreakAsync(string rest)
    {
        var hasBegun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = ScriptedUpstream.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(Announced + "\r\n5\r\nhello\r\n");
            await hasBegun.Task;
            await connection.SendAsync(rest);
        });
        await using var gateway = await RecordingGateway.StartAsync(upstream.Address);
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        await client.SendAsync(Get + Get);
        Assert.EndsWith("\r\n\r\n5\r\nhello\r\n", await client.ReadThroughAsync("hello\r\n"));
        hasBegun.SetResult();
        var received = await client.ReadToEndAsync();
        await gateway.Records.NextAsync();
        return (received, gateway.Records.Requests.First());
    }
}
