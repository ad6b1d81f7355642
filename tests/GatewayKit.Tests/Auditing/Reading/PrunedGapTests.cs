using GatewayKit.Auditing.Reading;

namespace GatewayKit.Tests.Auditing.Reading;

/// <summary>Gaps that retention has left, under signed checkpoints and with anchors that were told of what is gone.</summary>
public sealed class PrunedGapTests : JournalTest
{
    private string Anchors => Path.Combine(Elsewhere, "anchors.ck");

    private AuditVerificationOptions Known => new() { TrustedKeys = Trusted, Anchors = [Anchors], ExpectedInstances = ["eu1"] };

    [Fact]
    public async Task Anchors_of_pruned_segments_and_boots_do_not_miss_them()
    {
        WriteBootsAndPrune();
        var report = await VerifyAsync(Known);
        Assert.True(report.IsIntact, report.ToString());
        Assert.Equal([AuditFindingCode.Pruned], Notes(report));
        Assert.True(report.KeysAreTrusted);
    }

    [Fact]
    public async Task Gap_is_none_that_is_explained_while_no_signature_covers_the_event()
    {
        WriteBootsAndPrune(isSigned: false);
        var alone = Known with { Anchors = [] };
        Assert.Equal([AuditFindingCode.MissingSegment, AuditFindingCode.MissingBoot], (await ViolationsAsync(alone)).Order());
        Builder.Checkpoint().Flush();
        Assert.Empty(await ViolationsAsync(alone));
    }

    [Fact]
    public async Task Signature_by_a_key_that_nobody_trusts_explains_nothing()
    {
        WriteBootsAndPrune();
        using var stranger = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var other = AuditKeys.Create([KeyValuePair.Create(JournalBuilder.KeyId, stranger.ExportSubjectPublicKeyInfoPem())]);
        var violations = await ViolationsAsync(new() { TrustedKeys = other });
        Assert.Subset(violations.ToHashSet(), new HashSet<AuditFindingCode> { AuditFindingCode.BadSignature, AuditFindingCode.MissingSegment });
    }

    [Fact]
    public async Task Segment_behind_the_gap_that_somebody_deleted_too_is_missing()
    {
        WriteBootsAndPrune();
        var first = FileOf("00000002.gkal");
        File.Delete(first);
        File.Delete(Path.ChangeExtension(first, ".ck"));
        Assert.Contains(AuditFindingCode.MissingSegment, await ViolationsAsync(Known));
    }

    [Fact]
    public async Task Anchor_still_finds_a_tail_that_was_cut_behind_the_gap()
    {
        WriteBootsAndPrune();
        var (segment, checkpoints) = (Builder.SegmentFile, Path.ChangeExtension(Builder.SegmentFile, ".ck"));
        Edit(segment, static lines => lines[..^3]);
        Edit(checkpoints, static lines => lines[..^1]);
        Assert.Empty(await ViolationsAsync(Known with { Anchors = [] }));
        Assert.Equal([AuditFindingCode.CutTail], await ViolationsAsync(Known));
    }

    // A boot of one segment and one of three; the first boot and the first segment of the second are pruned. An anchor was told of each segment, the last one after its last line.
    private void WriteBootsAndPrune(bool isSigned = true)
    {
        Builder.StartBoot();
        Requests(5);
        Anchor();
        Builder.Stop();
        var (first, gone) = (Builder.Boot, Builder.BootFolder);
        Builder.StartBoot();
        var start = SegmentHeader.TryRead(File.ReadAllBytes(Builder.Flush().SegmentFile).AsSpan()[..^1])!;
        Requests(5);
        Anchor();
        Builder.Rotate();
        var second = SegmentHeader.TryRead(File.ReadAllBytes(Builder.Flush().SegmentFile).AsSpan()[..^1])!;
        Requests(5);
        Anchor();
        Builder.Rotate();
        Builder.Event("audit.retention", Pruned(first, 10, LastHashOf(gone), string.Empty));
        Builder.Event("audit.retention", Pruned(Builder.Boot, second.Sequence - 1, second.Previous, second.PreviousRoot));
        if (isSigned)
        {
            Builder.Checkpoint();
        }

        Requests(5);
        Anchor();
        if (isSigned)
        {
            Builder.Checkpoint();
        }

        Builder.Flush();
        Assert.Equal(first, start.PreviousBoot);
        System.IO.Directory.Delete(gone, recursive: true);
        File.Delete(FileOf("00000001.gkal"));
        File.Delete(FileOf("00000001.ck"));
    }

    private static string Pruned(Guid boot, long last, string hash, string root) =>
        $",\"prunedBoot\":\"{boot}\",\"prunedFrom\":1,\"prunedTo\":1,\"count\":{last + 1},\"firstSeq\":0,\"lastSeq\":{last},\"lastHash\":\"{hash}\",\"lastRoot\":\"{root}\"";

    private static string LastHashOf(string boot) =>
        System.Text.Json.JsonElement.Parse(File.ReadAllLines(Path.Combine(boot, "00000001.gkal"))[^1]).GetProperty("h").GetString()!;

    private void Anchor()
    {
        var file = Path.Combine(Elsewhere, "anchor");
        File.AppendAllText(Anchors, File.ReadAllText(Builder.Anchor(file)));
    }

    private string FileOf(string file) => Path.Combine(Builder.BootFolder, file);
}
