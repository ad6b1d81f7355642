using System.Text;
using GatewayKit.Auditing.Shipping;
using GatewayKit.OpenTelemetry;
using GatewayKit.OpenTelemetryTests.Hosting;
using Google.Protobuf;
using OpenTelemetry.Exporter;

namespace GatewayKit.OpenTelemetryTests;

/// <summary>What a line of the journal is as a log record.</summary>
public sealed class OtlpRecordTests
{
    private const string Begin =
        """{"v":1,"kind":"begin","ts":"2026-11-29T10:00:00.123456Z","mono":5,"rid":"r1","route":"orders","cluster":"c","policyRev":3,"src":"10.0.0.9","srcTrust":"forwarded","peer":"10.0.0.1","sub":"alice","keyId":"k1","plan":"gold","dec":[{"p":"Throttle","o":"allow"}],"trace":"0af7651916cd43dd8448eb211c80319c","span":"b7ad6b7169203331","pk":"key-1","p":"c2VjcmV0","m":"GET","proto":"HTTP/1.1","host":"api.example.com:8443","path":"/orders/{id}","ua":"curl/8","hdr":{"X-Tenant":"t1"},"q":{"page":"2"},"seq":12,"h":"0000000000000000000000000000000000000000012"}""";

    private const string End =
        """{"v":1,"kind":"end","ts":"2026-11-29T10:00:01Z","mono":6,"rid":"r1","route":"orders","dur_us":876544,"st":502,"outcome":"upstream_error","err":"upstream-unreachable","att":[{"c":"c","d":"a","err":"x","us":5},{"c":"c","d":"b","err":"x","us":5},{"c":"c","d":"a","st":502,"us":5}],"bin":11,"bout":22,"path":"/orders/7","hdr":{"X-Cache":"no"},"seq":13,"h":"0000000000000000000000000000000000000000013"}""";

