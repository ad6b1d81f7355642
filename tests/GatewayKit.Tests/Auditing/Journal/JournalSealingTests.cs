using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Journal;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Auditing.Journal;

public sealed class JournalSealingTests : IDisposable
{
    private readonly JournalFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly ListAnchor _anchor = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Checkpoints_are_signed_chained_over_boots_and_say_what_the_segment_says()
    {
        for (var boot = 0; boot < 2; boot++)
        {
            await using var journal = _folder.Open(anchors: [_anchor]);
            Assert.True(await journal.BeginAsync("1"));
            journal.End("1");
        }

        var previous = string.Empty;
        foreach (var segment in _folder.Segments())
        {
            var lines = JournalFolder.Text(segment)[..^1].Split('\n');
            var checkpoints = File.ReadAllLines(Path.ChangeExtension(segment, ".ck"));
            Assert.NotEmpty(checkpoints);
            foreach (var line in checkpoints)
            {
                var checkpoint = Checkpoint.TryRead(Encoding.UTF8.GetBytes(line), out var covered, out var signature)!;
                using var key = ECDsa.Create();
                key.ImportFromPem(File.ReadAllText(Path.Combine(_folder.Root, "one", "keys", checkpoint.KeyId + ".pem")));
                Assert.True(key.VerifyData(covered, signature, HashAlgorithmName.SHA256));
                Assert.Equal(previous, checkpoint.Previous);
                previous = Base64Url.EncodeToString(signature);
                var tree = new MerkleTree();
                foreach (var one in lines.Take((int)checkpoint.Count))
                {
                    tree.Add(Encoding.UTF8.GetBytes(one));
                }

                var root = new byte[HashChain.HashBytes];
                tree.GetRoot(root);
                Assert.Equal(Base64Url.EncodeToString(root), checkpoint.Root);
                Assert.Contains($"\"h\":\"{checkpoint.Hash}\"", lines[checkpoint.Count - 1], StringComparison.Ordinal);
            }

            var last = Checkpoint.TryRead(Encoding.UTF8.GetBytes(checkpoints[^1]), out _, out _)!;
            Assert.True(last.IsLast);
            Assert.Equal(lines.Length, last.Count);
            Assert.Contains(_anchor.Checkpoints, one => one.Line == checkpoints[^1]);
        }
    }

    [Fact]
    public async Task Idle_journal_is_signed_every_ten_seconds()
    {
        await using var journal = await OpenSyncedAsync();
        for (var i = 1; i <= 3; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            journal.Wake();
            await JournalFaultTests.UntilAsync(() => _anchor.Checkpoints.Count == i);
        }

        Assert.Equal([10, 20, 30], _anchor.Checkpoints.Select(static one => one.Time.Second));
    }

