using System.Security.Cryptography;
using System.Text;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Reading;

namespace GatewayKit.Tests.Auditing.Reading;

/// <summary>Whoever has all rights on the disk and no key builds a journal whose hashes are right: what was signed, and what was not, shows it.</summary>
public sealed class ForgeryTests : JournalTest
{
    private AuditVerificationOptions Options => new() { TrustedKeys = Trusted };

    [Fact]
    public async Task Journal_without_any_signature_is_a_violation_whatever_times_its_lines_say()
    {
        WriteTwoBoots();
        foreach (var file in System.IO.Directory.GetFiles(Directory, "*.ck", SearchOption.AllDirectories))
        {
            File.Delete(file);
        }

        Assert.Equal([AuditFindingCode.UnsignedEnd], await ViolationsAsync());
        Assert.Equal([AuditFindingCode.UnsignedEnd], await ViolationsAsync(new() { TrustedKeys = Trusted, MostUnsigned = TimeSpan.FromDays(1) }));
    }

    [Fact]
    public async Task Journal_that_has_just_begun_may_have_no_signature_yet()
    {
        Builder.Time = DateTimeOffset.UtcNow;
        Builder.StartBoot();
        Requests(3).Flush();
        Assert.Empty(await ViolationsAsync(Options with { MostUnsigned = TimeSpan.FromDays(1) }));
        Assert.Equal([AuditFindingCode.UnsignedEnd], await ViolationsAsync(Options with { MostUnsigned = TimeSpan.Zero }));
    }

    [Fact]
    public async Task Last_line_with_an_early_time_hides_no_later_one()
    {
        Builder.StartBoot();
        Requests(3).Checkpoint();
        Builder.Time += TimeSpan.FromHours(1);
        Requests(1);
        Builder.Time -= TimeSpan.FromHours(2);
        Requests(1).Stop(sign: false);
        Assert.Equal([AuditFindingCode.UnsignedEnd], await ViolationsAsync());
    }

    [Fact]
    public async Task Lines_without_a_signature_are_limited_in_number_too()
    {
        Builder.StartBoot();
        Requests(3).Checkpoint();
        Requests(5).Stop(sign: false);
        Assert.Empty(await ViolationsAsync(Options with { MostUnsignedLines = 10 }));
        Assert.Equal([AuditFindingCode.UnsignedEnd], await ViolationsAsync(Options with { MostUnsignedLines = 9 }));
        Assert.Equal([AuditFindingCode.UnsignedEnd], await ViolationsAsync(Options with { MostUnsigned = TimeSpan.Zero }));
    }

    [Fact]
    public async Task Lines_behind_the_last_checkpoint_of_a_segment_are_a_violation()
    {
        Builder.StartBoot();
        Requests(3).Checkpoint(isLast: true);
        Requests(2).Stop(sign: false);
        Assert.Equal([AuditFindingCode.InsertedLine], await ViolationsAsync());
    }

    [Fact]
    public async Task Part_of_a_line_behind_the_last_checkpoint_of_a_segment_is_a_violation()
    {
        WriteTwoBoots();
        await File.AppendAllTextAsync(Builder.SegmentFile, "{\"v\":1,");
        Assert.Equal([AuditFindingCode.ForeignBytes], await ViolationsAsync());
    }

    [Theory]
    [InlineData("1.gkal")]
    [InlineData("000000001.gkal")]
    [InlineData("00000000.gkal")]
    [InlineData("1.ck")]
    [InlineData("1.torn")]
    [InlineData("lock")]
    [InlineData("signing.key")]
    [InlineData("reserve")]
    [InlineData("anything.new")]
    [InlineData("00000001.gkal.new")]
    [InlineData("../probe")]
    [InlineData("../anything.new")]
    [InlineData("../keys/anything.new")]
    public async Task Name_that_the_writer_does_not_give_there_is_told(string name)
    {
        WriteTwoBoots();
        File.Copy(Path.Combine(Builder.BootFolder, "00000001.gkal"), Path.Combine(Builder.BootFolder, name));
        Assert.Equal([AuditFindingCode.ForeignBytes], await ViolationsAsync());
    }

