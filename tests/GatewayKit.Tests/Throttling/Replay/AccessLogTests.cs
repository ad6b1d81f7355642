using System.Net;
using System.Text;
using GatewayKit.Throttling.Replay;
using static GatewayKit.Tests.Throttling.Replay.Replays;

namespace GatewayKit.Tests.Throttling.Replay;

/// <summary>Records in JSON lines.</summary>
public sealed class AccessLogTests
{
    private const string Minimal = """{"time":"2026-03-01T12:00:00Z"}""";

    [Fact]
    public async Task Every_field_is_read()
    {
        const string line = """
            {"time":"2026-03-01T13:00:00.125+01:00","route":"r","client":"2001:db8::1","consumer":"acme","headers":{"X-Tenant":"one"},"claims":{"plan":"gold"},"priority":"Critical","requestBytes":1,"responseBytes":2,"costs":{"tokens":3},"status":504,"reason":"upstream-timeout","duration":1.5}
            """;
        var record = Assert.Single(await Log(line).ReadAsync());
        Assert.Equal((Start.AddMilliseconds(125), "r", IPAddress.Parse("2001:db8::1"), "acme"), (record.Time, record.Route, record.Client, record.Consumer));
        Assert.Equal("Critical", record.Priority);
        Assert.Equal(("one", "gold", 1, 2, 3), (record.Headers!["X-Tenant"], record.Claims!["plan"], record.RequestBytes, record.ResponseBytes, record.Costs!["tokens"]));
        Assert.Equal((504, "upstream-timeout", TimeSpan.FromSeconds(1.5)), (record.Status, record.Reason, record.Duration));
    }

    [Fact]
    public async Task What_is_not_known_is_ignored_and_only_the_time_is_needed()
    {
        var record = Assert.Single(await Log("""{"Time":"x","time":"2026-03-01T12:00:00Z","more":{"deep":[1,{}]},"route":null}""").ReadAsync());
        Assert.Equal(new() { Time = Start }, record);
    }

    [Fact]
    public async Task Blank_lines_line_ends_and_a_byte_order_mark_do_not_matter()
    {
        var log = Log($"\uFEFF{Minimal}\r\n\n  \t\r\n{Minimal}\n{Minimal}");
        Assert.Equal(3, (await log.ReadAsync()).Count);
        Assert.Equal((5, 0), (log.Lines, log.MalformedLines));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"route":"r"}""")]
    [InlineData(Minimal + Minimal)]
    [InlineData("""{"time":"yesterday"}""")]
    [InlineData("""{"time":"2026-03-01T12:00:00"}""")]
    [InlineData("""{"time":"2026-03-01"}""")]
    [InlineData("""{"time":1772366400}""")]
    [InlineData("""{"time":"2026-03-01T12:00:00Z","client":"example.com"}""")]
    [InlineData("""{"time":"2026-03-01T12:00:00Z","client":1}""")]
    [InlineData("""{"time":"2026-03-01T12:00:00Z","duration":-1}""")]
    [InlineData("""{"time":"2026-03-01T12:00:00Z","duration":1e300}""")]
    [InlineData("""{"time":"2026-03-01T12:00:00Z","duration":"00:00:01"}""")]
    [InlineData("""{"time":"2026-03-01T12:00:00Z","requestBytes":-1}""")]
    [InlineData("""{"time":"2026-03-01T12:00:00Z","responseBytes":-1}""")]
    [InlineData("""{"time":"2026-03-01T12:00:00Z","costs":{"tokens":-1}}""")]
    [InlineData("""{"time":"2026-03-01T12:00:00Z","status":42}""")]
    [InlineData("""{"time":"2026-03-01T12:00:00Z","headers":{"X-Tenant":["secret"]}}""")]
    [InlineData("""{"time":"2026-03-01T12:00:00Z","headers":{"secret":1}}""")]
    [InlineData("""{"time":"2026-03-01T12:00:00Z","claims":{"secret":null}}""")]
    [InlineData("""{"time":"2026-03-01T12:00:00Z","headers":{"secret":null}}""")]
    [InlineData("""{"secret":{"secret":}""")]
    public async Task Malformed_line_is_told_by_its_number_and_the_rest_goes_on(string line)
    {
        var malformed = new List<MalformedLine>();
        var log = Log($"{Minimal}\n{line}\n{Minimal}\n", malformed);
        Assert.Equal(2, (await log.ReadAsync()).Count);
        Assert.Equal(1, log.MalformedLines);
        Assert.StartsWith("log:2: ", Assert.Single(malformed).ToString());
        Assert.DoesNotContain("secret", malformed[0].Message);
    }

    [Theory]
    [InlineData("""{"time":"2026-03-01T12:00:00Z","client":"here"}""", "log:1: not a record, because of client")]
    [InlineData("""{"time":"2026-03-01T12:00:00Z","headers":{"a":1}}""", "log:1: not a record, because of headers")]
    [InlineData("""{"time":"2026-03-01"}""", "log:1: not a record, because of time")]
    [InlineData("""{"route":"r"}""", "log:1: not an object with a time")]
    [InlineData("""{"time":"2026-03-01T12:00:00Z","status":42}""", "log:1: status is not from 100 to 599")]
    public async Task Message_names_the_field(string line, string message)
    {
        var malformed = new List<MalformedLine>();
        await Log(line, malformed).ReadAsync();
        Assert.Equal(message, Assert.Single(malformed).ToString());
    }

    [Theory]
    [InlineData(1 << 20)]
    [InlineData(3 << 20)]
    public async Task Line_of_more_than_a_mebibyte_is_skipped_whole(int length)
    {
        var malformed = new List<MalformedLine>();
        var log = Log($$"""{{Minimal}}{{'\n'}}{"time":"{{new string('x', length)}}"}{{'\n'}}{{Minimal}}""", malformed);
        Assert.Equal(2, (await log.ReadAsync()).Count);
        Assert.Equal(new MalformedLine("log", 2, "longer than 1 MiB"), Assert.Single(malformed));
        Assert.Equal((3, 1), (log.Lines, log.MalformedLines));
    }

    [Fact]
    public async Task Any_bytes_are_records_or_malformed_lines()
    {
        var random = new Random(7);
        var line = Encoding.UTF8.GetBytes("""{"time":"2026-03-01T12:00:00Z","route":"r","client":"192.0.2.1","headers":{"a":"b"},"duration":0.5}""");
        for (var round = 0; round < 2_000; round++)
        {
            var bytes = line.ToArray();
            for (var change = 0; change < 3; change++)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var log = new AccessLog(new MemoryStream(bytes), "log");
            var records = await log.ReadAsync();
            Assert.InRange(records.Count + log.MalformedLines, 0, log.Lines);
        }
    }

    [Fact]
    public async Task Several_logs_are_merged_by_time()
    {
        var (first, second) = (Log("""
            {"time":"2026-03-01T12:00:00Z","route":"a"}
            {"time":"2026-03-01T12:00:02Z","route":"b"}
            nothing
            {"time":"2026-03-01T12:00:09Z","route":"c"}
            """), Log("""
            {"time":"2026-03-01T12:00:00Z","route":"d"}
            {"time":"2026-03-01T12:00:05Z","route":"e"}
            """));
        Assert.Equal("adbec", string.Concat((await AccessLog.Merge(first, Log(string.Empty), second).ReadAsync()).Select(static record => record.Route)));

        var merged = AccessLog.Merge(Log("nothing"), Log("{}\n{}"));
        var report = await LimitReplay.RunAsync(Route(""" "Throttle": { "RequestsPerSecond": 1 } """), merged, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(3, report.MalformedLines);
    }
}
