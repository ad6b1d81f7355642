using System.Text.Json;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Shipping;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.CliTests;

/// <summary>Retention by the tool, in journals of real gateways.</summary>
public sealed class PruneCommandTests : CustodyTest
{
    [Fact]
    public async Task Dry_run_tells_what_would_go_and_writes_nothing()
    {
        await RecordAsync(500, ["acme"]);
        await RecordAsync(300, ["acme"]);
        var before = Files();
        var (code, output, error) = await AuditAsync("prune", "--config", "gateway.json", "--dry-run", "--json");
        Assert.Equal((0, string.Empty), (code, error));
        Assert.Equal(("web1", 1, "Retention", false, true), Result(output));
        Assert.Equal(before, Files());
        (_, output, _) = await AuditAsync("prune", "--retain-for", "600", "--dry-run");
        Assert.Equal("web1: 0 segments with 0 lines would be deleted. The next one stays: its time has not come.\n", output);
        (_, output, _) = await AuditAsync("prune", "--retain-for", "200", "--dry-run", "--trust-clock", "--json");
        Assert.Equal(("web1", 2, "Newest", false, true), Result(output));
    }

    [Fact]
    public async Task Pruned_journal_verifies_with_keys_and_anchors_from_elsewhere()
    {
        var (anchors, keys) = (Path.Combine(Folder, "anchors.ck"), Path.Combine(Folder, "trusted"));
        foreach (var daysAgo in (int[])[600, 500, 300])
        {
            await RecordAsync(daysAgo, ["acme"], gateway => gateway.Services.AddSingleton<IAuditAnchor>(new FileAnchor(anchors)));
        }

        Directory.CreateDirectory(keys);
        var key = Assert.Single(Directory.GetFiles(Path.Combine(Journal, "web1", "keys")));
        File.Copy(key, Path.Combine(keys, Path.GetFileName(key)));
        await AssertIntactAsync("--keys", keys, "--anchor", anchors, "--expect", "web1");

        var (code, output, error) = await AuditAsync("prune", "--config", "gateway.json", "--json");
        Assert.Equal((0, string.Empty), (code, error));
        Assert.Equal(("web1", 2, "Retention", false, false), Result(output));
        Assert.Equal(2, Events("audit.retention").Count);
        (code, output, _) = await AuditAsync("verify", "--keys", keys, "--anchor", anchors, "--expect", "web1", "--json");
        var report = JsonElement.Parse(output);
        Assert.True(code is 0, output);
        Assert.Equal(1, report.GetProperty("counts").GetProperty("Pruned").GetInt32());

        // Nothing more may go, and so nothing more is written.
        var before = Files();
        (code, output, _) = await AuditAsync("prune", "--config", "gateway.json", "--json");
        Assert.Equal((0, 0), (code, JsonElement.Parse(output).GetProperty("segments").GetInt32()));
        Assert.Equal(before, Files());

        // What is deleted by hand no event explains: the anchor misses it.
        var boot = Assert.Single(Directory.GetDirectories(Path.Combine(Journal, "web1")), static one => File.Exists(Path.Combine(one, "00000001.gkal")) && File.ReadAllText(Path.Combine(one, "00000001.gkal")).Contains("\"kind\":\"begin\"", StringComparison.Ordinal));
        Directory.Delete(boot, recursive: true);
        (code, output, _) = await AuditAsync("verify", "--keys", keys, "--anchor", anchors, "--json");
        Assert.Equal(1, code);
        Assert.True(JsonElement.Parse(output).GetProperty("counts").TryGetProperty("MissingBoot", out _), output);
    }

    [Fact]
    public async Task What_a_hold_touches_stays_until_it_is_released()
    {
        await RecordAsync(500, ["acme"]);
        var (_, output, _) = await AuditAsync("hold", "--as", "web1-counsel", "--route", "orders", "--reason", "case 7", "--json");
        var hold = JsonElement.Parse(output).GetProperty("id").GetString()!;
        (var code, output, _) = await AuditAsync("prune", "--config", "gateway.json", "--instance", "web1");
        Assert.Equal((0, "web1: 0 segments with 0 lines deleted. The next one stays: a hold touches it.\n"), (code, output));
        await AssertIntactAsync();
        Assert.Equal(0, (await AuditAsync("release", hold)).Code);
        (_, output, _) = await AuditAsync("prune", "--config", "gateway.json", "--instance", "web1", "--trust-clock", "--json");
        Assert.Equal(("web1", 1, "Newest", false, false), Result(output));
        await AssertIntactAsync();

        // The gateway goes on behind it.
        await RecordAsync(0, ["acme"]);
        await AssertIntactAsync();
    }

