using System.Globalization;
using GatewayKit.Auditing.Shipping;
using GatewayKit.OpenTelemetry;
using GatewayKit.OpenTelemetryTests.Hosting;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using OpenTelemetry;
using OpenTelemetry.Exporter;

namespace GatewayKit.OpenTelemetryTests;

/// <summary>What a collector answers, and what becomes of the batch.</summary>
public sealed class OtlpAnswerTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(429)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task Status_that_may_be_retried_is_after_as_long_as_the_collector_asks_for(int status)
    {
        await using var collector = await Collector.StartAsync();
        await using var sink = Open(collector, OtlpExportProtocol.HttpProtobuf);
        collector.Answers.Enqueue(response => Answer(response, status, "7"));
        collector.Answers.Enqueue(response => Answer(response, status, DateTimeOffset.UtcNow.AddHours(1).ToString("R", CultureInfo.InvariantCulture)));
        collector.Answers.Enqueue(response => Answer(response, status));
        Assert.Equal(TimeSpan.FromSeconds(7), (await BusyAsync(sink)).RetryAfter);
        Assert.InRange((await BusyAsync(sink)).RetryAfter!.Value, TimeSpan.FromMinutes(50), TimeSpan.FromHours(1));
        var busy = await BusyAsync(sink);
        Assert.Null(busy.RetryAfter);
        Assert.Equal($"status {status}", busy.Message);
        await TakenAsync(sink, collector);
    }

    // 301: the headers are nobody else's. 404, 405: a wrong address. 401, 403: credentials that do not count. 500: a defect, of which no record is known to be the reason.
    [Theory]
    [InlineData(301)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(405)]
    [InlineData(415)]
    [InlineData(500)]
    [InlineData(501)]
    public async Task Status_that_speaks_of_no_record_keeps_the_batch_for_whoever_sets_it_right(int status)
    {
        await using var collector = await Collector.StartAsync();
        await using var sink = Open(collector, OtlpExportProtocol.HttpProtobuf);
        collector.Answers.Enqueue(response =>
        {
            response.Headers.Location = "/v1/logs";
            return Answer(response, status, "1");
        });
        Assert.Equal(Minute, (await BusyAsync(sink)).RetryAfter);
        await TakenAsync(sink, collector);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(413)]
    [InlineData(422)]
    public async Task Status_that_speaks_of_the_records_refuses_the_batch(int status)
    {
        await using var collector = await Collector.StartAsync();
        await using var sink = Open(collector, OtlpExportProtocol.HttpProtobuf);
        collector.Answers.Enqueue(response => Answer(response, status));
        Assert.Equal($"status {status}", (await Assert.ThrowsAsync<AuditBatchRejectedException>(() => sink.WriteAsync(Batches.OfLines(2)))).Message);
    }

    [Theory]
    [InlineData(StatusCode.Cancelled)]
    [InlineData(StatusCode.DeadlineExceeded)]
    [InlineData(StatusCode.Aborted)]
    [InlineData(StatusCode.OutOfRange)]
    [InlineData(StatusCode.Unavailable)]
    [InlineData(StatusCode.DataLoss)]
    public async Task Code_that_may_be_retried_is(StatusCode code)
    {
        await using var collector = await Collector.StartAsync();
        await using var sink = Open(collector, OtlpExportProtocol.Grpc);
        collector.Failures.Enqueue(new(new(code, "x")));
        collector.Failures.Enqueue(new(new(code, "x"), WithDelay(code, 9)));
        Assert.Null((await BusyAsync(sink)).RetryAfter);
        Assert.Equal(TimeSpan.FromSeconds(9.5), (await BusyAsync(sink)).RetryAfter);
        await TakenAsync(sink, collector);
    }

    [Theory]
    [InlineData(StatusCode.Unknown)]
    [InlineData(StatusCode.NotFound)]
    [InlineData(StatusCode.PermissionDenied)]
    [InlineData(StatusCode.Unauthenticated)]
    [InlineData(StatusCode.Unimplemented)]
    [InlineData(StatusCode.Internal)]
    public async Task Code_that_speaks_of_no_record_keeps_the_batch_for_whoever_sets_it_right(StatusCode code)
    {
        await using var collector = await Collector.StartAsync();
        await using var sink = Open(collector, OtlpExportProtocol.Grpc);
        collector.Failures.Enqueue(new(new(code, "x")));
        Assert.Equal(Minute, (await BusyAsync(sink)).RetryAfter);
        await TakenAsync(sink, collector);
    }

    // Without a delay it is no answer that may be retried: there may be too much in the request, so it comes in halves; what is one record alone has to wait.
    [Fact]
    public async Task Resource_that_is_exhausted_is_retried_with_a_delay_and_in_halves_without()
    {
        await using var collector = await Collector.StartAsync();
        await using var sink = Open(collector, OtlpExportProtocol.Grpc);
        collector.Failures.Enqueue(new(new(StatusCode.ResourceExhausted, "x"), WithDelay(StatusCode.ResourceExhausted, 3)));
        Assert.Equal(TimeSpan.FromSeconds(3.5), (await BusyAsync(sink)).RetryAfter);
        collector.Failures.Enqueue(new(new(StatusCode.ResourceExhausted, "x")));
        await Assert.ThrowsAsync<AuditBatchRejectedException>(() => sink.WriteAsync(Batches.OfLines(2)));
        collector.Failures.Enqueue(new(new(StatusCode.ResourceExhausted, "x")));
        Assert.Equal(Minute, (await Assert.ThrowsAsync<AuditSinkBusyException>(() => sink.WriteAsync(Batches.OfLines(1)))).RetryAfter);

        // Nor are checkpoints given up because of it.
        collector.Failures.Enqueue(new(new(StatusCode.ResourceExhausted, "x")));
        Assert.Equal(Minute, (await Assert.ThrowsAsync<AuditSinkBusyException>(() => sink.WriteAsync(Batches.Of([], Batches.Checkpoint(1), Batches.Checkpoint(2))))).RetryAfter);
    }

    [Fact]
    public async Task Argument_that_is_invalid_refuses_the_batch()
    {
        await using var collector = await Collector.StartAsync();
        await using var sink = Open(collector, OtlpExportProtocol.Grpc);
        collector.Failures.Enqueue(new(new(StatusCode.InvalidArgument, "a record that quotes itself")));
        Assert.Equal("gRPC status 3", (await Assert.ThrowsAsync<AuditBatchRejectedException>(() => sink.WriteAsync(Batches.OfLines(2)))).Message);
    }

    [Theory]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    [InlineData(OtlpExportProtocol.Grpc)]
    public async Task Records_that_a_collector_says_it_refused_are_counted_and_nothing_it_writes_is_repeated(OtlpExportProtocol protocol)
    {
        await using var collector = await Collector.StartAsync();
        await using var sink = Open(collector, protocol);
        collector.LeavesOut = static record => record.Value("gatewaykit.audit.seq").IntValue is 1 or 3 or 7;
        var receipt = await sink.WriteAsync(Batches.Of([.. Batches.OfLines(5).Records], Batches.Checkpoint(1), Batches.Checkpoint(2)));
        var rejection = Assert.Single(receipt.Rejections);
        Assert.Equal((0, 5, 2L), (rejection.Index, rejection.Among, rejection.Count));
        Assert.DoesNotContain("quotes", rejection.Reason, StringComparison.Ordinal);

        // Both checkpoints say 7, and are no records.
        Assert.Equal(2, receipt.Checkpoints?.Count);
        Assert.Equal(3, collector.Kept.Count);
    }

    [Fact]
    public async Task Number_that_makes_no_sense_is_none_or_all()
    {
        await using var collector = await Collector.StartAsync();
        await using var sink = Open(collector, OtlpExportProtocol.HttpProtobuf);
        collector.Answers.Enqueue(static response => Confirm(response, new() { PartialSuccess = new() { RejectedLogRecords = -1 } }));
        collector.Answers.Enqueue(static response => Confirm(response, new() { PartialSuccess = new() { RejectedLogRecords = long.MaxValue } }));
        collector.Answers.Enqueue(static response => Confirm(response, new() { PartialSuccess = new() { ErrorMessage = "no more than a warning" } }));
        Assert.Empty((await sink.WriteAsync(Batches.OfLines(2))).Rejections);
        Assert.Equal(2, Assert.Single((await sink.WriteAsync(Batches.OfLines(2))).Rejections).Count);
        Assert.Empty((await sink.WriteAsync(Batches.OfLines(2))).Rejections);
    }

    // A proxy's page of welcome has kept nothing.
    [Theory]
    [InlineData("text/html", "<html></html>")]
    [InlineData("application/x-protobuf", "\u000a\u00ff")]
    [InlineData("application/x-protobuf", null)]
    public async Task Success_that_is_not_a_collectors_confirms_nothing(string type, string? body)
    {
        await using var collector = await Collector.StartAsync();
        await using var sink = Open(collector, OtlpExportProtocol.HttpProtobuf);
        collector.Answers.Enqueue(response =>
        {
            response.ContentType = type;
            return response.Body.WriteAsync(body is null ? new byte[100_000] : System.Text.Encoding.Latin1.GetBytes(body)).AsTask();
        });
        Assert.Equal(Minute, (await BusyAsync(sink)).RetryAfter);
        await TakenAsync(sink, collector);
    }

    [Fact]
    public async Task Success_without_a_body_confirms()
    {
        await using var collector = await Collector.StartAsync();
        await using var sink = Open(collector, OtlpExportProtocol.HttpProtobuf);
        collector.Answers.Enqueue(static response => Answer(response, StatusCodes.Status204NoContent));
        Assert.Equal(AuditReceipt.Complete, await sink.WriteAsync(Batches.OfLines(2)) with { Rejections = AuditReceipt.Complete.Rejections });
    }

    [Theory]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    [InlineData(OtlpExportProtocol.Grpc)]
    public async Task Connection_that_breaks_off_is_a_failure_like_any_other(OtlpExportProtocol protocol)
    {
        await using var collector = await Collector.StartAsync();
        await using var sink = Open(collector, protocol);
        collector.IsDown = true;
        await Assert.ThrowsAsync<HttpRequestException>(() => sink.WriteAsync(Batches.OfLines(2)));
        collector.IsDown = false;
        await TakenAsync(sink, collector);
    }

    [Theory]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    [InlineData(OtlpExportProtocol.Grpc)]
    public async Task Collector_that_hangs_is_left_when_time_is_up(OtlpExportProtocol protocol)
    {
        await using var collector = await Collector.StartAsync();
        await using var sink = Open(collector, protocol);
        using var time = new CancellationTokenSource();
        collector.Holds = async aborted =>
        {
            await time.CancelAsync();
            await Task.Delay(Timeout.Infinite, aborted);
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sink.Sink.WriteAsync(Batches.OfLines(2), time.Token).AsTask());
    }

    [Fact]
    public async Task Records_that_are_confirmed_are_not_sent_again_because_their_checkpoints_have_to_be()
    {
        await using var collector = await Collector.StartAsync();
        await using var sink = Open(collector, OtlpExportProtocol.Grpc);
        collector.LeavesOut = static record => record.Value("gatewaykit.audit.seq").IntValue is 1;
        var (batch, isFirst) = (Batches.Of([.. Batches.OfLines(3).Records], Batches.Checkpoint(1)), true);
        collector.Holds = _ =>
        {
            if (!isFirst)
            {
                collector.Failures.Enqueue(new(new(StatusCode.Internal, "x")));
                collector.Holds = static _ => Task.CompletedTask;
            }

            isFirst = false;
            return Task.CompletedTask;
        };
        await Assert.ThrowsAsync<AuditSinkBusyException>(() => sink.WriteAsync(batch));
        Assert.Equal(1, Assert.Single((await sink.WriteAsync(batch)).Rejections).Count);
        Assert.Equal([3, 1, 1], collector.Requests.Select(static request => request.Records.Count));
        await sink.WriteAsync(batch);
        Assert.Equal([3, 1, 1, 3, 1], collector.Requests.Select(static request => request.Records.Count));
    }

    [Fact]
    public async Task Records_that_the_sdk_does_not_take_are_missed_at_once()
    {
        await using var collector = await Collector.StartAsync();
        await using var sink = Open(collector, OtlpExportProtocol.HttpProtobuf);
        using (SuppressInstrumentationScope.Begin())
        {
            Assert.Contains("suppressed", (await Assert.ThrowsAsync<InvalidOperationException>(() => sink.WriteAsync(Batches.OfLines(2)))).Message, StringComparison.Ordinal);
        }

        Assert.Empty(collector.Requests);
        await TakenAsync(sink, collector);
    }

    private static OpenedSink Open(Collector collector, OtlpExportProtocol protocol) => OpenedSink.Of(new() { Address = collector.Address(protocol), Protocol = protocol });

    private static Task<AuditSinkBusyException> BusyAsync(OpenedSink sink) => Assert.ThrowsAsync<AuditSinkBusyException>(() => sink.WriteAsync(Batches.OfLines(2)));

    private static async Task TakenAsync(OpenedSink sink, Collector collector)
    {
        Assert.Empty((await sink.WriteAsync(Batches.OfLines(2))).Rejections);
        Assert.Equal(2, collector.Kept.Count);
    }

    private static Task Answer(HttpResponse response, int status, string? retryAfter = null)
    {
        response.StatusCode = status;
        response.Headers.RetryAfter = retryAfter;
        return Task.CompletedTask;
    }

    private static async Task Confirm(HttpResponse response, ExportLogsServiceResponse answer)
    {
        response.ContentType = "application/x-protobuf";
        await response.Body.WriteAsync(answer.ToByteArray());
    }

    private static Metadata WithDelay(StatusCode code, long seconds)
    {
        var delay = new RetryInfo { RetryDelay = new() { Seconds = seconds, Nanos = 500_000_000 } };
        var status = new Hosting.Status { Code = (int)code, Message = "x", Details = { new Any { TypeUrl = "type.googleapis.com/google.rpc.DebugInfo" }, new Any { TypeUrl = "type.googleapis.com/google.rpc.RetryInfo", Value = delay.ToByteString() } } };
        return [new("grpc-status-details-bin", status.ToByteArray())];
    }
}
