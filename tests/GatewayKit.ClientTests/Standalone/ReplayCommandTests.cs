using System.Text.Json;
using GatewayKit.Auditing.Reading;
using GatewayKit.ClientTests.Hosting;

namespace GatewayKit.ClientTests.Standalone;

/// <summary>What Standalone says of recorded requests, as a script sees it.</summary>
public sealed class ReplayCommandTests : IDisposable
{
    private const string Records = """
        {"time":"2026-03-01T12:00:00Z","route":"hello","client":"192.0.2.1"}
        {"time":"2026-03-01T12:00:00Z","route":"hello","client":"192.0.2.1"}
        {"time":"2026-03-01T12:00:01Z","route":"hello","client":"192.0.2.1","status":429,"reason":"rate-limited"}
        no record
        {"time":"2026-03-01T12:00:01Z","route":"gone","client":"192.0.2.1"}
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly string _config;
    private readonly string _records;

    public ReplayCommandTests() => (_config, _records) = (Configuration("gateway.json", burst: 1), _folder.Write("access.jsonl", Records));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Table_says_who_was_refused_and_malformed_lines_are_named()
    {
        var run = await RunAsync("--config", _config, "--replay", _records);
        Assert.Equal(0, run.ExitCode);
        Assert.All((string[])["3 requests, 2 allowed, 1 refused", "192.0.2.1", "route 'gone', which is not there: 1", "no records: 1"], part => Assert.Contains(part, run.Output));
        Assert.Contains($"{_records}:4: ", run.Errors);
        Assert.DoesNotContain("Listening", run.Output);
    }

    [Fact]
    public async Task Json_is_one_document()
    {
        var run = await RunAsync("--config", _config, "--replay", _records, "--json", "--served-only", "--top", "0");
        Assert.Equal(0, run.ExitCode);
        using var json = JsonDocument.Parse(run.Output);
        Assert.Equal((2, 1), (json.RootElement.GetProperty("total").GetProperty("requests").GetInt32(), json.RootElement.GetProperty("leftOut").GetInt32()));
        Assert.DoesNotContain("192.0.2.1", run.Output);
    }

    [Fact]
    public async Task Redacted_report_names_nobody()
    {
        var run = await RunAsync("--config", _config, "--replay", _records, "--redact");
        Assert.Contains("1 refused", run.Output);
        Assert.DoesNotContain("192.0.2.1", run.Output);
    }

    [Fact]
    public async Task Two_configurations_are_compared()
    {
        var run = await RunAsync("--config", _config, "--replay", _records, "--replay", _folder.Write("more.jsonl", Records), "--against", Configuration("other.json", burst: 9), "--json");
        Assert.Equal(0, run.ExitCode);
        using var json = JsonDocument.Parse(run.Output);
        var total = json.RootElement.GetProperty("total");
        Assert.Equal((2, 4), (total.GetProperty("bothAllow").GetInt32(), total.GetProperty("onlyFirstRefuses").GetInt32()));
    }

    [Fact]
    public async Task Records_come_from_standard_input()
    {
        var start = StandaloneProcess.Start(["--config", _config, "--replay", "-"]);
        var run = await Command.RunAsync(start, Records);
        Assert.Contains("3 requests, 2 allowed, 1 refused", run.Output);
        Assert.Contains("-:4: ", run.Errors);
    }

    [Fact]
    public async Task Errors_of_both_configurations_are_told_with_their_files_and_end_with_1()
    {
        var (one, other) = (Configuration("one.json", burst: 0), Configuration("two.json", burst: -1));
        var run = await RunAsync("--config", one, "--replay", _records, "--against", other);
        Assert.Equal((1, string.Empty), (run.ExitCode, run.Output));
        Assert.All((string[])[$"{one}: Gateway:Routes:hello:Throttle:Burst", $"{other}: Gateway:Routes:hello:Throttle:Burst"], part => Assert.Contains(part, run.Errors));
    }

    [Theory]
    [InlineData(2, "--against", "--json")]
    [InlineData(2, "--replay", "-", "--replay", "-")]
    [InlineData(2, "--replay", "-", "--top", "1001")]
    [InlineData(2, "--as", "me")]
    [InlineData(2, "--unrecorded")]
    [InlineData(4, "--replay", "/nowhere/access.jsonl")]
    public async Task What_cannot_be_done_has_an_exit_code_of_its_own(int exitCode, params string[] arguments)
    {
        var run = await RunAsync([.. arguments, "--config", _config]);
        Assert.Equal((exitCode, string.Empty), (run.ExitCode, run.Output));
        Assert.NotEmpty(run.Errors);
        Assert.DoesNotContain("   at ", run.Errors);
    }

    [Fact]
    public async Task Reading_a_journal_is_recorded_in_it_unless_it_must_not_be_written_to()
    {
        var journal = Directory.CreateDirectory(Path.Combine(_folder.Path, "audit")).FullName;
        var run = await RunAsync("--config", _config, "--replay", journal, "--unrecorded");
        Assert.Equal((0, 0), (run.ExitCode, Directory.GetFileSystemEntries(journal).Length));
        run = await RunAsync("--config", _config, "--replay", journal, "--as", "cli-alice");
        Assert.Equal((0, string.Empty), (run.ExitCode, run.Errors));
        var entries = (await new AuditLog(journal).QueryAsync(new() { Instance = "cli-alice", IncludeEvents = true })).Entries;
        Assert.Contains("\"filter\":{},\"purpose\":\"replay\"", Assert.Single(entries, static entry => entry.Event is "audit.read").Begin!.Text, StringComparison.Ordinal);

        // Nothing is read where it is not clear by whom.
        run = await RunAsync("--config", _config, "--replay", journal, "--as", "../alice");
        Assert.Equal((2, string.Empty), (run.ExitCode, run.Output));
        Assert.Contains("The name of a reader", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_explains_every_option()
    {
        var help = (await RunAsync("--help")).OutputOfSuccess();
        Assert.All((string[])["--replay", "--against", "--served-only", "--top", "--max-disorder", "--redact", "--json", "--as", "--unrecorded", "4  Records"], option => Assert.Contains(option, help));
    }

    private string Configuration(string name, int burst) => _folder.Write(
        name, $$"""{ "Gateway": { "Routes": { "hello": { "Match": { "Path": "/hello" }, "Respond": { "Body": "hello" }, "Throttle": { "RequestsPerSecond": 1, "Burst": {{burst}} } } } } }""");

    private static Task<Command> RunAsync(params IEnumerable<string> arguments) => Command.RunAsync(StandaloneProcess.Start(arguments));
}