    [Fact]
    public async Task What_a_required_sink_does_not_have_stays()
    {
        var (down, up) = (new Sink { IsDown = true }, new Sink());
        await RecordAsync(500, ["acme"], gateway => gateway.AddAuditSink("archive", _ => down).AddAuditSink("copy", _ => new Sink { IsDown = true }, new() { IsRequired = false }));
        var (code, output, _) = await AuditAsync("prune", "--config", "gateway.json", "--instance", "web1");
        Assert.Equal((0, true), (code, output.Contains("stays: archive is required, and does not have it", StringComparison.Ordinal)));
        (_, output, _) = await AuditAsync("prune", "--config", "gateway.json", "--instance", "web1", "--without-copy", "archive", "--dry-run", "--trust-clock", "--json");
        Assert.Equal(1, JsonElement.Parse(output).GetProperty("segments").GetInt32());

        // The next gateway brings it there.
        await using (var gateway = await RecordedGateway.StartAsync(Folder, configure: gateway => gateway.AddAuditSink("archive", _ => up)))
        {
            await up.WaitForAsync(static batches => batches.Select(static batch => batch.Boot).Distinct().Count() is 2);
        }

        (_, output, _) = await AuditAsync("prune", "--config", "gateway.json", "--instance", "web1", "--json");
        Assert.Equal(("web1", 1, "Retention", false, false), Result(output));
        await AssertIntactAsync();
    }

    [Fact]
    public async Task Guards_are_for_the_host_to_ask_and_sinks_that_keep_their_position_are_known_by_their_file()
    {
        foreach (var daysAgo in (int[])[500, 0])
        {
            await RecordAsync(daysAgo, ["acme"], static gateway =>
            {
                gateway.Services.AddSingleton<GatewayKit.Auditing.Custody.IAuditSegmentGuard, Guard>();
                gateway.AddAuditSink("database", static _ => new Sink { KeepsPositions = true });
            });
            var (_, output, _) = await AuditAsync("prune", "--config", "gateway.json", "--json");
            Assert.Equal(("web1", 0, "Guard", false, false), Result(output));

            // A boot is known to be over when the next one begins.
            string[] missing = daysAgo > 0 ? ["database", $"guard:{typeof(Guard).FullName}"] : [$"guard:{typeof(Guard).FullName}"];
            Assert.Equal(missing, JsonElement.Parse(output).GetProperty("missingCopies").EnumerateArray().Select(static name => name.GetString()));
        }
    }

    [Fact]
    public async Task Instance_that_a_gateway_writes_is_left_to_it()
    {
        await RecordAsync(500, ["acme"]);
        await using (await RecordedGateway.StartAsync(Folder))
        {
            var (code, output, _) = await AuditAsync("prune", "--config", "gateway.json");
            Assert.Equal((0, true), (code, output.StartsWith("web1: a process writes it", StringComparison.Ordinal)));
            (code, output, _) = await AuditAsync("prune", "--config", "gateway.json", "--instance", "web1", "--json");
            Assert.Equal((3, ("web1", 0, "Newest", true, false)), (code, Result(output)));
            (code, output, _) = await AuditAsync("prune", "--config", "gateway.json", "--dry-run");
            Assert.Equal(0, code);
            Assert.StartsWith("web1: a process writes it, which deletes what may go by itself, once an hour; this command deletes nothing of it while it runs. 1 segment with ", output, StringComparison.Ordinal);
            Assert.EndsWith(" lines would go the next time. There is nothing older than what is written.\n", output, StringComparison.Ordinal);
            (code, output, _) = await AuditAsync("prune", "--config", "gateway.json", "--instance", "web1", "--dry-run", "--json");
            Assert.Equal((0, ("web1", 1, "Newest", true, true)), (code, Result(output)));
            Assert.Empty(Events("audit.retention"));
        }

        await AssertIntactAsync();
    }

    [Fact]
    public async Task Nothing_is_deleted_where_the_key_that_signs_is_not_to_be_had()
    {
        await RecordAsync(500, ["acme"]);
        await RecordAsync(0, ["acme"]);
        File.Move(Path.Combine(Journal, "web1", "signing.key"), Path.Combine(Folder, "elsewhere.key"));
        var before = Files();
        var (code, _, error) = await AuditAsync("prune", "--config", "gateway.json");
        Assert.Equal((3, true), (code, error.Contains("Nothing of the instance 'web1' is deleted", StringComparison.Ordinal)));
        Assert.Equal(before, Files());
        Configure("\"SigningKeyFile\": \"elsewhere.key\"");
        Assert.Equal(0, (await AuditAsync("prune", "--config", "gateway.json")).Code);
        Assert.Single(Events("audit.retention"));
        Assert.Single(Directory.GetFiles(Path.Combine(Journal, "web1", "keys")));
        await AssertIntactAsync();
    }