    [Theory]
    [InlineData("probe")]
    [InlineData("00000001.gkal.gz.new")]
    [InlineData("00000001.torn.new")]
    [InlineData("../signing.key.new")]
    [InlineData("../keys/k2.pem.new")]
    public async Task What_a_kill_leaves_of_the_writer_is_none_of_the_record(string name)
    {
        WriteTwoBoots();
        await File.WriteAllTextAsync(Path.Combine(Builder.BootFolder, name), "half");
        Assert.Empty(await ViolationsAsync());
    }

    [Fact]
    public async Task Segment_that_is_there_twice_says_the_same_twice()
    {
        WriteTwoBoots();
        var plain = Path.Combine(Builder.BootFolder, "00000001.gkal");
        var bytes = await File.ReadAllBytesAsync(plain);
        await CompressAsync(plain + ".gz", bytes);
        Assert.Empty(await ViolationsAsync());
        bytes[^20] ^= 1;
        await CompressAsync(plain + ".gz", bytes);
        Assert.Equal([AuditFindingCode.DamagedSegment], await ViolationsAsync());
    }

    [Theory]
    [InlineData("half a line", "half a line", false)]
    [InlineData("half a line", "half a lime", true)]
    [InlineData("half a line", null, true)]
    [InlineData(null, "half a line", true)]
    public async Task What_was_cut_off_is_held_against_the_report_of_the_next_boot(string? kept, string? reported, bool isViolation)
    {
        Builder.StartBoot();
        Requests(3).Checkpoint().Stop(sign: false);
        var (boot, file) = (Builder.Boot, Builder.SegmentFile);
        if (kept is not null)
        {
            await File.WriteAllTextAsync(Path.ChangeExtension(file, ".torn"), kept);
        }

        Builder.StartBoot();
        if (reported is not null)
        {
            Builder.Event("crash_report", $",\"of\":\"{boot}\",\"segment\":1,\"lastSeq\":6,\"cutBytes\":{reported.Length},\"sha256\":\"{Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(reported)))}\"");
        }

        Requests(1).Stop();
        var report = await VerifyAsync();
        Assert.Equal(isViolation ? [AuditFindingCode.TornTail] : [], Violations(report));
        Assert.Equal(!isViolation, Notes(report).Contains(AuditFindingCode.TornTail));
    }

    [Fact]
    public async Task Signature_has_one_spelling_only()
    {
        WriteTwoBoots();
        Edit(Path.ChangeExtension(Builder.SegmentFile, ".ck"), static lines => [.. lines[..^1], lines[^1].Replace("\"}", "==\"}", StringComparison.Ordinal)]);
        Assert.Contains(AuditFindingCode.BadCheckpoint, await ViolationsAsync());
    }

