using System.Text.Json;
using GatewayKit.Auditing.Custody;
using GatewayKit.Auditing.Personal;
using GatewayKit.Auditing.Reading;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.CliTests;

/// <summary>Holds and erasures by the tool, in journals of real gateways.</summary>
public sealed class HoldCommandTests : CustodyTest
{
    private const string Canary = "canary-acme";

    [Fact]
    public async Task Hold_is_set_listed_and_released_and_each_act_is_in_the_journal()
    {
        await RecordAsync(500, ["acme"]);
        var (code, output, error) = await AuditAsync("hold", "--as", "cli-counsel", "--subject", "2026.abc", "--subject", "k7", "--from", "2020-01-01T00:00:00Z", "--to", "2030-01-01T00:00:00Z", "--route", "orders", "--reason", "case 7", "--json");
        Assert.Equal((0, string.Empty), (code, error));
        var hold = JsonElement.Parse(output);
        var id = hold.GetProperty("id").GetString()!;
        Assert.Equal(
            ("2020-01-01T00:00:00.0000000Z", "2030-01-01T00:00:00.0000000Z", "orders", 2, "case 7", true),
            (hold.GetProperty("from").GetString(), hold.GetProperty("to").GetString(), hold.GetProperty("route").GetString(), hold.GetProperty("subjects").GetInt32(), hold.GetProperty("reason").GetString(), hold.GetProperty("isReadable").GetBoolean()));
        await AssertIntactAsync();

        (code, output, _) = await AuditAsync("holds");
        Assert.Equal((0, true, true), (code, output.StartsWith(id + "  set ", StringComparison.Ordinal), output.EndsWith("route orders  2 names  case 7\n", StringComparison.Ordinal)));
        (_, output, _) = await AuditAsync("holds", "--json", "--names");
        Assert.Equal(["2026.abc", "k7"], JsonElement.Parse(output).GetProperty("names").EnumerateArray().Select(static name => name.GetString()));

        Assert.Equal((0, id + "  released\n", string.Empty), await AuditAsync("release", id, "--as", "cli-counsel"));
        var before = Files();
        (code, _, error) = await AuditAsync("release", id);
        Assert.Equal((1, true), (code, error.Contains("There is no hold", StringComparison.Ordinal)));
        Assert.Equal((0, string.Empty), ((await AuditAsync("holds")).Code, (await AuditAsync("holds")).Output));
        Assert.Equal(before, Files());
        Assert.Equal((id, Environment.UserName, "case 7", 2), Set(Assert.Single(Events("hold.set"))));
        Assert.Equal((id, Environment.UserName, "case 7", 2), Set(Assert.Single(Events("hold.released"))));
        Assert.True(Directory.Exists(Path.Combine(Journal, "cli-counsel")));
        await AssertIntactAsync("--expect", "web1", "--expect", "cli-counsel");
    }

    [Fact]
    public async Task Person_is_named_on_standard_input_and_in_no_output_or_record()
    {
        await RecordAsync(500, [Canary]);
        var (code, output, error) = await AuditAsync("hold", Canary + "\n", ["--config", "gateway.json", "--person", "--reason", "case 7"]);
        Assert.Equal((0, string.Empty), (code, error));
        Assert.DoesNotContain(Canary, output + (await AuditAsync("holds")).Output, StringComparison.Ordinal);
        // The file of the hold alone has it, until it is released: records may be in the clear.
        Assert.All(
            Directory.GetFiles(Journal, "*", SearchOption.AllDirectories).Where(static file => File.ReadAllText(file).Contains(Canary, StringComparison.Ordinal)),
            static file => Assert.Equal(".holds", Path.GetFileName(Path.GetDirectoryName(file))));

        // By each name that its records have: the pseudonym, the id of the key, and as it is.
        (_, output, _) = await AuditAsync("holds", "--json", "--names");
        var names = JsonElement.Parse(output).GetProperty("names").EnumerateArray().Select(static name => name.GetString()!).ToArray();
        var begin = JsonElement.Parse(await BeginAsync());
        Assert.Equal(3, names.Length);
        Assert.Subset(names.ToHashSet(), new HashSet<string> { begin.GetProperty("sub").GetString()!, begin.GetProperty("pk").GetString()!, Canary });
        await AssertIntactAsync();
    }