    // The host is gone, or the clock is wrong; or the clock was wrong, or is now.
    [Theory]
    [InlineData(500)]
    [InlineData(-10)]
    public async Task Nothing_is_deleted_by_a_clock_that_the_newest_record_contradicts(int daysAgo)
    {
        await RecordAsync(600, ["acme"]);
        await RecordAsync(daysAgo, ["acme"]);
        var before = Files();
        var (code, output, _) = await AuditAsync("prune", "--config", "gateway.json");
        Assert.Equal((1, true), (code, output.Contains("--trust-clock", StringComparison.Ordinal)));
        (code, output, _) = await AuditAsync("prune", "--config", "gateway.json", "--dry-run", "--json");
        Assert.Equal((1, ("web1", 0, "Clock", false, true)), (code, Result(output)));
        Assert.Equal(before, Files());
        (code, output, _) = await AuditAsync("prune", "--config", "gateway.json", "--trust-clock", "--json");
        Assert.Equal((0, daysAgo > 0 ? 2 : 1), (code, JsonElement.Parse(output).GetProperty("segments").GetInt32()));
        await AssertIntactAsync();
    }

    [Fact]
    public async Task Paths_of_the_configuration_begin_at_the_content_root()
    {
        await RecordAsync(500, ["acme"]);
        await RecordAsync(0, ["acme"]);
        File.Move(Path.Combine(Journal, "web1", "signing.key"), Path.Combine(Folder, "elsewhere.key"));
        Configure("\"SigningKeyFile\": \"elsewhere.key\", \"AlternateDirectory\": \"never-needed\"");
        string[] arguments = ["audit", "prune", Journal, "--config", Path.Combine(Folder, "gateway.json")];
        var elsewhere = Directory.CreateDirectory(Path.Combine(Folder, "cwd")).FullName;
        Assert.Equal(3, (await Tool.RunAsync(elsewhere, arguments)).Code);
        var (code, _, error) = await Tool.RunAsync(elsewhere, [.. arguments, "--content-root", ".."]);
        Assert.Equal((0, string.Empty), (code, error));
        Assert.Single(Events("audit.retention"));
    }

    [Theory]
    [InlineData(2, "has to be said, once")]
    [InlineData(2, "has to be said, once", "--config", "gateway.json", "--retain-for", "400")]
    [InlineData(2, "'00:01:00' is no span from 1 to 36500 days. Write days (400) or", "--retain-for", "00:01:00")]
    [InlineData(2, "'0' is no span", "--retain-for", "0")]
    [InlineData(1, "RetainForr", "--config", "misspelled.json")]
    [InlineData(3, "There is no instance 'web2'", "--config", "gateway.json", "--instance", "web2")]
    [InlineData(3, "no-such.json", "--config", "no-such.json")]
    [InlineData(3, "has no section", "--config", "empty.json")]
    public async Task Nothing_is_deleted_where_it_is_not_clear_what(int code, string expected, params string[] arguments)
    {
        await RecordAsync(500, ["acme"]);
        await File.WriteAllTextAsync(Path.Combine(Folder, "misspelled.json"), """{ "Gateway": { "Journal": { "RetainForr": "3650.00:00:00" } } }""");
        await File.WriteAllTextAsync(Path.Combine(Folder, "empty.json"), "{}");
        var before = Files();
        var (actual, output, error) = await AuditAsync("prune", arguments);
        Assert.Equal((code, string.Empty), (actual, output));
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Equal(before, Files());
    }

    private static (string?, int, string?, bool, bool) Result(string output)
    {
        var json = JsonElement.Parse(output);
        return (json.GetProperty("instance").GetString(), json.GetProperty("segments").GetInt32(), json.GetProperty("stop").GetString(), json.GetProperty("isInUse").GetBoolean(), json.GetProperty("isPreview").GetBoolean());
    }

    private sealed class FileAnchor(string file) : IAuditAnchor
    {
        public string Name => "file";

        public async ValueTask AnchorAsync(AuditCheckpoint checkpoint, CancellationToken cancellationToken) => await File.AppendAllTextAsync(file, checkpoint.Line + "\n", cancellationToken);
    }

    private sealed class Guard : GatewayKit.Auditing.Custody.IAuditSegmentGuard
    {
        public bool MayDelete(string instance, Guid boot, int segment) => true;
    }

    private sealed class Sink : IAuditSink
    {
        private readonly List<AuditBatch> _batches = [];

        public bool IsDown { get; init; }

        public bool KeepsPositions { get; init; }

        public ValueTask<IReadOnlyCollection<AuditPosition>?> ReadPositionsAsync(string instance, CancellationToken cancellationToken) => new(KeepsPositions ? (AuditPosition[])[] : null);

        public ValueTask<AuditReceipt> WriteAsync(AuditBatch batch, CancellationToken cancellationToken)
        {
            if (IsDown)
            {
                throw new IOException("down");
            }

            lock (_batches)
            {
                _batches.Add(batch);
            }

            return new(AuditReceipt.Complete);
        }

        public async Task WaitForAsync(Predicate<IReadOnlyList<AuditBatch>> isThere)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            while (true)
            {
                lock (_batches)
                {
                    if (isThere(_batches))
                    {
                        return;
                    }
                }

                await Task.Delay(20, limit.Token);
            }
        }
    }
}