    [Fact]
    public async Task Nothing_is_signed_before_the_disk_has_it()
    {
        var files = new FaultyFiles();
        using var slow = new ManualResetEventSlim();
        await using var journal = _folder.Open(time: _time, files: files, anchors: [_anchor]);
        files.OnSync = path => { if (path.EndsWith(".gkal", StringComparison.Ordinal)) { slow.Wait(); } };
        Assert.True(await journal.BeginAsync("1"));
        _time.Advance(TimeSpan.FromSeconds(10));
        journal.Wake();
        Assert.True(await journal.BeginAsync("2"));
        Assert.Empty(_anchor.Checkpoints);
        slow.Set();
        await JournalFaultTests.UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(200));
            journal.Wake();
            return _anchor.Checkpoints.Count > 0;
        });
    }

    [Fact]
    public async Task Key_that_is_away_holds_up_nothing_and_signs_later()
    {
        var signer = new AwaySigner { IsAway = true };
        await using (var journal = await OpenSyncedAsync(signer))
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            journal.Wake();
            await JournalFaultTests.UntilAsync(() => journal.IsUnsealed);
            Assert.True(await journal.BeginAsync("1", AuditDelivery.Strict));
            signer.IsAway = false;
            _time.Advance(TimeSpan.FromSeconds(1));
            journal.Wake();
            await JournalFaultTests.UntilAsync(() => !journal.IsUnsealed && _anchor.Checkpoints.Count > 0);
        }

        Assert.Equal(["audit.started", "audit.degraded", "audit.recovered", "audit.stopped"], _folder.Events());
    }

    [Fact]
    public async Task Key_that_is_away_for_an_hour_refuses_strict_requests_only_until_all_is_signed_in_order()
    {
        var signer = new AwaySigner { IsAway = true };
        await using (var journal = await OpenSyncedAsync(signer))
        {
            await PassAsync(journal, () => journal.IsUnsealed);
            await PassAsync(journal, () => _time.GetUtcNow() >= new DateTimeOffset(2026, 1, 1, 0, 59, 0, TimeSpan.Zero));
            Assert.False(journal.IsUnsignedTooLong);
            Assert.True(await journal.BeginAsync("within the hour", AuditDelivery.Strict));

            await PassAsync(journal, () => journal.IsUnsignedTooLong && _folder.Logged.Any(static line => line.Contains("could be made for", StringComparison.Ordinal)));
            Assert.False(await journal.BeginAsync("refused", AuditDelivery.Strict));
            Assert.True(await journal.BeginAsync("guaranteed"));
            Assert.True(await journal.BeginAsync("best effort", AuditDelivery.BestEffort));
            journal.End("within the hour", AuditDelivery.Strict);

            signer.IsAway = false;
            await PassAsync(journal, () => !journal.IsUnsealed);
            Assert.True(await journal.BeginAsync("again", AuditDelivery.Strict));
        }

        Assert.Equal(
            ["audit.degraded unsealed", "audit.degraded unsigned-too-long", "audit.recovered unsigned-too-long", "audit.recovered unsealed"],
            _folder.Lines().Where(static line => line.TryGetProperty("reason", out _)).Select(static line => $"{line.GetProperty("event")} {line.GetProperty("reason")}"));
        Assert.DoesNotContain("\"refused\"", string.Concat(_folder.Segments().Select(JournalFolder.Text)), StringComparison.Ordinal);

        // Every segment that was closed meanwhile has the checkpoint of its end, and they are in order.
        var checkpoints = _folder.Segments().SelectMany(static segment => File.ReadAllLines(Path.ChangeExtension(segment, ".ck")))
            .Select(static line => Checkpoint.TryRead(Encoding.UTF8.GetBytes(line), out _, out _)!).ToArray();
        Assert.True(_folder.Segments().Count >= 3);
        Assert.Equal(_folder.Segments().Count, checkpoints.Count(static one => one.IsLast));
        Assert.Equal(checkpoints.Select(static one => one.Sequence).Order(), checkpoints.Select(static one => one.Sequence));
        Assert.Equal(checkpoints.Select(static one => one.Time).Order(), checkpoints.Select(static one => one.Time));
        Assert.True((await new GatewayKit.Auditing.Reading.AuditLog(_folder.Root).VerifyAsync(cancellationToken: TestContext.Current.CancellationToken)).IsIntact);
    }

    // The checkpoint is tried first, and then the disk is gone for what is written, too. Nothing of the checkpoint may be in its file, a part, or all of it, and nobody can tell which.
    [Theory]
    [InlineData(false, 0, false)]
    [InlineData(true, 0, false)]
    [InlineData(false, 50, false)]
    [InlineData(true, 50, false)]
    [InlineData(false, 100_000, false)]
    [InlineData(true, 100_000, false)]
    [InlineData(false, 0, true)]
    [InlineData(true, 0, true)]
    public async Task Checkpoint_that_a_dead_disk_does_not_take_keeps_those_of_the_next_one_from_nothing(bool isStopped, int bytes, bool isSync)
    {
        using var alternate = new JournalFolder();
        var files = new FaultyFiles();
        var isDead = false;
        files.OnWrite = path => IsThere(path) && (isDead || (!isSync && IsCheckpoint(path))) ? new(FaultyFiles.Broken(), IsCheckpoint(path) ? bytes : 0) : null;
        files.OnSync = path => { if (isSync && IsCheckpoint(path)) { throw FaultyFiles.Broken(); } };
        files.OnTruncate = path => { if (IsCheckpoint(path)) { throw FaultyFiles.Broken(); } };
        await using (var journal = _folder.Open(new() { MaxInFlight = 64, AlternateDirectory = alternate.Root }, _time, files, anchors: [_anchor]))
        {
            Assert.True(await journal.BeginAsync("first", AuditDelivery.Strict));
            await PassAsync(journal, () => journal.IsUnsealed);
            isDead = true;
            Assert.True(await journal.BeginAsync("elsewhere", AuditDelivery.Strict));
            if (!isStopped)
            {
                await PassAsync(journal, () => !journal.IsUnsealed);
                await JournalFaultTests.UntilAsync(() => _anchor.Checkpoints.Any(static one => one.Segment is 2));
                Assert.Contains(_folder.Logged, static line => line.Contains("the next checkpoint covers those lines too", StringComparison.Ordinal));
            }
        }

        var log = new GatewayKit.Auditing.Reading.AuditLog(_folder.Root, alternate.Root);
        var report = await log.VerifyAsync(new() { MostUnsignedLines = 0 }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(report.IsIntact, report.ToString());
        Assert.NotEqual(0, report.Instances[0].Checkpoints);

        await _folder.Open(new() { MaxInFlight = 64, AlternateDirectory = alternate.Root }, _time).DisposeAsync();
        report = await log.VerifyAsync(new() { MostUnsignedLines = 0 }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(report.IsIntact, report.ToString());

        bool IsThere(string path) => path.StartsWith(_folder.Root, StringComparison.Ordinal);
        bool IsCheckpoint(string path) => IsThere(path) && path.EndsWith(JournalPaths.Checkpoints, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    [InlineData(100_000)]
    public async Task Checkpoint_that_is_deleted_in_front_of_one_that_was_given_up_is_missed(int bytes)
    {
        using var alternate = new JournalFolder();
        await _folder.Open(time: _time).DisposeAsync();
        var before = Path.ChangeExtension(_folder.Segments()[^1], ".ck");
        var files = new FaultyFiles
        {
            OnWrite = path => path.StartsWith(_folder.Root, StringComparison.Ordinal) && path.EndsWith(JournalPaths.Checkpoints, StringComparison.Ordinal) ? new(FaultyFiles.Broken(), bytes) : null,
            OnTruncate = static _ => throw FaultyFiles.Broken(),
        };
        await using (var journal = _folder.Open(new() { MaxInFlight = 64, AlternateDirectory = alternate.Root }, _time, files))
        {
            Assert.True(await journal.BeginAsync("first", AuditDelivery.Strict));
            await PassAsync(journal, () => journal.IsUnsealed);
            var write = files.OnWrite;
            files.OnWrite = path => path.StartsWith(_folder.Root, StringComparison.Ordinal) ? write(path) ?? new(FaultyFiles.Broken()) : null;
            Assert.True(await journal.BeginAsync("elsewhere", AuditDelivery.Strict));
        }

        var log = new GatewayKit.Auditing.Reading.AuditLog(_folder.Root, alternate.Root);
        Assert.True((await log.VerifyAsync(cancellationToken: TestContext.Current.CancellationToken)).IsIntact);
        File.Delete(before);
        var report = await log.VerifyAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Contains(report.Findings, static finding => finding.Code is GatewayKit.Auditing.Reading.AuditFindingCode.BrokenCheckpoints);
    }

    // As on Windows while something copies it.
    [Fact]
    public async Task Checkpoint_whose_file_is_in_use_for_a_while_is_not_skipped()
    {
        var (isInUse, tries) = (true, 0);
        var files = new FaultyFiles { OnCreate = path => { if (path.EndsWith(JournalPaths.Checkpoints, StringComparison.Ordinal) && isInUse) { tries++; throw new IOException("In use.", 11); } } };
        await using (var journal = _folder.Open(time: _time, files: files, anchors: [_anchor]))
        {
            Assert.True(await journal.BeginAsync("first", AuditDelivery.Strict));
            await PassAsync(journal, () => journal.IsUnsealed && _folder.Segments().Count is 2);
            var before = tries;
            await PassAsync(journal, () => tries >= before + 10);
            isInUse = false;
            await PassAsync(journal, () => !journal.IsUnsealed);
        }

        Assert.DoesNotContain(_folder.Logged, static line => line.Contains("the next checkpoint covers those lines too", StringComparison.Ordinal));
        Assert.All(_folder.Segments(), static segment => Assert.True(File.Exists(Path.ChangeExtension(segment, JournalPaths.Checkpoints))));
    }

    // All of the line was in the file, and the one that takes its place is shorter: it says that it is the last.
    [Fact]
    public async Task Nothing_is_left_of_a_checkpoint_whose_write_has_failed()
    {
        var files = new FaultyFiles();
        await using (var journal = _folder.Open(time: _time, files: files, anchors: [_anchor]))
        {
            Assert.True(await journal.BeginAsync("first", AuditDelivery.Strict));
            await PassAsync(journal, () => _anchor.Checkpoints.Count > 0);
            var isFull = true;
            files.OnWrite = path => isFull && path.EndsWith(JournalPaths.Checkpoints, StringComparison.Ordinal) ? new(FaultyFiles.NoSpace(), 100_000) : null;
            await PassAsync(journal, () => journal.IsUnsealed);

            // What was written and not kept is none of it.
            var told = _anchor.Checkpoints.Sum(static one => one.Line.Length + 1);
            Assert.Equal((1, told), journal.Synced);
            Assert.True(new FileInfo(Path.ChangeExtension(Assert.Single(_folder.Segments()), JournalPaths.Checkpoints)).Length > told);
            isFull = false;
        }

        var report = await new GatewayKit.Auditing.Reading.AuditLog(_folder.Root).VerifyAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(report.IsIntact, report.ToString());
    }

    [Fact]
    public async Task Anchor_that_fails_is_told_the_latest_when_it_is_well()
    {
        var isDown = true;
        _anchor.Before = _ => isDown ? throw new HttpRequestException("Down.") : Task.CompletedTask;
        await using var journal = await OpenSyncedAsync();
        for (var i = 0; i < 3; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            journal.Wake();
            await JournalFaultTests.UntilAsync(() => File.Exists(Checkpoints()) && File.ReadAllLines(Checkpoints()).Length > i);
        }

        await JournalFaultTests.UntilAsync(() => _folder.Logged.Any(static line => line.Contains("does not take checkpoints", StringComparison.Ordinal)));
        Assert.InRange(journal.Unanchored.Single().Time.TotalSeconds, 9, 31);
        isDown = false;
        await JournalFaultTests.UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(5));
            return journal.Unanchored.Single().Time == TimeSpan.Zero;
        });
        Assert.NotEmpty(_anchor.Checkpoints);

        string Checkpoints() => Path.Combine(_folder.Root, "one", journal.Boot.ToString(), "00000001.ck");
    }

    [Fact]
    public async Task Key_file_is_for_its_owner_only_and_stays_the_same()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such modes.");
        await _folder.Open().DisposeAsync();
        var file = Path.Combine(_folder.Root, "one", "signing.key");
        var key = File.ReadAllText(file);
#pragma warning disable CA1416 // Skipped there.
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
#pragma warning restore CA1416
        await _folder.Open().DisposeAsync();
        Assert.Equal(key, File.ReadAllText(file));
        Assert.Single(Directory.GetFiles(Path.Combine(_folder.Root, "one", "keys")));
    }

    [Theory]
    [InlineData("btrfs", true)]
    [InlineData("zfs", true)]
    [InlineData("overlayfs", true)]
    [InlineData("ext4", false)]
    [InlineData("xfs", false)]
    [InlineData(null, false)]
    public async Task File_system_on_which_room_is_no_promise_is_told_of_at_start(string? fileSystem, bool isTold)
    {
        var alternate = Path.Combine(_folder.Root, "alternate");
        await _folder.Open(new() { MaxInFlight = 64, AlternateDirectory = alternate }, files: new FaultyFiles { FileSystem = fileSystem }).DisposeAsync();
        foreach (var directory in new[] { _folder.Root, alternate })
        {
            Assert.Equal(isTold, _folder.Logged.Any(line => line.Contains($"'{directory}' is on {fileSystem},", StringComparison.Ordinal) && line.Contains("is not guaranteed", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void File_system_of_a_directory_has_a_name()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "What it is called there is not known here.");
        Assert.Equal("proc", JournalFiles.Instance.FileSystemOf("/proc"));
        Assert.NotNull(JournalFiles.Instance.FileSystemOf(_folder.Root));
        Assert.Null(JournalFiles.Instance.FileSystemOf("/nowhere/at/all"));
    }

    [Theory]
    [InlineData("no key")]
    [InlineData(null)]
    public void File_without_such_a_key_is_an_error_at_start(string? content)
    {
        var file = Path.Combine(_folder.Root, "my.key");
        using var rsa = RSA.Create(2048);
        File.WriteAllText(file, content ?? rsa.ExportPkcs8PrivateKeyPem());
        Assert.Contains("P-256", Assert.Throws<IOException>(() => _folder.Open(new() { MaxInFlight = 64, SigningKeyFile = file })).Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => _folder.Open(new() { MaxInFlight = 64, SigningKeyFile = file + "2" }));
    }

    // The clock goes on as long as that takes; what is said meanwhile is synced by it.
    private Task PassAsync(AuditJournal journal, Func<bool> isSo) => JournalFaultTests.UntilAsync(() =>
    {
        if (isSo())
        {
            return true;
        }

        _time.Advance(TimeSpan.FromSeconds(10));
        journal.Wake();
        return false;
    });

    // Nothing is left to be synced: a clock that stands still would never make it due.
    private async Task<AuditJournal> OpenSyncedAsync(IAuditSigner? signer = null)
    {
        var journal = _folder.Open(time: _time, signer: signer, anchors: [_anchor]);
        Assert.True(await journal.BeginAsync("first", AuditDelivery.Strict));
        return journal;
    }

    private sealed class AwaySigner : IAuditSigner
    {
        private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        public volatile bool IsAway;

        public string KeyId => "kms-1";

        public ReadOnlyMemory<byte> PublicKey => _key.ExportSubjectPublicKeyInfo();

        public ValueTask<ReadOnlyMemory<byte>> SignAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
            IsAway ? throw new HttpRequestException("Away.") : new(_key.SignData(content.Span, HashAlgorithmName.SHA256));
    }
}
