using GatewayKit.Forwarding;
using GatewayKit.WireTests.Upstreams;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.WireTests.Responses;

/// <summary>
/// Answers that never end in a place where nothing of them can be passed on. The destination writes until it is stopped; what counts is
/// what the gateway took off the wire before it stopped it.
/// </summary>
public sealed class EndlessAnswerTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\n";
    private const string Begun = Ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n";

    // The limit of a head is also that of trailers. That of a line between chunks is the handler's own and cannot be set.
    private const int Head = 65_536;
    private const int ChunkLine = 16_384;

    // What may have been read beyond a limit: the rest of the buffer in which it was reached.
    private const int Buffer = 8_192;

    // Which part has no end: its beginning, and what comes again and again.
    public static TheoryData<string, string, string> Heads() => new()
    {
        { "first line of garbage", "garbage", "a" },
        { "status line", Ok.TrimEnd(), "a" },
        { "field value", Ok + "X-A: ", "a" },
        { "field name", Ok, "a" },
        { "folded field", Ok + "X-A: a\r\n", " a\r\n" },
        { "fields", Ok, "X-A: a\r\n" },
        { "empty fields", Ok, "X:\r\n" },
        { "interim answers", string.Empty, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" },
        { "bare interim answers", string.Empty, "HTTP/1.1 100 Continue\r\n\r\n" },
        { "fields of an interim answer", "HTTP/1.1 103 Early Hints\r\n", "Link: </a>\r\n" },
        { "field of an interim answer", "HTTP/1.1 103 Early Hints\r\nLink: ", "a" },
    };

    public static TheoryData<string, string, string, int> Bodies() => new()
    {
        { "chunk size", string.Empty, "0", ChunkLine },
        { "chunk extension", "2;a=", "a", ChunkLine },
        { "chunk extensions", "2", ";a=b", ChunkLine },
        { "extension of the last chunk", "0;a=", "a", ChunkLine },
        { "trailers", "0\r\n", "X-A: a\r\n", Head },
        { "trailer value", "0\r\nX-A: ", "a", Head },
        { "trailer name", "0\r\n", "a", Head },
        { "folded trailer", "0\r\nX-A: a\r\n", " a\r\n", Head },
    };

    // What comes again and again at ten seconds' distance, and the clock that ends it.
    public static TheoryData<string, string, string> Drips() => new()
    {
        { "status line", string.Empty, "HTTP/1.1 200 OK" },
        { "interim answers", string.Empty, "HTTP/1.1 103 Early Hints\r\n\r\n" },
        { "chunk extension", Begun, "2;a=" },
        { "trailers", Begun, "0\r\nX-A: a\r\n" },
    };

    [Theory]
    [Trait("Fault", "U12")]
    [Trait("Fault", "U13")]
    [MemberData(nameof(Heads))]
    public async Task Head_without_an_end_is_a_bad_gateway_at_the_limit_of_the_cluster(string part, string start, string again)
    {
        Assert.NotEmpty(part);
        foreach (var most in (int[])[Head, 4_096])
        {
            await using var run = await EndlessRun.StartAsync(string.Empty, start, again, new() { MaxResponseHeadBytes = most });
            run.GoOn();
            var answer = await run.Client.ReadAsync();
            Assert.Equal((502, true), (answer.Status, answer.IsWhole));
            Assert.Contains("\"code\":\"upstream-protocol\"", answer.Body, StringComparison.Ordinal);
            Assert.InRange(await run.ReadWhenStoppedAsync(), most, most + Buffer);
            Assert.Equal(new ForwardOutcome(ForwardError.UpstreamHeadTooLarge, ForwardPhase.Request, 0, 0), await run.OutcomeAsync());
        }
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Framing_without_an_end_cuts_the_answer(string part, string start, string again, int most)
    {
        Assert.NotEmpty(part);
        await using var run = await EndlessRun.StartAsync(Begun, start, again, new());
        Assert.StartsWith(Ok, await run.Client.ReadThroughAsync("2\r\nok\r\n"), StringComparison.Ordinal);
        run.GoOn();
        Assert.Equal(string.Empty, await run.Client.ReadToEndAsync());
        Assert.InRange(await run.ReadWhenStoppedAsync(), most, most + Buffer);
        Assert.Equal(new ForwardOutcome(ForwardError.UpstreamTruncated, ForwardPhase.Response, 0, 2), await run.OutcomeAsync());
    }

    // Too slow to reach a limit of size: bytes that are no body do not put the clocks off.
    [Theory]
    [Trait("Fault", "U9")]
    [MemberData(nameof(Drips))]
    public async Task Framing_that_drips_meets_the_clock(string part, string start, string again)
    {
        Assert.NotEmpty(part);
        var time = new FakeTimeProvider();
        var isBegun = start.Length > 0;
        await using var run = await EndlessRun.StartAsync(start, isBegun ? again : string.Empty, isBegun ? "a" : again, new(), time);
        if (isBegun)
        {
            await run.Client.ReadThroughAsync("2\r\nok\r\n");
            run.GoOn();
            Assert.Equal(string.Empty, await run.Client.ReadToEndAsync());
        }
        else
        {
            run.GoOn();
            Assert.Equal(504, (await run.Client.ReadAsync()).Status);
        }

        Assert.InRange(await run.ReadWhenStoppedAsync(), 1, ChunkLine);
        Assert.Equal(isBegun ? ForwardError.UpstreamStalled : ForwardError.UpstreamHeadersTimeout, (await run.OutcomeAsync()).Error);
        Assert.True(time.GetUtcNow() - time.Start <= TimeSpan.FromMinutes(3));
    }
}
