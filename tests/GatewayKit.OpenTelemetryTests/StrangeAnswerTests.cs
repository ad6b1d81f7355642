using GatewayKit.Auditing.Shipping;
using GatewayKit.OpenTelemetry;
using GatewayKit.OpenTelemetryTests.Hosting;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using OpenTelemetry.Exporter;

namespace GatewayKit.OpenTelemetryTests;

/// <summary>Answers to gRPC that come from something else, or from somebody who means harm.</summary>
public sealed class StrangeAnswerTests
{
    private const string Grpc = "application/grpc";

    [Theory]
    [InlineData(200, "text/html", null, "<html></html>")]
    [InlineData(200, Grpc, null, "")]
    [InlineData(200, Grpc, "soon", "")]
    [InlineData(200, Grpc, "-1", "")]
    [InlineData(200, Grpc, "0", "\u0001\0\0\0\u0001x")]
    [InlineData(200, Grpc, "0", "\0\0\0\0\u0009x")]
    [InlineData(200, Grpc, "0", "\0\0\0\0\u0002\u000a\u00ff")]
    [InlineData(400, "text/plain", null, "")]
    [InlineData(404, "text/plain", null, "")]
    [InlineData(302, "text/plain", null, "")]
    public async Task Answer_that_is_none_of_grpc_confirms_and_refuses_nothing(int status, string type, string? code, string body)
    {
        Assert.Equal(TimeSpan.FromMinutes(1), (await BusyAsync(response => Answer(response, status, type, code, body))).RetryAfter);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task Proxy_in_front_of_a_collector_may_ask_to_wait(int status)
    {
        var busy = await BusyAsync(response =>
        {
            response.Headers.RetryAfter = "5";
            return Answer(response, status, "text/plain", null, string.Empty);
        });
        Assert.Equal(TimeSpan.FromSeconds(5), busy.RetryAfter);
    }

    [Fact]
    public async Task Confirmation_without_a_message_confirms()
    {
        await using var collector = await Collector.StartAsync();
        await using var sink = Open(collector);
        collector.RawAnswers.Enqueue(static response => Answer(response, 200, "application/grpc+proto", "0", string.Empty));
        Assert.Empty((await sink.WriteAsync(Batches.OfLines(2))).Rejections);
    }

    [Theory]
    [InlineData(long.MaxValue, 0)]
    [InlineData(long.MinValue, 0)]
    [InlineData(1_000_000_000_000, 0)]
    [InlineData(0, int.MinValue)]
    public void Delay_that_makes_no_sense_is_none_or_as_it_is(long seconds, int nanoseconds)
    {
        var delay = new RetryInfo { RetryDelay = new() { Seconds = seconds, Nanos = nanoseconds } };
        var status = new Status { Details = { new Any { TypeUrl = "type.googleapis.com/google.rpc.RetryInfo", Value = delay.ToByteString() } } };
        var read = CollectorMessages.RetryDelayOf(Convert.ToBase64String(status.ToByteArray()));
        Assert.Equal(seconds is 0 ? TimeSpan.FromMicroseconds(nanoseconds / 1_000) : null, read);
    }

    // Whatever bytes: an answer, or a failure that says it is none.
    [Fact]
    public void Bytes_of_a_stranger_are_a_message_or_no_message()
    {
        var random = new Random(17);
        var (read, not) = (0, 0);
        byte[] valid = new ExportLogsServiceResponse { PartialSuccess = new() { RejectedLogRecords = 7, ErrorMessage = "some" } }.ToByteArray();
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = round % 2 is 0 ? valid.ToArray() : new byte[random.Next(40)];
            if (round % 2 is 0)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }
            else
            {
                random.NextBytes(bytes);
            }

            try
            {
                CollectorMessages.RejectedOf(bytes);
                read++;
            }
            catch (InvalidProtocolBufferException)
            {
                not++;
            }

            _ = CollectorMessages.RetryDelayOf(Convert.ToBase64String(bytes));
        }

        Assert.True(read > 1_000 && not > 1_000, $"{read} were read, {not} were not");
    }

    private static async Task<AuditSinkBusyException> BusyAsync(Func<HttpResponse, Task> answer)
    {
        await using var collector = await Collector.StartAsync();
        await using var sink = Open(collector);
        collector.RawAnswers.Enqueue(answer);
        var busy = await Assert.ThrowsAsync<AuditSinkBusyException>(() => sink.WriteAsync(Batches.OfLines(2)));
        Assert.Empty((await sink.WriteAsync(Batches.OfLines(2))).Rejections);
        Assert.Equal(2, collector.Kept.Count);
        return busy;
    }

    private static OpenedSink Open(Collector collector) => OpenedSink.Of(new() { Address = collector.Address(OtlpExportProtocol.Grpc), Protocol = OtlpExportProtocol.Grpc });

    private static async Task Answer(HttpResponse response, int status, string type, string? code, string body)
    {
        (response.StatusCode, response.ContentType) = (status, type);
        if (code is not null && body.Length is 0)
        {
            response.Headers["grpc-status"] = code;
        }

        await response.Body.WriteAsync(System.Text.Encoding.Latin1.GetBytes(body));
        if (code is not null && body.Length > 0)
        {
            response.AppendTrailer("grpc-status", code);
        }
    }
}
