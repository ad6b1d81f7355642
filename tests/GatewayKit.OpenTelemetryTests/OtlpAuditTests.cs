using System.Collections.Concurrent;
using System.Text.Json;
using GatewayKit.OpenTelemetry;
using GatewayKit.OpenTelemetryTests.Hosting;
using OpenTelemetry.Exporter;

namespace GatewayKit.OpenTelemetryTests;

/// <summary>A gateway, its journal and a collector.</summary>
public sealed class OtlpAuditTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gatewaykit-otlp-");

    [Theory]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    [InlineData(OtlpExportProtocol.Grpc)]
    public async Task Collector_has_every_line_and_every_checkpoint_of_the_journal_once(OtlpExportProtocol protocol)
    {
        await using var collector = await Collector.StartAsync();
        for (var boot = 0; boot < 2; boot++)
        {
            await using var gateway = await StartAsync(collector, protocol);
            await gateway.AskAsync(300);
        }

        Assert.Equal(AuditedGateway.Keys(_directory.FullName), collector.Lines);
        Assert.True(collector.Lines.Count > 1_200);

        // Byte by byte: whoever has the copy can verify it.
        var files = Directory.GetFiles(_directory.FullName, "*.gkal", SearchOption.AllDirectories).SelectMany(File.ReadLines).Order(StringComparer.Ordinal);
        Assert.Equal(files, Bodies(collector, isCheckpoint: false));
        var checkpoints = Directory.GetFiles(_directory.FullName, "*.ck", SearchOption.AllDirectories).SelectMany(File.ReadLines).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(checkpoints, Bodies(collector, isCheckpoint: true));
        Assert.NotEmpty(checkpoints);
    }

    // Faults T13: the collector is away while requests come.
    [Theory]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    [InlineData(OtlpExportProtocol.Grpc)]
    public async Task Requests_are_served_while_the_collector_is_away_and_it_has_them_all_when_it_is_back(OtlpExportProtocol protocol)
    {
        await using var collector = await Collector.StartAsync();
        await using (var gateway = await StartAsync(collector, protocol))
        {
            await gateway.AskAsync(50);
            collector.IsDown = true;
            await gateway.AskAsync(200);
            collector.IsDown = false;
            await gateway.AskAsync(50);
            await Eventually.IsSoAsync(() => collector.Kept.Count(static kept => kept.Record.EventName is "gatewaykit.audit.end") >= 300);
        }

        Assert.Equal(AuditedGateway.Keys(_directory.FullName), collector.Lines.Distinct());
    }

    [Theory]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    [InlineData(OtlpExportProtocol.Grpc)]
    public async Task Record_that_the_collector_never_takes_is_a_dead_letter_and_all_others_get_there(OtlpExportProtocol protocol)
    {
        await using var collector = await Collector.StartAsync();

        // The first end that it sees, and every fifth after it.
        var ends = new ConcurrentDictionary<string, int>();
        collector.Refuses = record => record.EventName is "gatewaykit.audit.end" && ends.GetOrAdd(record.Text("log.record.uid"), _ => ends.Count) % 5 is 0;
        await using (var gateway = await StartAsync(collector, protocol))
        {
            await gateway.AskAsync(40);
            await Eventually.IsSoAsync(() => AuditedGateway.Keys(_directory.FullName).Count == collector.Lines.Count + DeadLetters().Length);
        }

        var dead = DeadLetters().Select(static letter => letter.GetProperty("h").GetString()).ToArray();
        Assert.NotEmpty(dead);
        Assert.All(DeadLetters(), static letter => Assert.DoesNotContain("quotes", letter.GetProperty("reason").GetString(), StringComparison.Ordinal));
        Assert.Equal(AuditedGateway.Keys(_directory.FullName).Where(key => !dead.Contains(key.Split(' ')[3])), collector.Lines);
    }

    [Fact]
    public async Task Records_that_are_left_out_are_counted_among_the_dead_letters_and_not_sent_again()
    {
        await using var collector = await Collector.StartAsync();
        collector.LeavesOut = static record => record.EventName is "gatewaykit.audit.begin";
        await using (var gateway = await StartAsync(collector, OtlpExportProtocol.HttpProtobuf))
        {
            await gateway.AskAsync(30);
        }

        Assert.Equal(30, DeadLetters().Sum(static letter => letter.GetProperty("n").GetInt64()));
        Assert.Equal(AuditedGateway.Keys(_directory.FullName).Count, collector.Lines.Count + 30);
        var sent = collector.Requests.SelectMany(static request => request.Records).Select(static record => record.Text("log.record.uid")).ToArray();
        Assert.Equal(sent.Length, sent.Distinct().Count());
    }

    // Killed when the collector has kept a batch and nobody knows it yet; three times, and then it may end.
    [Theory]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    [InlineData(OtlpExportProtocol.Grpc)]
    public async Task Process_that_is_killed_between_confirmation_and_position_sends_a_batch_twice_and_leaves_nothing_out(OtlpExportProtocol protocol)
    {
        await using var collector = await Collector.StartAsync();
        for (var kill = 0; kill < 3; kill++)
        {
            using var app = await AppProcess.StartAsync(_directory.FullName, collector.Address(protocol), protocol);
            await app.AskAsync(20);
            await Eventually.IsSoAsync(() => collector.Kept.Any(static one => one.Record.EventName is "gatewaykit.audit.end"));
            collector.Confirms = _ =>
            {
                app.Kill();
                return app.IsGoneAsync();
            };

            // Some of these may be what brings the batch in which it dies.
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => app.AskAsync(1_000));
            await app.IsGoneAsync();
            collector.Confirms = static _ => Task.CompletedTask;
        }

        await using (var gateway = await StartAsync(collector, protocol))
        {
            await gateway.AskAsync(20);
        }

        var (keys, sent) = (AuditedGateway.Keys(_directory.FullName), collector.Lines);
        Assert.Equal(keys, sent.Distinct());
        Assert.True(sent.Count > keys.Count);
    }

    [Fact]
    public async Task Journal_whose_position_is_lost_is_sent_again_as_a_whole()
    {
        await using var collector = await Collector.StartAsync();
        await using (var gateway = await StartAsync(collector, OtlpExportProtocol.HttpProtobuf))
        {
            await gateway.AskAsync(50);
        }

        File.Delete(Path.Combine(_directory.FullName, "one", "shipping", "otlp.position"));
        await using (await StartAsync(collector, OtlpExportProtocol.HttpProtobuf))
        {
        }

        var keys = AuditedGateway.Keys(_directory.FullName);
        Assert.Equal(keys, collector.Lines.Distinct());
        Assert.InRange(collector.Lines.Count, keys.Count + 100, (keys.Count * 2) - 1);
    }

    [Fact]
    public async Task Position_stays_while_the_collector_confirms_nothing()
    {
        await using var collector = await Collector.StartAsync();
        collector.Holds = static aborted => Task.Delay(Timeout.Infinite, aborted);
        var position = Path.Combine(_directory.FullName, "one", "shipping", "otlp.position");
        await using (var gateway = await StartAsync(collector, OtlpExportProtocol.HttpProtobuf))
        {
            await gateway.AskAsync(20);
            await Eventually.IsSoAsync(() => collector.Requests.Count > 0);
        }

        Assert.False(File.Exists(position));
        Assert.Empty(collector.Kept);
        collector.Holds = static _ => Task.CompletedTask;
        await using (await StartAsync(collector, OtlpExportProtocol.HttpProtobuf))
        {
            await Eventually.IsSoAsync(() => collector.Kept.Count(static kept => kept.Record.EventName is "gatewaykit.audit.end") is 20);
        }

        Assert.Equal(AuditedGateway.Keys(_directory.FullName), collector.Lines);
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private Task<AuditedGateway> StartAsync(Collector collector, OtlpExportProtocol protocol) =>
        AuditedGateway.StartAsync(_directory.FullName, gateway => gateway.AddOtlpAudit(new() { Address = collector.Address(protocol), Protocol = protocol, Sink = AuditedGateway.Quick }));

    private JsonElement[] DeadLetters() =>
        [.. Directory.GetFiles(_directory.FullName, "otlp.dead", SearchOption.AllDirectories).SelectMany(File.ReadAllLines).Where(static line => line.EndsWith('}')).Select(static line => JsonElement.Parse(line))];

    private static IEnumerable<string> Bodies(Collector collector, bool isCheckpoint) =>
        collector.Kept.Where(kept => kept.Record.EventName is "gatewaykit.audit.checkpoint" == isCheckpoint).Select(static kept => kept.Record.Body.StringValue).Order(StringComparer.Ordinal);
}
