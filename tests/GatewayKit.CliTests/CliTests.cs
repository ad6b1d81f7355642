using System.Security.Cryptography;
using System.Text.Json;
using GatewayKit.Auditing.Reading;
using GatewayKit.Auditing.Records;
using GatewayKit.Tests.Auditing.Reading;

namespace GatewayKit.CliTests;

/// <summary>The tool as a process: what it prints and ends with.</summary>
public sealed class CliTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cli-").FullName;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly string _journal;
    private readonly string _keys;
    private readonly string _anchor;
    private readonly string _segment;

    public CliTests()
    {
        (_journal, _keys) = (Path.Combine(_folder, "audit"), Path.Combine(_folder, "keys"));
        using var builder = new JournalBuilder(_journal, key: _key);
        builder.StartBoot().Request(id: "r1").Request("stock", "acme", 403, "denied", "r2").Request(consumer: "zoe", id: "r3").Stop();
        (_segment, _anchor) = (builder.SegmentFile, builder.Anchor(Path.Combine(_folder, "anchor.ck")));
        Directory.CreateDirectory(_keys);
        File.WriteAllText(Path.Combine(_keys, JournalBuilder.KeyId + ".pem"), _key.ExportSubjectPublicKeyInfoPem());
    }

    public void Dispose()
    {
        _key.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Verify_says_whether_every_byte_is_accounted_for()
    {
        var (code, output, _) = await RunAsync("audit", "verify", _journal, "--keys", _keys, "--anchor", _anchor);
        Assert.Equal((0, true), (code, output.EndsWith("Intact.\n", StringComparison.Ordinal)));
        Assert.DoesNotContain("NoAnchor", output, StringComparison.Ordinal);
        (code, output, _) = await RunAsync("audit", "verify", _journal, "--keys", _keys);
        Assert.Equal((0, true), (code, output.Contains("note NoAnchor", StringComparison.Ordinal)));
        await File.WriteAllTextAsync(_segment, (await File.ReadAllTextAsync(_segment)).Replace("zoe", "eve", StringComparison.Ordinal));
        (code, output, _) = await RunAsync("audit", "verify", _journal, "--keys", _keys, "--json");
        using var json = JsonDocument.Parse(output);
        Assert.Equal((1, false), (code, json.RootElement.GetProperty("isIntact").GetBoolean()));
        Assert.Equal(1, json.RootElement.GetProperty("counts").GetProperty("ChangedLine").GetInt32());
    }

    [Fact]
    public async Task Query_prints_a_page_and_where_the_next_begins()
    {
        var (code, output, error) = await RunAsync("audit", "query", _journal, "--unrecorded", "--page-size", "2");
        Assert.Equal(0, code);
        Assert.Equal(["r1", "r2"], output.TrimEnd().Split('\n').Select(static line => line.Split("  ")[1]));
        var cursor = error.TrimEnd().Split(' ')[^1];
        (_, output, error) = await RunAsync("audit", "query", _journal, "--unrecorded", "--page-size", "2", "--cursor", cursor, "--json");
        Assert.Equal(["begin", "end"], output.TrimEnd().Split('\n').Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("kind").GetString()));
        Assert.Empty(error);
    }

    [Fact]
    public async Task Reading_is_recorded_in_an_instance_of_the_readers_own()
    {
        Assert.Equal(0, (await RunAsync("audit", "query", _journal, "--as", "cli-alice", "--consumer", "acme")).Code);
        var (_, output, _) = await RunAsync("audit", "query", _journal, "--unrecorded", "--events", "--instance", "cli-alice", "--json");
        Assert.Contains("\"event\":\"audit.read\"", output, StringComparison.Ordinal);
        Assert.Contains("\"filter\":{\"sub\":null},\"count\":2", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_of_a_journal_is_recorded_in_it()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "gateway.json"), """{ "Gateway": { "Routes": {} } }""");
        Assert.Equal(0, (await RunAsync("replay", _journal, "--config", "gateway.json", "--unrecorded")).Code);
        Assert.False(Directory.Exists(Path.Combine(_journal, "cli-alice")));
        Assert.Equal(0, (await RunAsync("replay", _journal, "--config", "gateway.json", "--as", "cli-alice")).Code);
        var (_, output, _) = await RunAsync("audit", "query", _journal, "--unrecorded", "--events", "--instance", "cli-alice", "--json");
        Assert.Contains("\"filter\":{},\"purpose\":\"replay\"", output, StringComparison.Ordinal);

        // The reader's key is not among those to trust; the host's instance alone is verified.
        var (code, _, error) = await RunAsync("audit", "verify", _journal, "--keys", _keys);
        Assert.Equal((1, true), (code, error.StartsWith("Instances cli-… are those of readers.", StringComparison.Ordinal)));
        Assert.Equal(0, (await RunAsync("audit", "verify", _journal, "--keys", _keys, "--instance", "eu1")).Code);
        Directory.CreateDirectory(Path.Combine(_keys, "cli-alice"));
        foreach (var key in Directory.GetFiles(Path.Combine(_journal, "cli-alice", "keys")))
        {
            File.Copy(key, Path.Combine(_keys, "cli-alice", Path.GetFileName(key)));
        }

        (code, output, error) = await RunAsync("audit", "verify", _journal, "--keys", _keys);
        Assert.True(code is 0, output);
        Assert.Empty(error);
    }

    [Fact]
    public async Task Reader_who_cannot_record_that_he_reads_is_told_what_he_can_do()
    {
        await using var other = AuditReader.Open(_journal, "cli-alice");
        var (code, output, error) = await RunAsync("audit", "query", _journal, "--as", "cli-alice");
        Assert.Equal((3, string.Empty), (code, output));
        Assert.Contains("take another one (--as NAME)", error, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("audit", "query", _journal, "--as", "cli-alice-2")).Code);
    }

    [Fact]
    public async Task Export_with_a_bundle_is_verified_with_the_key_alone()
    {
        var (file, bundle) = (Path.Combine(_folder, "out.csv"), Path.Combine(_folder, "bundle"));
        var (code, _, error) = await RunAsync("audit", "export", _journal, "--unrecorded", "--format", "csv", "-o", file, "--proofs", bundle, "--outcome", "denied");
        Assert.Equal((0, "1 entry, 2 lines proved, 0 without a checkpoint yet\n"), (code, error));
        Assert.Equal(2, File.ReadLines(file).Count());
        var proofs = Path.Combine(bundle, "proofs.jsonl");
        Assert.Equal((0, "2 of 2 proofs hold.\n", string.Empty), await RunAsync("audit", "verify-proof", proofs, "--keys", _keys));
        await File.WriteAllTextAsync(proofs, (await File.ReadAllTextAsync(proofs)).Replace("denied", "ok", StringComparison.Ordinal));
        Assert.Equal(1, (await RunAsync("audit", "verify-proof", proofs, "--keys", _keys)).Code);
        Assert.Equal(3, (await RunAsync("audit", "export", _journal, "--unrecorded", "-o", file)).Code);
    }

    [Fact]
    public async Task Prove_prints_proofs()
    {
        var (code, output, _) = await RunAsync("audit", "prove", _journal, "--unrecorded", "--request", "r3");
        Assert.Equal((0, 2), (code, output.TrimEnd().Split('\n').Length));
        Assert.Equal((1, string.Empty, "Nothing is proved: there is no such access in the journal.\n"), await RunAsync("audit", "prove", _journal, "--unrecorded", "--request", "none"));
        using var written = new JournalBuilder(_journal, "eu2", _key);
        written.StartBoot().Request(id: "r4").Flush();
        (code, output, var error) = await RunAsync("audit", "prove", _journal, "--unrecorded", "--request", "r4");
        Assert.Equal((1, string.Empty, true), (code, output, error.StartsWith("Nothing is proved: no checkpoint covers these lines yet.", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("'yesterday' is no time. Write a day (2026-03-01) or a time (2026-03-01T12:00:00Z", "--from", "yesterday")]
    [InlineData("'03/04/2026' is no time.", "--to", "03/04/2026")]
    [InlineData("'many' is none of the numbers 1 to 10000.", "--page-size", "many")]
    [InlineData("'10001' is none of the numbers 1 to 10000.", "--page-size", "10001")]
    public async Task Value_that_is_none_is_refused_with_those_that_are(string expected, string option, string value)
    {
        var (code, output, error) = await RunAsync("audit", "query", _journal, option, value);
        Assert.Equal((2, string.Empty), (code, output));
        Assert.StartsWith($"{option}: {expected}", error, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Outcomes_that_can_be_asked_for_are_those_that_records_have()
    {
        var (_, _, error) = await RunAsync("audit", "query", _journal, "--outcome", "bogus");
        Assert.StartsWith($"--outcome: 'bogus' is none of: {string.Join(", ", AuditOutcome.All)}.", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2026-03-01", 3)]
    [InlineData("2026-03-01T12:00", 3)]
    [InlineData("2026-03-01T13:00:00+01:00", 3)]
    [InlineData("2026-03-01T12:00:01.5Z", 0)]
    [InlineData("2026-03-02", 0)]
    public async Task Time_is_a_day_or_a_time_and_UTC_unless_it_says_otherwise(string from, int count)
    {
        var (code, output, _) = await RunAsync("audit", "query", _journal, "--unrecorded", "--from", from, "--to", "2026-03-03");
        Assert.Equal((0, count), (code, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length));
    }

    [Theory]
    [InlineData("gatewaykit [command] [options]", "--help")]
    [InlineData("gatewaykit audit query <directory> [options]", "audit", "query", "--help")]
    public async Task Usage_calls_the_tool_by_its_name(string expected, params string[] arguments)
    {
        var (code, output, _) = await RunAsync(arguments);
        Assert.Equal((0, true), (code, output.Contains(expected, StringComparison.Ordinal)));
        Assert.DoesNotContain("GatewayKit.Cli", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(2, "audit")]
    [InlineData(2, "audit", "verify")]
    [InlineData(2, "audit", "verify", "x", "--no-such-option")]
    [InlineData(2, "audit", "export", "x", "--format", "xml")]
    [InlineData(3, "audit", "verify", "/no/such/folder")]
    [InlineData(3, "audit", "verify-proof", "/no/such/file", "--keys", "/no/such/folder")]
    [InlineData(1, "check", "/no/such/file")]
    [InlineData(3, "replay", "/no/such/file", "--config", "gateway.json")]
    [InlineData(0, "--help")]
    public async Task Exit_code_says_what_went_wrong(int code, params string[] arguments)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "gateway.json"), """{ "Gateway": { "Routes": {} } }""");
        var (actual, _, error) = await RunAsync(arguments);
        Assert.Equal((code, code is not 0), (actual, error.Length > 0));
    }

    [Fact]
    public async Task What_the_sample_does_the_tool_does()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "gateway.json"), """{ "Gateway": { "Routes": {} } }""");
        var (code, output, _) = await RunAsync("check", "gateway.json");
        Assert.Equal((0, true), (code, output.StartsWith("gateway.json is fine: 0 routes", StringComparison.Ordinal)));
        (code, output, _) = await RunAsync("new-key", "acme", "--scopes", "orders:read");
        Assert.Equal(0, code);
        Assert.Contains("\"Scopes\": [ \"orders:read\" ]", output, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(_folder, "access.jsonl"), """{"time":"2026-03-01T12:00:00Z","route":"orders"}""");
        (code, output, _) = await RunAsync("replay", "access.jsonl", "--config", "gateway.json", "--json");
        Assert.Equal(0, code);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(1, json.RootElement.GetProperty("unknownRoutes")[0].GetProperty("records").GetInt32());
    }

    private Task<(int Code, string Output, string Error)> RunAsync(params IEnumerable<string> arguments) => Tool.RunAsync(_folder, arguments);
}