    [Theory]
    [InlineData(3)]
    [InlineData(-1)]
    public async Task Compressed_segment_with_a_wrong_head_is_found(int flipped)
    {
        Builder.StartBoot();
        Requests(3).Rotate(compress: true);
        Requests(3).Stop();
        var file = Path.Combine(Builder.BootFolder, "00000001.gkal.gz");
        var bytes = await File.ReadAllBytesAsync(file);
        if (flipped >= 0)
        {
            bytes[flipped] ^= 8;
        }

        await File.WriteAllBytesAsync(file, flipped >= 0 ? bytes : bytes[..18]);
        var report = await VerifyAsync();
        Assert.Contains(report.Findings, static finding => finding is { Code: AuditFindingCode.DamagedSegment, Level: AuditFindingLevel.Violation } && finding.File.EndsWith("00000001.gkal.gz", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("prev")]
    [InlineData("prevRoot")]
    [InlineData("inst")]
    public async Task First_line_with_a_member_that_is_null_is_a_finding_and_no_error(string name)
    {
        WriteTwoBoots();
        Edit(Builder.SegmentFile, lines => [Nulled(lines[0], name), .. lines[1..]]);
        Assert.Contains(AuditFindingCode.ChangedLine, await ViolationsAsync());
        Assert.NotEmpty((await new AuditLog(Directory).QueryAsync(new())).Entries);
    }

    [Theory]
    [InlineData("keyId")]
    [InlineData("inst")]
    [InlineData("prevSig")]
    public async Task Checkpoint_with_a_member_that_is_null_is_a_finding_and_no_error(string name)
    {
        WriteTwoBoots();
        var anchor = Builder.Anchor(Path.Combine(Elsewhere, "anchor.ck"));
        Edit(Path.ChangeExtension(Builder.SegmentFile, ".ck"), lines => [.. lines[..^1], Nulled(lines[^1], name)]);
        Edit(anchor, lines => [Nulled(lines[0], name)]);
        Assert.Contains(AuditFindingCode.BadCheckpoint, await ViolationsAsync(Options with { Anchors = [anchor] }));
    }

    [Fact]
    public async Task Key_signs_for_its_own_instance_only()
    {
        WriteTwoBoots();
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using (var reader = new JournalBuilder(Elsewhere, "cli-eve", other))
        {
            reader.StartBoot().Request().Stop();
        }

        System.IO.Directory.Move(Path.Combine(Elsewhere, "cli-eve"), Path.Combine(Directory, "cli-eve"));
        var trusted = Path.Combine(Elsewhere, "trusted");
        Trust(Path.Combine(trusted, "eu1"), Key);
        Trust(Path.Combine(trusted, "cli-eve"), other);
        Assert.Empty(await ViolationsAsync(new() { TrustedKeys = AuditKeys.Load(trusted) }));
        Assert.Empty(await ViolationsAsync(new()));

        // Eve has her key, and writes the journal of the host anew.
        System.IO.Directory.Delete(Path.Combine(Directory, "eu1"), recursive: true);
        using (var forger = new JournalBuilder(Directory, key: other))
        {
            forger.StartBoot().Request().Stop();
        }

        File.Delete(Path.Combine(Directory, "eu1", "keys", "k1.pem"));
        Assert.Equal([AuditFindingCode.BadSignature], await ViolationsAsync(new() { TrustedKeys = AuditKeys.Load(trusted) }));
        Assert.Equal([AuditFindingCode.UnknownKey], await ViolationsAsync(new()));
    }

    [Fact]
    public async Task Key_for_all_is_none_for_readers_and_none_for_an_instance_with_keys_of_its_own()
    {
        using var reader = new JournalBuilder(Directory, "cli-eve", Key);
        reader.StartBoot().Request().Stop();
        var report = await VerifyAsync();
        Assert.Equal([AuditFindingCode.UnknownKey], Violations(report));
        Assert.Contains("in a folder 'cli-eve' among those to trust", report.Findings[0].Sentence, StringComparison.Ordinal);

        System.IO.Directory.Delete(Path.Combine(Directory, "cli-eve"), recursive: true);
        WriteTwoBoots();
        var trusted = Path.Combine(Elsewhere, "trusted");
        Trust(trusted, Key);
        Assert.Empty(await ViolationsAsync(new() { TrustedKeys = AuditKeys.Load(trusted) }));
        System.IO.Directory.CreateDirectory(Path.Combine(trusted, "eu1"));
        Assert.Contains(AuditFindingCode.UnknownKey, await ViolationsAsync(new() { TrustedKeys = AuditKeys.Load(trusted) }));
    }

    [Theory]
    [InlineData("../../../trusted/k1")]
    [InlineData("k2")]
    public async Task Nothing_is_proved_under_a_checkpoint_that_no_key_of_the_instance_has_signed(string keyId)
    {
        WriteTwoBoots();
        var (trusted, bundle) = (Path.Combine(Elsewhere, "trusted", "k1.pem"), Path.Combine(Elsewhere, "a", "bundle"));
        Trust(Path.Combine(Elsewhere, "trusted"), Key);
        var before = await File.ReadAllTextAsync(trusted);
        await File.WriteAllTextAsync(Path.Combine(Directory, "eu1", "keys", "k1.pem"), before);
        Edit(Path.ChangeExtension(Builder.SegmentFile, ".ck"), lines => [.. lines[..^1], lines[^1].Replace("\"keyId\":\"k1\"", $"\"keyId\":\"{keyId}\"", StringComparison.Ordinal)]);
        var log = new AuditLog(Directory);
        await Assert.ThrowsAsync<InvalidDataException>(() => log.ProveAsync(new() { PageSize = 1_000 }));
        await Assert.ThrowsAsync<InvalidDataException>(() => log.ExportAsync(new(), AuditExportFormat.JsonLines, Stream.Null, bundle));
        Assert.Equal(before, await File.ReadAllTextAsync(trusted));
    }

    [Fact]
    public async Task Bundle_replaces_no_key_and_is_as_readable_as_the_journal()
    {
        WriteTwoBoots();
        var bundle = Path.Combine(Elsewhere, "bundle");
        var log = new AuditLog(Directory);
        await log.ExportAsync(new(), AuditExportFormat.JsonLines, Stream.Null, bundle);
        var key = Path.Combine(bundle, "keys", "k1.pem");
        Assert.Equal(Key.ExportSubjectPublicKeyInfoPem(), await File.ReadAllTextAsync(key));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(Path.Combine(bundle, "proofs.jsonl")) & (UnixFileMode.OtherRead | UnixFileMode.GroupWrite));
            Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(bundle) & (UnixFileMode.OtherRead | UnixFileMode.OtherExecute));
        }

