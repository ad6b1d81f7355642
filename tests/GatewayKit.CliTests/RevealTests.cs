using System.Text.Json;

namespace GatewayKit.CliTests;

/// <summary>Reading with keys, in journals of real gateways whose records name nobody in the clear.</summary>
public sealed class RevealTests : CustodyTest
{
    private const string Canary = "canary-acme";

    [Fact]
    public async Task Consumer_that_records_do_not_name_is_found_with_the_keys_and_without_them_the_tool_says_why_not()
    {
        await RecordAsync(1, [Canary, "other"]);
        var (code, output, error) = await AuditAsync("query", "--consumer", Canary);
        Assert.Equal((0, string.Empty), (code, output));
        Assert.Contains("--config FILE", error, StringComparison.Ordinal);
        (_, output, error) = await AuditAsync("export", "--consumer", Canary);
        Assert.Equal(string.Empty, output);
        Assert.Contains("--data-keys DIR", error, StringComparison.Ordinal);

        foreach (var keys in (string[][])[["--config", "gateway.json"], ["--data-keys", "audit-keys"]])
        {
            (code, output, error) = await AuditAsync("query", ["--consumer", Canary, .. keys]);
            Assert.Equal((0, string.Empty), (code, error));
            Assert.Contains("  2026.", Assert.Single(Lines(output)), StringComparison.Ordinal);
            (code, output, error) = await AuditAsync("prove", ["--consumer", Canary, .. keys]);
            Assert.Equal((0, 2, string.Empty), (code, Lines(output).Length, error));
            Assert.DoesNotContain(Canary, output, StringComparison.Ordinal);
        }

        (code, output, error) = await AuditAsync("query", Canary + "\n", ["--consumer", "-", "--config", "gateway.json"]);
        Assert.Equal((0, 1, string.Empty), (code, Lines(output).Length, error));
        Assert.DoesNotContain(Files().Keys, static path => !path.EndsWith(".subject", StringComparison.Ordinal) && File.Exists(path) && File.ReadAllText(path).Contains(Canary, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Directory_that_the_journal_went_on_in_is_read_by_the_settings_too()
    {
        await RecordAsync(1, [Canary]);
        Configure("\"AlternateDirectory\": \"elsewhere\"");
        var (code, output, error) = await AuditAsync("query", "--consumer", Canary, "--config", "gateway.json");
        Assert.Equal((0, 1, string.Empty), (code, Lines(output).Length, error));

        // As if the disk had failed behind this access: what is read is all there, and elsewhere.
        foreach (var path in Files().Keys.Where(static path => File.Exists(path) && path.Contains("/audit/", StringComparison.Ordinal) && !path.Contains("/cli-", StringComparison.Ordinal)).ToArray())
        {
            var moved = path.Replace("/audit/", "/elsewhere/", StringComparison.Ordinal);
            Directory.CreateDirectory(Path.GetDirectoryName(moved)!);
            File.Move(path, moved);
        }

        (code, output, error) = await AuditAsync("query", "--consumer", Canary, "--config", "gateway.json");
        Assert.Equal((0, 1, string.Empty), (code, Lines(output).Length, error));
    }

    [Fact]
    public async Task Pseudonyms_alone_are_found_by_their_keys()
    {
        Configure("\"RetainFor\": \"400.00:00:00\"", encrypted: string.Empty);
        await RecordAsync(1, [Canary, "other"]);
        var (_, output, error) = await AuditAsync("query", "--consumer", Canary);
        Assert.Equal((string.Empty, true), (output, error.Contains("is a pseudonym", StringComparison.Ordinal)));
        (var code, output, error) = await AuditAsync("query", "--consumer", Canary, "--config", "gateway.json");
        Assert.Equal((0, 1, string.Empty), (code, Lines(output).Length, error));
        (code, _, error) = await AuditAsync("query", "--reveal", "--config", "gateway.json");
        Assert.Equal((2, true), (code, error.StartsWith("gateway.json: Gateway:Journal:Personal:Encrypted is empty", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_is_encrypted_is_shown_on_demand_and_the_journal_says_that_it_was()
    {
        await RecordAsync(1, [Canary, "other"]);
        var (code, output, error) = await AuditAsync("query", "--reveal", "--config", "gateway.json", "--as", "cli-alice");
        Assert.Equal((0, string.Empty), (code, error));
        Assert.Equal([Canary, "other"], Lines(output).Select(static line => line.Split("  ")[2]).Order(StringComparer.Ordinal));

        (_, output, _) = await AuditAsync("query", "--reveal", "--data-keys", "audit-keys", "--consumer", Canary, "--json");
        var begin = JsonElement.Parse(Lines(output)[0]);
        Assert.Equal((Canary, "127.0.0.1"), (begin.GetProperty("p").GetProperty("sub").GetString(), begin.GetProperty("p").GetProperty("src").GetString()));
        Assert.StartsWith("2026.", begin.GetProperty("sub").GetString(), StringComparison.Ordinal);

        (_, output, _) = await AuditAsync("export", "--reveal", "--config", "gateway.json", "--consumer", Canary, "--format", "csv", "--as", "cli-alice");
        Assert.Contains($",{Canary},", Lines(output)[1], StringComparison.Ordinal);
        Assert.Contains(",127.0.0.1,", Lines(output)[1], StringComparison.Ordinal);
        (_, output, _) = await AuditAsync("export", "--reveal", "--config", "gateway.json", "--consumer", Canary);
        Assert.Equal(Canary, JsonElement.Parse(Lines(output)[0]).GetProperty("p").GetProperty("sub").GetString());

        // The journal itself stays what it is.
        (_, output, _) = await AuditAsync("query", "--unrecorded", "--json", "--events");
        Assert.DoesNotContain(Canary, output, StringComparison.Ordinal);
        Assert.Equal(2, Events("audit.read").Count(static read => read.GetProperty("revealed").GetBoolean()));
        Assert.Equal(4, Events("audit.exported").Count(static read => read.GetProperty("revealed").GetBoolean()));
        Assert.All(Events("audit.exported"), static read => Assert.Equal(JsonValueKind.Null, read.GetProperty("filter").GetProperty("sub").ValueKind));
        await AssertIntactAsync();
    }

    [Fact]
    public async Task What_was_erased_nobody_is_shown_and_the_tool_says_how_much()
    {
        await RecordAsync(1, [Canary, "other"]);
        Assert.Equal(0, (await AuditAsync("erase", Canary + "\n", ["--config", "gateway.json"])).Code);
        var (code, output, error) = await AuditAsync("query", "--reveal", "--config", "gateway.json");
        Assert.Equal((0, 2), (code, Lines(output).Length));
        Assert.StartsWith("1 personal part cannot be read", error, StringComparison.Ordinal);
        Assert.DoesNotContain(Canary, output, StringComparison.Ordinal);
        (_, output, error) = await AuditAsync("query", "--data-keys", "audit-keys", "--consumer", Canary);
        Assert.Equal((string.Empty, true), (output, error.StartsWith("There is no key of this consumer", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(2, "--reveal needs the keys", "--reveal")]
    [InlineData(2, "does not go with --unrecorded", "--reveal", "--unrecorded", "--config", "gateway.json")]
    [InlineData(3, "There is no directory of keys", "--reveal", "--data-keys", "no-such-folder")]
    [InlineData(3, "no-such.json", "--consumer", "acme", "--config", "no-such.json")]
    public async Task Nothing_is_read_where_it_is_not_clear_with_what(int code, string expected, params string[] arguments)
    {
        await RecordAsync(1, [Canary]);
        var before = Files();
        foreach (var command in (string[])["query", "export"])
        {
            var (actual, output, error) = await AuditAsync(command, arguments);
            Assert.Equal((code, string.Empty), (actual, output));
            Assert.Contains(expected, error, StringComparison.Ordinal);
        }

        Assert.Equal(before, Files());
    }

    private static string[] Lines(string output) => output.Split(['\n', '\r'], StringSplitOptions.RemoveEmptyEntries);
}
