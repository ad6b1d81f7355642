using GatewayKit.Clusters;
using GatewayKit.WireTests.Upstreams;

namespace GatewayKit.WireTests.Responses;

/// <summary>
/// A destination answers a large upload without reading it (RFC 9110 §10.1.1). Over HTTP/1.1 the handler
/// reads no answer before the upload is sent (dotnet/runtime#119350), so the client is told the answer if the destination reads on, and a refusal
/// of the gateway otherwise; never nothing, and never half an answer that looks whole.
/// </summary>
public sealed class EarlyAnswerTests
{
    private const int Size = 10_000_000;

    public static TheoryData<int, bool, bool> Uploads => new MatrixTheoryData<int, bool, bool>([413, 200], [false, true], [false, true]);

    [Theory]
    [Trait("Fault", "U14")]
    [MemberData(nameof(Uploads))]
    public async Task Over_http11_it_arrives_when_the_destination_reads_on(int status, bool chunked, bool expects)
    {
        await using var upstream = ScriptedUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync($"HTTP/1.1 {status} Early\r\nContent-Length: 5\r\nConnection: close\r\n\r\nearly");
            await connection.ReadToEndAsync();
        });
        await using var gateway = await StartAsync(upstream.Address);
        var answer = await UploadAsync(gateway, chunked, expects);
        Assert.Equal((status, "early", true), (answer.Status, answer.Body, answer.IsWhole));
        gateway.MustBecomeQuiet();
        Assert.Equal(1, upstream.ConnectionCount);
    }

    [Theory]
    [Trait("Fault", "U14")]
    [MemberData(nameof(Uploads))]
    public async Task Over_http11_a_close_is_the_answer_or_a_bad_gateway(int status, bool chunked, bool expects)
    {
        await using var upstream = ScriptedUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync($"HTTP/1.1 {status} Early\r\nContent-Length: 5\r\nConnection: close\r\n\r\nearly");
        });
        await using var gateway = await StartAsync(upstream.Address);
        var answer = await UploadAsync(gateway, chunked, expects);
        Assert.True(answer.IsWhole);
        if (answer.Status == status)
        {
            Assert.Equal("early", answer.Body);
        }
        else
        {
            Assert.Equal(502, answer.Status);
            Assert.Contains("\"code\":\"upstream-reset\"", answer.Body, StringComparison.Ordinal);
        }

        gateway.MustBecomeQuiet();
        Assert.Equal(1, upstream.ConnectionCount);
    }

    [Fact]
    public async Task Over_http11_a_destination_that_takes_nothing_is_a_timeout()
    {
        await using var upstream = ScriptedUpstream.Start(static async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 413 Early\r\nContent-Length: 5\r\n\r\nearly");
            await connection.ReadNothingAsync();
        });

        // More than the sockets of both sides hold.
        await using var gateway = await StartAsync(upstream.Address, idle: TimeSpan.FromSeconds(1));
        var answer = await UploadAsync(gateway, chunked: true, expects: false, times: 6);
        Assert.Equal((504, true), (answer.Status, answer.IsWhole));
        Assert.Contains("\"code\":\"upstream-timeout\"", answer.Body, StringComparison.Ordinal);
        gateway.MustBecomeQuiet();
    }

    private static Task<RecordingGateway> StartAsync(Uri upstream, TimeSpan? idle = null) => RecordingGateway.StartAsync(
        upstream,
        cluster => cluster with
        {
            Timeouts = new() { Idle = idle ?? TimeSpan.FromSeconds(60) },
        },
        server: static server => server.Limits.MaxRequestBodySize = null);

    private static async Task<ReceivedAnswer> UploadAsync(RecordingGateway gateway, bool chunked, bool expects, int times = 1)
    {
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        var framing = chunked ? "Transfer-Encoding: chunked" : $"Content-Length: {Size}";
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n{(expects ? "Expect: 100-continue\r\n" : null)}\r\n");
        var sending = SendBodyAsync(client, chunked, times);

        // A destination that closes may do so before the gateway asks for the body.
        var answer = await client.ReadAsync(mayContinue: expects).WaitAsync(ScriptedUpstream.Limit);

        // The gateway takes the rest for a while or closes: either way the sending ends.
        client.Dispose();
        await sending.WaitAsync(ScriptedUpstream.Limit);
        return answer;
    }

    private static async Task SendBodyAsync(AnswerReader client, bool chunked, int times)
    {
        try
        {
            var body = new string('x', Size);
            for (var i = 0; i < times; i++)
            {
                await client.SendAsync(chunked ? $"{Size:x}\r\n{body}\r\n" : body);
            }

            if (chunked)
            {
                await client.SendAsync("0\r\n\r\n");
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The client has what it wants to know.
        }
    }
}