    [Fact]
    public async Task Hold_wins_over_an_erasure_and_after_its_release_nobody_can_read_the_person()
    {
        await RecordAsync(500, [Canary, "other"]);
        Assert.Contains(Canary, await ReadPersonAsync(), StringComparison.Ordinal);
        var (_, output, _) = await AuditAsync("hold", Canary + "\n", ["--config", "gateway.json", "--person", "--reason", "case 7", "--json"]);
        var hold = JsonElement.Parse(output).GetProperty("id").GetString()!;

        var (code, refused, error) = await AuditAsync("erase", Canary + "\n", ["--config", "gateway.json"]);
        Assert.Equal((1, string.Empty), (code, refused));
        Assert.Contains($"because of the holds {hold}", error, StringComparison.Ordinal);
        Assert.Equal(hold, Assert.Single(Assert.Single(Events("audit.erasure_refused")).GetProperty("holds").EnumerateArray()).GetString());
        Assert.NotNull(await ReadPersonAsync());
        await AssertIntactAsync();

        Assert.Equal(0, (await AuditAsync("release", hold)).Code);
        (code, output, error) = await AuditAsync("erase", Canary + "\n", ["--config", "gateway.json", "--json"]);
        Assert.Equal((0, string.Empty), (code, error));
        var key = Assert.Single(JsonElement.Parse(output).GetProperty("keys").EnumerateArray()).GetString();
        Assert.Equal(key, Assert.Single(Assert.Single(Events("audit.erased")).GetProperty("keys").EnumerateArray()).GetString());
        Assert.Null(await ReadPersonAsync());
        Assert.Single(Directory.GetFiles(Path.Combine(Folder, "audit-keys"), "*.key"));
        await AssertIntactAsync();

        // Neither what is asked for nor what is taken away has the person.
        var (_, queried, _) = await AuditAsync("query", "--unrecorded", "--json", "--events");
        var (_, exported, _) = await AuditAsync("export", "--unrecorded", "--format", "csv");
        Assert.Contains("\"kind\":\"begin\"", queried, StringComparison.Ordinal);
        Assert.DoesNotContain(Canary, queried + exported, StringComparison.Ordinal);

        // That somebody tries it where there is nothing is recorded too.
        (code, output, error) = await AuditAsync("erase", Canary + "\n", ["--config", "gateway.json", "--actor", "privacy"]);
        Assert.Equal((1, string.Empty, true), (code, output, error.StartsWith("Nothing was there to erase: there is no key of this consumer.", StringComparison.Ordinal)));
        var tried = Assert.Single(Events("audit.erased"), static erased => erased.GetProperty("keys").GetArrayLength() is 0);
        Assert.StartsWith("2026.", tried.GetProperty("actor").GetString(), StringComparison.Ordinal);
    }

    // A user without a name, as in a container that runs as a number.
    [Fact]
    public async Task User_who_has_a_number_and_no_name_is_recorded_by_it()
    {
        Assert.SkipUnless(Environment.UserName is "root" && File.Exists("/usr/bin/setpriv"), "Only root becomes somebody else.");
        Directory.CreateDirectory(Journal);
        foreach (var folder in (string[])[Folder, Journal])
        {
#pragma warning disable CA1416 // Skipped there.
            File.SetUnixFileMode(folder, (UnixFileMode)0b111_111_111);
#pragma warning restore CA1416
        }

        var (code, _, error) = await Tool.RunAsAsync(uid: 54_321, Folder, "audit", "hold", "audit", "--route", "orders", "--reason", "case 7");
        Assert.Equal((0, string.Empty), (code, error));
        Assert.True(Directory.Exists(Path.Combine(Journal, "cli-uid-54321")));
        Assert.Equal("uid-54321", Assert.Single(Events("hold.set")).GetProperty("actor").GetString());
    }