    [Theory]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    [InlineData(OtlpExportProtocol.Grpc)]
    public async Task Request_has_the_attributes_of_the_conventions_and_the_line_itself(OtlpExportProtocol protocol)
    {
        var before = DateTime.UtcNow;
        var (resource, records) = await SendAsync(protocol, Batches.Of([Batches.Raw(12, Begin), Batches.Raw(13, End)]));
        var begin = records[0];
        Assert.Equal(Begin, begin.Body.StringValue);
        Assert.Equal("gatewaykit.audit.begin", begin.EventName);
        Assert.Equal((ulong)(new DateTime(2026, 11, 29, 10, 0, 0, DateTimeKind.Utc) - DateTime.UnixEpoch).Ticks * 100 + 123_456_000, begin.TimeUnixNano);
        Assert.InRange(begin.ObservedTimeUnixNano, (ulong)(before - DateTime.UnixEpoch).Ticks * 100, (ulong)(DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100);
        Assert.Equal((9, "Information"), (begin.SeverityNumber, begin.SeverityText));
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", Convert.ToHexStringLower(begin.TraceId.Span));
        Assert.Equal("b7ad6b7169203331", Convert.ToHexStringLower(begin.SpanId.Span));
        Assert.Equal(
            [
                "client.address=10.0.0.9", "gatewaykit.audit.dec=[{\"p\":\"Throttle\",\"o\":\"allow\"}]", "gatewaykit.audit.h=0000000000000000000000000000000000000000012", "gatewaykit.audit.key_id=k1",
                "gatewaykit.audit.kind=begin", "gatewaykit.audit.mono=5", "gatewaykit.audit.pk=key-1", "gatewaykit.audit.plan=gold", "gatewaykit.audit.policy_rev=3", "gatewaykit.audit.q={\"page\":\"2\"}",
                "gatewaykit.audit.rid=r1", "gatewaykit.audit.seq=12", "gatewaykit.audit.src_trust=forwarded", "gatewaykit.boot=11111111-2222-3333-4444-555555555555", "gatewaykit.cluster=c", "gatewaykit.route=orders",
                "http.request.header.x-tenant=[t1]", "http.request.method=GET", "http.route=/orders/{id}", "log.record.uid=one/11111111-2222-3333-4444-555555555555/12", "network.peer.address=10.0.0.1", "network.protocol.version=1.1",
                "server.address=api.example.com", "server.port=8443", "user.id=alice", "user_agent.original=curl/8",
            ],
            Plain(begin));

        var end = records[1];
        Assert.Equal((17, "gatewaykit.audit.end"), (end.SeverityNumber, end.EventName));
        Assert.Empty(end.TraceId);
        Assert.Equal(
            [
                "error.type=upstream-unreachable", "gatewaykit.audit.att=[{\"c\":\"c\",\"d\":\"a\",\"err\":\"x\",\"us\":5},{\"c\":\"c\",\"d\":\"b\",\"err\":\"x\",\"us\":5},{\"c\":\"c\",\"d\":\"a\",\"st\":502,\"us\":5}]",
                "gatewaykit.audit.dur_us=876544", "gatewaykit.audit.h=0000000000000000000000000000000000000000013", "gatewaykit.audit.kind=end", "gatewaykit.audit.mono=6", "gatewaykit.audit.outcome=upstream_error",
                "gatewaykit.audit.rid=r1", "gatewaykit.audit.seq=13", "gatewaykit.boot=11111111-2222-3333-4444-555555555555", "gatewaykit.route=orders", "http.request.body.size=11", "http.request.resend_count=2",
                "http.response.body.size=22", "http.response.header.x-cache=[no]", "http.response.status_code=502", "log.record.uid=one/11111111-2222-3333-4444-555555555555/13", "url.path=/orders/7",
            ],
            Plain(end));

        // By the instance of the journal, whatever the environment says; other attributes of it stay.
        var about = resource.Attributes.ToDictionary(static one => one.Key, static one => one.Value.StringValue);
        Assert.Equal(("one", "edge", "test"), (about["service.instance.id"], about["service.name"], about["deployment.environment.name"]));
    }

    [Theory]
    [InlineData("event", ",\"event\":\"audit.started\"", "gatewaykit.audit.started", 9)]
    [InlineData("event", ",\"event\":\"config.rejected\"", "gatewaykit.audit.config.rejected", 13)]
    [InlineData("event", ",\"event\":\"audit.lost\",\"n\":3", "gatewaykit.audit.lost", 17)]
    [InlineData("event", ",\"event\":\"integrity_violation\"", "gatewaykit.audit.integrity_violation", 21)]
    [InlineData("end", ",\"outcome\":\"ok\"", "gatewaykit.audit.end", 9)]
    [InlineData("end", ",\"outcome\":\"denied\"", "gatewaykit.audit.end", 13)]
    [InlineData("end", ",\"outcome\":\"timeout\"", "gatewaykit.audit.end", 17)]
    [InlineData("segment", "", "gatewaykit.audit.segment", 9)]
    public async Task Event_has_its_name_and_its_severity(string kind, string more, string name, int severity)
    {
        var (_, records) = await SendAsync(OtlpExportProtocol.HttpProtobuf, Batches.Of([Batches.Line(1, more, kind)]));
        Assert.Equal((name, severity), (records[0].EventName, records[0].SeverityNumber));
    }

    [Fact]
    public async Task Checkpoint_is_named_by_its_signature()
    {
        var (_, records) = await SendAsync(OtlpExportProtocol.HttpProtobuf, Batches.Of([], Batches.Checkpoint(1), Batches.Checkpoint(2)));
        Assert.Equal([$"one/{Batches.Boot:D}/s1", $"one/{Batches.Boot:D}/s2"], records.Select(static record => record.Text("log.record.uid")));
        Assert.All(records, static record => Assert.Equal("gatewaykit.audit.checkpoint", record.EventName));
        Assert.Equal(Batches.Checkpoint(2), records[1].Body.StringValue);
        Assert.Equal(("s2", "k"), (records[1].Text("gatewaykit.audit.sig"), records[1].Text("gatewaykit.audit.key_id")));
    }

    [Fact]
    public async Task Record_that_cannot_be_one_is_refused_alone()
    {
        await using var collector = await Collector.StartAsync();
        await using var sink = OpenedSink.Of(new() { Address = collector.Address(OtlpExportProtocol.HttpProtobuf) });
        var notUtf8 = Batches.Line(1) with { Line = Encoding.Latin1.GetBytes("{\"v\":1,\"kind\":\"event\",\"ts\":\"2026-11-29T10:00:00Z\",\"rid\":\"\u00ff\"}") };
        var receipt = await sink.WriteAsync(Batches.Of([Batches.Line(0), notUtf8, Batches.Raw(2, "{\"v\":1}"), Batches.Raw(3, "{"), Batches.Line(4, time: "soon"), Batches.Line(5, ",\"rid\":\"\\ud800\""), Batches.Line(6)], "{}"));
        Assert.Equal([1, 2, 3, 4, 5], receipt.Rejections.Select(static one => one.Index));
        Assert.Equal((1, "no time, or no signature"), (receipt.Checkpoints?.Count, receipt.Checkpoints?.Reason));
        Assert.Equal([0, 6], collector.Kept.Select(static kept => kept.Record.Value("gatewaykit.audit.seq").IntValue));
    }

    [Theory]
    [InlineData(OtlpExportProtocol.HttpProtobuf, OtlpExportCompression.None)]
    [InlineData(OtlpExportProtocol.HttpProtobuf, OtlpExportCompression.GZip)]
    [InlineData(OtlpExportProtocol.Grpc, OtlpExportCompression.None)]
    [InlineData(OtlpExportProtocol.Grpc, OtlpExportCompression.GZip)]
    public async Task Huge_batch_is_one_request_and_nothing_of_it_is_missing(OtlpExportProtocol protocol, OtlpExportCompression compression)
    {
        await using var collector = await Collector.StartAsync();
        await using var sink = OpenedSink.Of(new() { Address = collector.Address(protocol), Protocol = protocol, Compression = compression, Sink = new() { BatchRecords = 10_000 } });
        var batch = Batches.OfLines(10_000, bytes: 2_000);
        Assert.Equal(AuditReceipt.Complete.Rejections, (await sink.WriteAsync(batch)).Rejections);
        var request = Assert.Single(collector.Requests);
        Assert.Equal(batch.Records.Select(static record => Encoding.UTF8.GetString(record.Line.Span)), collector.Kept.Select(static kept => kept.Record.Body.StringValue));
        Assert.Equal(compression is OtlpExportCompression.GZip ? "gzip" : null, request.Headers.GetValueOrDefault(protocol is OtlpExportProtocol.Grpc ? "grpc-encoding" : "Content-Encoding"));
    }

    [Fact]
    public async Task Batch_too_large_for_one_request_is_refused_so_that_it_comes_in_halves()
    {
        await using var collector = await Collector.StartAsync();
        await using var sink = OpenedSink.Of(new() { Address = collector.Address(OtlpExportProtocol.HttpProtobuf) });
        var huge = Batches.OfLines(10, bytes: 4 * 1024 * 1024);
        await Assert.ThrowsAsync<AuditBatchRejectedException>(() => sink.WriteAsync(huge));
        Assert.Empty(collector.Requests);
        Assert.Empty((await sink.WriteAsync(Batches.Of(huge.Records.Take(5)))).Rejections);
        Assert.Equal(5, collector.Kept.Count);
    }

    [Fact]
    public async Task Checkpoints_of_an_idle_journal_go_in_several_requests()
    {
        await using var collector = await Collector.StartAsync();
        await using var sink = OpenedSink.Of(new() { Address = collector.Address(OtlpExportProtocol.Grpc), Protocol = OtlpExportProtocol.Grpc });
        await sink.WriteAsync(Batches.Of([Batches.Line(0)], [.. Enumerable.Range(0, 1_200).Select(Batches.Checkpoint)]));
        Assert.Equal([1, 500, 500, 200], collector.Requests.Select(static request => request.Records.Count));
    }

    private static async Task<(Resource Resource, IReadOnlyList<LogRecord> Records)> SendAsync(OtlpExportProtocol protocol, AuditBatch batch)
    {
        await using var collector = await Collector.StartAsync();
        await using var sink = OpenedSink.Of(new() { Address = collector.Address(protocol), Protocol = protocol, ServiceName = "edge" });
        Assert.Empty((await sink.WriteAsync(batch)).Rejections);
        return (collector.Kept[0].Resource, [.. collector.Kept.Select(static kept => kept.Record)]);
    }

    private static IEnumerable<string> Plain(LogRecord record) => record.Attributes.Select(static one => $"{one.Key}={Plain(one.Value)}").Order(StringComparer.Ordinal);

    private static string Plain(AnyValue value) => value.ValueCase switch
    {
        AnyValue.ValueOneofCase.IntValue => $"{value.IntValue}",
        AnyValue.ValueOneofCase.ArrayValue => $"[{string.Join(',', value.ArrayValue.Values.Select(Plain))}]",
        _ => value.StringValue,
    };
}
