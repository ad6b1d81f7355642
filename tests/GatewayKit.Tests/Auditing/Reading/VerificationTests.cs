using System.Text.Json;
using GatewayKit.Auditing.Reading;

namespace GatewayKit.Tests.Auditing.Reading;

public sealed class VerificationTests : JournalTest
{
    [Fact]
    public async Task Journal_in_good_order_is_intact()
    {
        WriteTwoBoots();
        var report = await VerifyAsync();
        Assert.True(report.IsIntact, report.ToString());
        Assert.Equal(AuditFindingCode.NoAnchor, Assert.Single(report.Findings).Code);
        Assert.Empty((await VerifyAsync(new() { TrustedKeys = Trusted, Anchors = [Builder.Anchor(Path.Combine(Elsewhere, "a.ck"))] })).Findings);
        var instance = Assert.Single(report.Instances);
        Assert.Equal(("eu1", 2L, 4L, 164L, 80L, 8L, 0L), (instance.Instance, instance.Boots, instance.Segments, instance.Lines, instance.Requests, instance.Checkpoints, instance.UnsignedLines));
        Assert.Equal((Builder.Boot, Builder.Sequence - 1), (instance.LastBoot, instance.LastSequence));
        Assert.Equal(report.Bytes, new DirectoryInfo(Directory).EnumerateFiles("*.gkal", SearchOption.AllDirectories).Sum(static file => file.Length));
    }

    [Fact]
    public async Task Compressed_segments_are_read_beside_plain_ones()
    {
        Builder.StartBoot();
        Requests(100).Rotate(compress: true);
        Requests(100).Rotate();
        Requests(10).Stop(compress: true);
        var report = await VerifyAsync();
        Assert.True(report.IsIntact, report.ToString());
        Assert.Equal(423, report.Lines);
    }

    [Fact]
    public async Task Journal_that_is_being_written_is_intact_up_to_its_last_line()
    {
        Builder.StartBoot();
        Requests(10).Checkpoint().Begin("open").Flush();
        await File.AppendAllTextAsync(Builder.SegmentFile, "{\"v\":1,\"kind\":\"be");
        var report = await VerifyAsync();
        Assert.True(report.IsIntact, report.ToString());
        Assert.Equal([AuditFindingCode.PartialLine, AuditFindingCode.UnknownEnd, AuditFindingCode.UnsignedEnd], Notes(report));
        Assert.Equal(1, report.Instances[0].UnsignedLines);
    }

    [Fact]
    public async Task Beginning_that_was_made_void_is_no_request()
    {
        Builder.StartBoot().Begin("refused").Begin("refused").Begin("served").Event("audit.void", ",\"seqs\":[1,2]").End("served").Stop();
        var report = await VerifyAsync();
        Assert.True(report.IsIntact, report.ToString());
        Assert.Empty(Notes(report));
        Assert.Equal(1, report.Instances[0].Requests);
    }

    [Fact]
    public async Task Own_keys_are_used_and_told()
    {
        WriteTwoBoots();
        var report = await VerifyAsync(new());
        Assert.True(report.IsIntact);
        Assert.False(report.KeysAreTrusted);
        Assert.Equal([AuditFindingCode.OwnKeys], Notes(report));
    }