    [Fact]
    public async Task Gateway_that_runs_sees_a_hold_at_once()
    {
        await RecordAsync(500, ["acme"]);
        await using var gateway = await RecordedGateway.StartAsync(Folder);
        var custody = gateway.App.Services.GetRequiredService<AuditCustody>();
        Assert.Equal(1, (await custody.PreviewAsync()).Segments);
        var (code, _, error) = await AuditAsync("hold", "--route", "orders", "--reason", "case 7");
        Assert.Equal((0, string.Empty), (code, error));
        Assert.Equal(new AuditPruning(0, 0, AuditPruningStop.Hold), await custody.PruneAsync());
        Assert.Equal(new AuditPruning(0, 0, AuditPruningStop.Hold), await custody.PreviewAsync());
    }

    [Theory]
    [InlineData("--reason is required", "hold", "--everything")]
    [InlineData("--reason is empty", "hold", "--everything", "--reason", " ")]
    [InlineData("or say --everything", "hold", "--reason", "case 7")]
    [InlineData("goes with no other limit", "hold", "--reason", "case 7", "--everything", "--route", "orders")]
    [InlineData("--to has to be after --from", "hold", "--reason", "case 7", "--from", "2026-03-02T00:00:00Z", "--to", "2026-03-01T00:00:00Z")]
    [InlineData("--person needs --config", "hold", "--reason", "case 7", "--person")]
    [InlineData("Standard input has to have", "hold", "--reason", "case 7", "--person", "--config", "gateway.json")]
    [InlineData("erase needs --config", "erase")]
    [InlineData("Standard input has to have", "erase", "--config", "gateway.json")]
    [InlineData("--actor is empty", "hold", "--reason", "case 7", "--everything", "--actor", " ")]
    [InlineData("'yesterday' is no time. Write a day", "hold", "--reason", "case 7", "--from", "yesterday")]
    [InlineData("The name of a custodian", "hold", "--reason", "case 7", "--everything", "--as", "../x")]
    public async Task What_is_missing_is_asked_for_and_nothing_is_done(string expected, string command, params string[] arguments)
    {
        Directory.CreateDirectory(Journal);
        Directory.CreateDirectory(Path.Combine(Folder, "audit-keys"));
        var before = Files();
        var (code, output, error) = await AuditAsync(command, arguments);
        Assert.Equal((2, string.Empty), (code, output));
        Assert.Contains(expected, error.Replace("Option '--reason' is required", "--reason is required", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(before, Files());
    }

    [Fact]
    public async Task Directory_of_keys_that_is_not_there_is_no_directory_without_keys()
    {
        Directory.CreateDirectory(Journal);
        var (code, _, error) = await AuditAsync("erase", "acme\n", ["--config", "gateway.json"]);
        Assert.Equal((3, true), (code, error.Contains("There is no directory of keys", StringComparison.Ordinal)));
        await File.WriteAllTextAsync(Path.Combine(Folder, "plain.json"), """{ "Gateway": { "Journal": { } } }""");
        (code, _, error) = await AuditAsync("erase", "acme\n", ["--config", "plain.json"]);
        Assert.Equal((1, true), (code, error.StartsWith("plain.json: Gateway:Journal:Personal:Encrypted is empty", StringComparison.Ordinal)));
    }

    private static (string?, string?, string?, int) Set(JsonElement line) =>
        (line.GetProperty("hold").GetString(), line.GetProperty("actor").GetString(), line.GetProperty("reason").GetString(), line.GetProperty("subjects").GetInt32());

    private async Task<string> BeginAsync() => (await new AuditLog(Journal).QueryAsync(new() { Instance = "web1" })).Entries[0].Begin!.Text;

    private async Task<string?> ReadPersonAsync()
    {
        var entry = (await new AuditLog(Journal).QueryAsync(new() { Instance = "web1" })).Entries[0];
        return await new AuditPersonalData(new FileAuditKeyStore(Path.Combine(Folder, "audit-keys"))).ReadAsync(entry.Begin!.Text, entry.Boot);
    }
}