        await File.WriteAllTextAsync(key, "another");
        await Assert.ThrowsAsync<IOException>(() => log.ExportAsync(new(), AuditExportFormat.JsonLines, Stream.Null, bundle));
        Assert.Equal("another", await File.ReadAllTextAsync(key));
    }

    [Fact]
    public async Task Copy_that_was_changed_is_no_damage_of_the_journal()
    {
        Builder.StartBoot().Event("integrity_violation", ",\"sink\":\"postgresql\",\"n\":1").Stop();
        var report = await VerifyAsync();
        Assert.Equal([AuditFindingCode.ChangedCopy], Violations(report));
        Assert.Contains("'postgresql'", report.Findings[0].Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_that_callers_give_within_a_record_decide_no_filter()
    {
        Builder.StartBoot();
        foreach (var inner in (string[])["{\"a\":\"{\\\\\\\"\",\"tenant\":\"acme\",\"sub\":\"acme\"}", "[{\"x\":1,\"tenant\":\"acme\",\"sub\":\"acme\"}]"])
        {
            Builder.Line($$"""{"v":1,"kind":"begin","rid":"{{Builder.NextId()}}","ts":"2026-03-01T12:00:00Z","route":"orders","query":{{inner}}""");
            Builder.Line($$"""{"v":1,"kind":"begin","rid":"{{Builder.NextId()}}","ts":"2026-03-01T12:00:00Z","route":"orders","query":{{inner}},"sub":"globex","tenant":"globex" """);
        }

        Builder.Stop();
        var log = new AuditLog(Directory);
        Assert.Empty((await log.QueryAsync(new() { Tenant = "acme" })).Entries);
        Assert.Empty((await log.QueryAsync(new() { Consumer = "acme" })).Entries);
        Assert.Equal(2, (await log.QueryAsync(new() { Tenant = "globex", Consumer = "globex" })).Entries.Count);
    }

    private static void Trust(string folder, ECDsa key)
    {
        System.IO.Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "k1.pem"), key.ExportSubjectPublicKeyInfoPem());
    }

    private static string Nulled(string line, string name)
    {
        var from = line.IndexOf($"\"{name}\":\"", StringComparison.Ordinal) + name.Length + 3;
        return string.Concat(line.AsSpan(0, from), "null", line.AsSpan(line.IndexOf('"', from + 1) + 1));
    }

    private static async Task CompressAsync(string path, byte[] bytes)
    {
        await using var file = File.Create(path);
        await using var gzip = new System.IO.Compression.GZipStream(file, System.IO.Compression.CompressionLevel.Fastest);
        await gzip.WriteAsync(bytes);
    }
}