    [Fact]
    public async Task Key_that_is_not_trusted_is_one_finding_however_much_it_has_signed()
    {
        WriteTwoBoots();
        var anchors = Builder.Anchor(Path.Combine(Elsewhere, "a.ck"));
        await File.AppendAllTextAsync(anchors, await File.ReadAllTextAsync(anchors));
        var report = await VerifyAsync(new() { TrustedKeys = AuditKeys.Create([]), Anchors = [anchors] });
        var (ofAnchors, ofCheckpoints) = (report.Findings[0], report.Findings[1]);
        Assert.Equal((2, 2), (report.Counts[AuditFindingCode.UnknownKey], report.Violations));
        Assert.Equal((AuditFindingCode.UnknownKey, 1, "The key 'k1' is not among those to trust for 'eu1', and has signed 2 anchors, of which this is the first."), (ofAnchors.Code, ofAnchors.Line, ofAnchors.Sentence));
        Assert.Equal((AuditFindingCode.UnknownKey, 1, "The key 'k1' is not among those to trust for 'eu1', and has signed 8 checkpoints, of which this is the first."), (ofCheckpoints.Code, ofCheckpoints.Line, ofCheckpoints.Sentence));
        Assert.EndsWith("00000001.ck", ofCheckpoints.File, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Instance_that_is_to_be_verified_and_is_not_there_is_no_intact_journal()
    {
        WriteTwoBoots();
        Assert.Equal([AuditFindingCode.MissingInstance], await ViolationsAsync(new() { TrustedKeys = Trusted, Instances = ["eu1", "eu3"] }));
    }

    [Fact]
    public async Task Key_that_is_not_trusted_signs_nothing()
    {
        WriteTwoBoots();
        using var other = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var pem = other.ExportSubjectPublicKeyInfoPem();
        Assert.Equal([AuditFindingCode.UnknownKey], await ViolationsAsync(new() { TrustedKeys = AuditKeys.Create([KeyValuePair.Create("other", pem)]) }));
        Assert.Equal([AuditFindingCode.BadSignature], await ViolationsAsync(new() { TrustedKeys = AuditKeys.Create([KeyValuePair.Create(JournalBuilder.KeyId, pem)]) }));
    }

    [Fact]
    public async Task Long_end_without_a_signature_is_a_violation()
    {
        Builder.StartBoot();
        Requests(10).Checkpoint();
        Builder.Time += TimeSpan.FromMinutes(2);
        Requests(1).Stop(sign: false);
        Assert.Equal([AuditFindingCode.UnsignedEnd], await ViolationsAsync());
        Assert.Empty(await ViolationsAsync(new() { TrustedKeys = Trusted, MostUnsigned = TimeSpan.FromMinutes(3) }));
    }

    [Fact]
    public async Task Later_boot_signs_the_end_of_one_that_was_killed()
    {
        Builder.StartBoot();
        Requests(10).Checkpoint();
        Requests(1).Stop(sign: false);
        Builder.Time += TimeSpan.FromHours(1);
        Builder.StartBoot().Event("crash_report");
        Requests(1).Stop();
        var report = await VerifyAsync();
        Assert.True(report.IsIntact, report.ToString());
        Assert.Equal(0, report.Instances[0].UnsignedLines);
    }

    [Fact]
    public async Task Tail_that_was_cut_is_found_by_the_checkpoint_that_is_left()
    {
        WriteTwoBoots();
        Edit(Builder.SegmentFile, static lines => lines[..^3]);
        Assert.Equal([AuditFindingCode.CutTail], await ViolationsAsync());
    }

    [Fact]
    public async Task Tail_that_was_cut_with_its_checkpoint_is_found_by_an_anchor_only()
    {
        WriteTwoBoots();
        var anchor = Builder.Anchor(Path.Combine(Elsewhere, "anchor.ck"));
        Edit(Builder.SegmentFile, static lines => lines[..21]);
        Edit(Path.ChangeExtension(Builder.SegmentFile, ".ck"), static lines => lines[..1]);
        Assert.Empty(await ViolationsAsync());
        Assert.Equal([AuditFindingCode.CutTail], await ViolationsAsync(new() { TrustedKeys = Trusted, Anchors = [anchor] }));
    }

    [Fact]
    public async Task Last_boot_or_instance_that_is_gone_is_found_by_an_anchor_only()
    {
        WriteTwoBoots();
        var options = new AuditVerificationOptions { TrustedKeys = Trusted, Anchors = [Builder.Anchor(Path.Combine(Elsewhere, "anchor.ck"))] };
        Assert.Empty(await ViolationsAsync(options));
        System.IO.Directory.Delete(Builder.BootFolder, recursive: true);
        Assert.Empty(await ViolationsAsync());
        Assert.Equal([AuditFindingCode.MissingBoot], await ViolationsAsync(options));
        System.IO.Directory.Delete(Path.Combine(Directory, "eu1"), recursive: true);
        Assert.Empty(await ViolationsAsync());
        Assert.Equal([AuditFindingCode.MissingInstance], await ViolationsAsync(options));
        Assert.Equal([AuditFindingCode.MissingInstance], await ViolationsAsync(new() { TrustedKeys = Trusted, ExpectedInstances = ["eu1"] }));
    }

    [Fact]
    public async Task Boot_that_others_followed_is_missed_without_an_anchor()
    {
        WriteTwoBoots();
        var second = Builder.BootFolder;
        Builder.StartBoot();
        Requests(1).Stop();
        System.IO.Directory.Delete(second, recursive: true);
        Assert.Equal([AuditFindingCode.MissingBoot], await ViolationsAsync());
    }

    [Fact]
    public async Task End_of_an_earlier_boot_is_held_against_the_next_one()
    {
        Builder.StartBoot();
        Requests(5).Checkpoint();
        var (file, length) = (Builder.SegmentFile, new FileInfo(Builder.Flush().SegmentFile).Length);
        Requests(5).Stop(sign: false);
        Builder.StartBoot();
        Requests(5).Stop();
        Assert.Empty(await ViolationsAsync());
        using (var stream = File.OpenWrite(file))
        {
            stream.SetLength(length);
        }

        Assert.Equal([AuditFindingCode.CutTail], await ViolationsAsync());
    }

    [Fact]
    public async Task Two_boots_cannot_follow_the_same_one()
    {
        WriteTwoBoots();
        using var forger = new JournalBuilder(Elsewhere, key: Key);
        forger.StartBoot().Request().Stop();
        System.IO.Directory.Move(forger.BootFolder, Path.Combine(Directory, "eu1", forger.Boot.ToString("D")));
        Assert.Contains(AuditFindingCode.ForkedBoot, await ViolationsAsync());
    }

    [Fact]
    public async Task Segments_whose_files_were_exchanged_say_where_they_belong()
    {
        WriteTwoBoots();
        var (first, second, aside) = (Builder.SegmentFile.Replace("02.gkal", "01.gkal", StringComparison.Ordinal), Builder.SegmentFile, Path.Combine(Elsewhere, "aside"));
        File.Move(first, aside);
        File.Move(second, first);
        File.Move(aside, second);
        Assert.Contains(AuditFindingCode.WrongHeader, await ViolationsAsync());
    }

    [Fact]
    public async Task Pruned_segments_are_explained_by_a_signed_event_and_by_nothing_else()
    {
        Builder.StartBoot();
        Requests(5).Rotate();
        var header = SegmentHeader.TryRead(File.ReadAllBytes(Builder.Flush().SegmentFile).AsSpan()[..^1])!;
        var first = Path.Combine(Builder.BootFolder, "00000001.gkal");
        var pruned = $",\"prunedBoot\":\"{Builder.Boot}\",\"prunedFrom\":1,\"prunedTo\":1,\"firstSeq\":0,\"lastSeq\":{header.Sequence - 1},\"lastHash\":\"{header.Previous}\",\"lastRoot\":\"{header.PreviousRoot}\"";
        Requests(5).Event("audit.retention", pruned);
        Assert.Empty(await ViolationsAsync(new() { TrustedKeys = Trusted }));
        File.Delete(first);
        File.Delete(Path.ChangeExtension(first, ".ck"));
        Builder.Flush();
        Assert.Contains(AuditFindingCode.MissingSegment, await ViolationsAsync());
        Builder.Checkpoint().Flush();
        var report = await VerifyAsync();
        Assert.True(report.IsIntact, report.ToString());
        Assert.Equal([AuditFindingCode.Pruned], Notes(report));
    }

    [Theory]
    [InlineData("lastHash")]
    [InlineData("lastRoot")]
    [InlineData("prunedTo")]
    public async Task Event_that_names_something_else_explains_nothing(string wrong)
    {
        Builder.StartBoot();
        Requests(5).Rotate();
        var header = SegmentHeader.TryRead(File.ReadAllBytes(Builder.Flush().SegmentFile).AsSpan()[..^1])!;
        var first = Path.Combine(Builder.BootFolder, "00000001.gkal");
        string Or(string name, string value) => name == wrong ? name is "prunedTo" ? "2" : value.Replace(value[0], value[0] is 'A' ? 'B' : 'A') : value;
        Builder.Event("audit.retention", $",\"prunedBoot\":\"{Builder.Boot}\",\"prunedFrom\":1,\"prunedTo\":{Or("prunedTo", "1")},\"firstSeq\":0,\"lastSeq\":{header.Sequence - 1},\"lastHash\":\"{Or("lastHash", header.Previous)}\",\"lastRoot\":\"{Or("lastRoot", header.PreviousRoot)}\"").Stop();
        File.Delete(first);
        File.Delete(Path.ChangeExtension(first, ".ck"));
        Assert.Equal([AuditFindingCode.MissingSegment], await ViolationsAsync());
    }

    [Fact]
    public async Task Pruned_boot_is_explained_by_the_hash_that_the_next_one_began_with()
    {
        Builder.StartBoot();
        Requests(5).Stop();
        var (gone, folder) = (Builder.Boot, Builder.BootFolder);
        var last = (await VerifyAsync()).Instances[0].LastHash;
        Builder.StartBoot().Event("audit.retention", $",\"prunedBoot\":\"{gone}\",\"prunedFrom\":1,\"prunedTo\":1,\"firstSeq\":0,\"lastSeq\":10,\"lastHash\":\"{last}\",\"lastRoot\":\"\"").Stop();
        System.IO.Directory.Delete(folder, recursive: true);
        var report = await VerifyAsync();
        Assert.True(report.IsIntact, report.ToString());
        Assert.Equal([AuditFindingCode.Pruned], Notes(report));
    }

    [Theory]
    [InlineData("write-failed", 1, null, true)]
    [InlineData("sync-failed", 1, null, true)]
    [InlineData("write-failed", 1, 10, true)]
    [InlineData("write-failed", 1, 11, false)]
    [InlineData("disk-full", 1, null, false)]
    [InlineData("write-failed", 2, null, false)]
    public async Task Lines_that_a_failed_disk_has_lost_are_explained_by_the_event_that_names_the_segment_and_the_last_line_that_the_disk_has(string reason, int segment, int? synced, bool isExplained)
    {
        Builder.StartBoot();
        Requests(5).Checkpoint().Flush();
        var (first, length, signature) = (Builder.SegmentFile, new FileInfo(Builder.SegmentFile).Length, Builder.LastSignature);
        Requests(5).Rotate();
        Edit(Path.ChangeExtension(first, ".ck"), static lines => lines[..1]);
        Builder.LastSignature = signature;
        Builder.Event("audit.degraded", $",\"reason\":\"{reason}\",\"segment\":{segment}{(synced is null ? "" : $",\"syncedSeq\":{synced}")}");
        Requests(5).Stop();
        using (var file = File.OpenWrite(first))
        {
            file.SetLength(length + 20);
        }

        var report = await VerifyAsync();
        AuditFindingCode[] expected = isExplained ? [] : [AuditFindingCode.ForeignBytes, AuditFindingCode.MissingLines];
        Assert.Equal(expected, Violations(report).OrderBy(static code => code.ToString(), StringComparer.Ordinal));
        Assert.Equal(isExplained, Notes(report).Contains(AuditFindingCode.GivenUpSegment));
    }

    [Fact]
    public async Task Journal_goes_on_in_another_directory()
    {
        Builder.StartBoot();
        Requests(5).Rotate();
        Requests(5).Stop();
        var moved = Path.Combine(Elsewhere, "eu1", Builder.Boot.ToString("D"));
        System.IO.Directory.CreateDirectory(moved);
        foreach (var file in System.IO.Directory.GetFiles(Builder.BootFolder, "00000002.*"))
        {
            File.Move(file, Path.Combine(moved, Path.GetFileName(file)));
        }

        var report = await new AuditLog(Directory, Elsewhere).VerifyAsync(new() { TrustedKeys = Trusted });
        Assert.True(report.IsIntact, report.ToString());
        Assert.Equal(22, report.Lines);
    }

    [Fact]
    public async Task Files_that_are_none_of_a_journal_are_told()
    {
        WriteTwoBoots();
        await File.WriteAllTextAsync(Path.Combine(Directory, "stray"), "");
        await File.WriteAllTextAsync(Path.Combine(Directory, "eu1", "stray"), "");
        await File.WriteAllTextAsync(Path.Combine(Builder.BootFolder, "stray.gkal"), "");
        System.IO.Directory.CreateDirectory(Path.Combine(Directory, ".hidden"));
        await File.WriteAllTextAsync(Path.Combine(Directory, "eu1", "lock"), "");
        await File.WriteAllTextAsync(Path.Combine(Directory, "eu1", "reserve"), "");
        var report = await VerifyAsync();
        Assert.Equal([AuditFindingCode.ForeignBytes], Violations(report));
        Assert.Equal(4, report.Violations);
    }

    [Fact]
    public async Task What_the_journal_says_of_itself_is_told()
    {
        Builder.StartBoot().Event("clock_step").Event("audit.lost", ",\"n\":3").Begin("left").Stop();
        await File.WriteAllTextAsync(Path.ChangeExtension(Builder.SegmentFile, ".torn"), "half a line");
        var report = await VerifyAsync();
        Assert.True(report.IsIntact, report.ToString());
        Assert.Equal([AuditFindingCode.ClockStep, AuditFindingCode.LostRecords, AuditFindingCode.UnknownEnd, AuditFindingCode.TornTail], Notes(report));
    }

    [Fact]
    public async Task Report_is_json_and_text()
    {
        WriteTwoBoots();
        Edit(Builder.SegmentFile, static lines => [lines[0], .. lines[2..]]);
        var report = await VerifyAsync();
        using var json = JsonDocument.Parse(report.ToJson());
        Assert.False(json.RootElement.GetProperty("isIntact").GetBoolean());
        Assert.Equal("MissingLines", json.RootElement.GetProperty("findings")[1].GetProperty("code").GetString());
        Assert.Contains($"MissingLines, eu1/{Builder.Boot}/00000002.gkal:2: ", report.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("NOT INTACT: 2 violations.", report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Findings_beyond_the_limit_are_counted()
    {
        WriteTwoBoots();
        Edit(Builder.SegmentFile, static lines => lines.Select(static (line, at) => at % 2 is 0 ? line : line.Replace("\"v\":1", "\"v\":2", StringComparison.Ordinal)));
        var report = await VerifyAsync(new() { TrustedKeys = Trusted, MostFindings = 3 });
        Assert.Equal(3, report.Findings.Count(static finding => finding.Level is AuditFindingLevel.Violation));
        Assert.Equal(20, report.Counts[AuditFindingCode.ChangedLine]);
        Assert.Contains("more findings: 20 ChangedLine", report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Progress_is_told_up_to_the_last_byte()
    {
        WriteTwoBoots();
        var told = new List<AuditProgress>();
        var report = await new AuditLog(Directory).VerifyAsync(new() { TrustedKeys = Trusted }, new Told(told));
        Assert.Equal(new(report.Bytes, report.Bytes, report.Lines), told[^1]);
    }

    [Fact]
    public void Directory_that_is_not_there_is_an_error() => Assert.Throws<DirectoryNotFoundException>(() => new AuditLog(Path.Combine(Elsewhere, "none")));

    private sealed class Told(List<AuditProgress> all) : IProgress<AuditProgress>
    {
        public void Report(AuditProgress value) => all.Add(value);
    }
}
