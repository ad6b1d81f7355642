using System.Security.Cryptography;
using System.Text;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Personal;
using GatewayKit.Tests.Auditing.Journal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Auditing.Personal;

/// <summary>The keys of personal parts, and what they protect.</summary>
public sealed class PersonalKeyTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly string _directory = Path.Combine(Directory.CreateTempSubdirectory("gatewaykit-keys-").FullName, "keys");
    private readonly FakeTimeProvider _time = new();

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_directory)!, recursive: true);

    [Fact]
    public async Task Subject_keeps_its_key_until_it_is_erased_and_gets_another_one_then()
    {
        var key = await Store().GetAsync("sub:acme", None);
        Assert.Equal(key.Id, (await Store().GetAsync("sub:acme", None)).Id);
        var found = await Store().FindAsync(key.Id, None);
        Assert.Equal(Convert.ToBase64String(key.Key), Convert.ToBase64String(found!.Key));
        Assert.NotEqual(key.Id, (await Store().GetAsync("sub:other", None)).Id);
        Assert.Equal([key.Id], await Store().FindIdsAsync("sub:acme", None));

        Assert.Equal([key.Id], await Store().EraseAsync("sub:acme", None));
        Assert.Empty(await Store().EraseAsync("sub:acme", None));
        Assert.Null(await Store().FindAsync(key.Id, None));
        Assert.Empty(await Store().FindIdsAsync("sub:acme", None));
        Assert.NotEqual(key.Id, (await Store().GetAsync("sub:acme", None)).Id);
        Assert.DoesNotContain(Convert.ToBase64String(key.Key), string.Concat(Directory.GetFiles(_directory).Select(File.ReadAllText)));
    }

    [Fact]
    public async Task Keys_are_for_their_owner_only_and_names_of_files_say_nothing()
    {
        await Store().GetAsync("sub:acme", None);
        var files = Directory.GetFiles(_directory);
        Assert.Equal(3, files.Length);
        Assert.DoesNotContain(files, static file => file.Contains("acme", StringComparison.Ordinal) || File.ReadAllText(file).Contains("acme", StringComparison.Ordinal));
        if (!OperatingSystem.IsWindows())
        {
            foreach (var file in files)
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            }

            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_directory));
        }
    }

    [Fact]
    public async Task All_who_ask_at_once_get_the_same_key()
    {
        var keys = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Store().GetAsync("sub:acme", None).AsTask()));
        Assert.Single(keys.Select(static key => key.Id).Distinct());
        Assert.Equal(3, Directory.GetFiles(_directory).Length);
    }

    // Each store is to the other what another process is. The erasure stands still between its two steps until the other one has made a key, or waits.
    [Fact]
    public async Task Key_that_is_made_while_another_process_erases_is_found_and_erased_too()
    {
        var first = await Store().GetAsync("sub:acme", None);
        var between = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var goOn = new ManualResetEventSlim();
        var files = new FaultyFiles
        {
            OnSync = _ =>
            {
                between.TrySetResult();
                goOn.Wait();
            },
        };
        var erasing = new FileAuditKeyStore(_directory, files, TimeProvider.System).EraseAsync("sub:acme", None).AsTask();
        await between.Task;
        var time = new WatchedTime();
        var making = new FileAuditKeyStore(_directory, JournalFiles.Instance, time).GetAsync("sub:acme", None).AsTask();
        await Task.WhenAny(making, time.IsWaitedFor);
        goOn.Set();
        Assert.Equal([first.Id], await erasing);
        while (!making.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(5));
            await Task.Yield();
        }

        Assert.Equal([(await making).Id], await Store().EraseAsync("sub:acme", None));
        Assert.DoesNotContain(Directory.GetFiles(_directory), static file => file.Contains(".key", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_killed_process_has_left_of_a_key_is_gone_when_a_key_is_erased()
    {
        var key = await Store().GetAsync("sub:acme", None);
        var path = Path.Combine(_directory, key.Id + ".key");
        File.Copy(path, $"{path}.{Guid.NewGuid():N}");
        Assert.Equal([key.Id], await Store().EraseAsync("sub:acme", None));
        Assert.DoesNotContain(Convert.ToBase64String(key.Key), string.Concat(Directory.GetFiles(_directory).Select(File.ReadAllText)));
        Assert.Equal("lock", Path.GetFileName(Assert.Single(Directory.GetFiles(_directory))));
    }

    [Fact]
    public async Task Erasure_that_was_interrupted_leads_nowhere()
    {
        var key = await Store().GetAsync("sub:acme", None);
        File.Delete(Path.Combine(_directory, key.Id + ".key"));
        Assert.NotEqual(key.Id, (await Store().GetAsync("sub:acme", None)).Id);
    }

    [Theory]
    [InlineData("../etc/passwd")]
    [InlineData("")]
    [InlineData("a/b")]
    public async Task Id_that_is_none_finds_nothing(string id) => Assert.Null(await Store().FindAsync(id, None));

    [Fact]
    public void What_is_encrypted_is_read_where_it_belongs_and_nowhere_else()
    {
        var (key, boot) = (AuditKey.Create(), Guid.NewGuid());
        using var data = new DataKey(key, boot);
        var plain = "{\"sub\":\"acme\"}"u8.ToArray();
        var part = new byte[plain.Length + DataKey.AddedBytes];
        Assert.True(data.TrySeal(plain, "begin01"u8, 7, part));
        using var again = new DataKey(key, boot);
        Assert.Equal(plain, again.Open(part, "begin01"u8));
        for (var bit = 0; bit < part.Length * 8; bit++)
        {
            part[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<AuthenticationTagMismatchException>(() => again.Open(part, "begin01"u8));
            part[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        using var otherBoot = new DataKey(key, Guid.NewGuid());
        using var otherKey = new DataKey(AuditKey.Create(), boot);
        Assert.Throws<AuthenticationTagMismatchException>(() => otherBoot.Open(part, "begin01"u8));
        Assert.Throws<AuthenticationTagMismatchException>(() => otherKey.Open(part, "begin01"u8));
        Assert.Throws<AuthenticationTagMismatchException>(() => again.Open(part, "end01"u8));
    }

    [Fact]
    public async Task Numbers_of_a_boot_are_never_used_twice()
    {
        var keys = Keys(Store());
        var numbers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Enumerable.Range(0, 1_000).Select(_ => keys.NextNumber()).ToArray())));
        Assert.Equal(4_000, numbers.SelectMany(static all => all).Distinct().Count());
    }

    [Fact]
    public async Task Key_in_use_seals_nothing_once_it_is_erased()
    {
        var (keys, subject) = (Keys(Store()), ("sub", "acme"));
        var key = await keys.GetAsync(subject);
        Assert.True(keys.TryGet(subject, out var cached));
        Assert.Same(key, cached);
        Assert.Single(await keys.EraseAsync(subject, None));
        Assert.False(key!.TrySeal("x"u8, default, 1, new byte[64]));
        Assert.False(keys.TryGet(subject, out cached));
        Assert.Null(cached);
    }

    [Fact]
    public async Task What_was_read_before_an_erasure_does_not_come_back()
    {
        var store = new SlowStore(Store());
        var (keys, subject) = (Keys(store), ("sub", "acme"));
        var reading = keys.GetAsync(subject);
        await store.Read.Task;
        var ids = await keys.EraseAsync(subject, None);
        store.Go.SetResult();
        var key = await reading;
        Assert.NotEqual(Assert.Single(ids), Encoding.ASCII.GetString(key!.Id));
    }

    [Fact]
    public async Task Store_that_is_away_leaves_what_is_known_in_use_and_is_told_once()
    {
        var (store, told) = (new SlowStore(Store()), new List<bool>());
        store.Go.SetResult();
        var keys = Keys(store);
        keys.Begin(Guid.NewGuid(), told.Add);
        var known = await keys.GetAsync(("sub", "known"));
        store.IsDown = true;
        _time.Advance(TimeSpan.FromMinutes(6));
        Assert.False(keys.TryGet(("sub", "known"), out _));
        Assert.Same(known, await keys.GetAsync(("sub", "known")));
        Assert.Null(await keys.GetAsync(("sub", "new")));
        Assert.True(keys.TryGet(("sub", "new"), out var none));
        Assert.Null(none);
        Assert.Equal([true], told);

        store.IsDown = false;
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(keys.TryGet(("sub", "new"), out _));
        Assert.NotNull(await keys.GetAsync(("sub", "new")));
        Assert.Equal([true, false], told);
    }

    [Fact]
    public async Task All_who_need_a_key_at_once_ask_for_it_once()
    {
        var store = new SlowStore(Store());
        var keys = Keys(store);
        var reading = Enumerable.Range(0, 16).Select(_ => keys.GetAsync(("sub", "acme"))).ToArray();
        store.Go.SetResult();
        var all = await Task.WhenAll(reading);
        Assert.Equal((1, 1), (store.Asked, all.Distinct().Count()));
        Assert.Same(all[0], await keys.GetAsync(("sub", "acme")));
        Assert.Equal(2, store.Asked);
    }

    [Fact]
    public async Task Key_in_use_is_asked_for_again_while_it_stays_in_use()
    {
        var (store, subject) = (new SlowStore(Store()), ("sub", "acme"));
        store.Go.SetResult();
        var keys = Keys(store);
        var known = await keys.GetAsync(subject);
        store.Go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _time.Advance(TimeSpan.FromMinutes(4) - TimeSpan.FromTicks(1));
        AssertInUse(asked: 1);
        _time.Advance(TimeSpan.FromSeconds(1));
        AssertInUse(asked: 2);
        AssertInUse(asked: 2);
        var asking = keys.GetAsync(subject);
        store.Go.SetResult();
        Assert.Same(known, await asking);
        Assert.Equal(2, store.Asked);

        // From then on it is as good as new; one that nobody has used for long is asked for before it is.
        _time.Advance(TimeSpan.FromMinutes(3));
        AssertInUse(asked: 2);
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.False(keys.TryGet(subject, out _));

        void AssertInUse(int asked)
        {
            Assert.True(keys.TryGet(subject, out var key));
            Assert.Same(known, key);
            Assert.Equal(asked, store.Asked);
        }
    }

    [Fact]
    public async Task No_request_that_has_a_key_waits_for_a_store_that_is_away()
    {
        var (store, subject) = (new SlowStore(Store()), ("sub", "acme"));
        store.Go.SetResult();
        var keys = Keys(store);
        var known = await keys.GetAsync(subject);
        store.IsDown = true;
        _time.Advance(TimeSpan.FromMinutes(6));
        Assert.Same(known, await keys.GetAsync(subject));
        for (var second = 0; second < 3; second++)
        {
            var asked = store.Asked;
            _time.Advance(TimeSpan.FromSeconds(1));
            for (var i = 0; i < 2; i++)
            {
                Assert.True(keys.TryGet(subject, out var key));
                Assert.Same(known, key);
                Assert.Equal(asked + 1, store.Asked);
            }
        }
    }

    // Whoever looks for a key at the moment of its erasure may put it back.
    [Fact]
    public async Task Key_that_is_erased_is_not_found_wherever_it_was_kept()
    {
        var (keys, subject) = (Keys(Store()), ("sub", "acme"));
        var key = await keys.GetAsync(subject);
        key!.Dispose();
        Assert.False(keys.TryGet(subject, out var found));
        Assert.Null(found);
        var made = await keys.GetAsync(subject);
        Assert.True(made!.TrySeal("x"u8, default, 1, new byte[64]));
        Assert.True(keys.TryGet(subject, out found));
        Assert.Same(made, found);
    }

    [Fact]
    public async Task That_keys_can_be_had_again_is_told_after_that_they_could_not()
    {
        var (store, told) = (new SlowStore(Store()) { IsDown = true }, new List<bool>());
        store.Go.SetResult();
        var keys = Keys(store);
        Task<DataKey?>? recovering = null;
        keys.Begin(Guid.NewGuid(), isFailing =>
        {
            if (isFailing)
            {
                store.IsDown = false;
                var recovered = new ManualResetEventSlim();
                recovering = Task.Run(() => keys.GetAsync(("sub", "other")));
                _ = recovering.ContinueWith(_ => recovered.Set(), TaskScheduler.Default);
                recovered.Wait(TimeSpan.FromMilliseconds(500));
            }

            told.Add(isFailing);
        });
        Assert.Null(await keys.GetAsync(("sub", "acme")));
        Assert.NotNull(await recovering!);
        Assert.Equal([true, false], told);
    }

    [Fact]
    public async Task Whoever_waits_for_others_who_make_its_key_has_it_as_soon_as_they_do()
    {
        var other = Path.Combine(Path.GetDirectoryName(_directory)!, "other");
        var key = await new FileAuditKeyStore(other).GetAsync("sub:acme", None);
        Directory.CreateDirectory(_directory);
        await using var held = new FileStream(Path.Combine(_directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        var reading = Store().GetAsync("sub:acme", None).AsTask();
        Assert.Null(await Store().FindAsync(key.Id, None));
        foreach (var extension in (string[])["*.key", "*.subject"])
        {
            File.Move(Directory.GetFiles(other, extension)[0], Path.Combine(_directory, Path.GetFileName(Directory.GetFiles(other, extension)[0])));
        }

        Assert.Equal(key.Id, (await reading.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)).Id);
    }

    [Fact]
    public void Key_is_not_printed()
    {
        var key = AuditKey.Create();
        Assert.Equal(key.Id, key.ToString());
        Assert.Throws<ArgumentException>(() => new AuditKey("a.b", new byte[32]));
        Assert.Throws<ArgumentException>(() => new AuditKey("a", new byte[31]));
    }

    private FileAuditKeyStore Store() => new(_directory);

    private DataKeys Keys(IAuditKeyStore store) => new(store, _time, NullLogger.Instance);

    private sealed class WatchedTime : FakeTimeProvider
    {
        private readonly TaskCompletionSource _waited = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task IsWaitedFor => _waited.Task;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            _waited.TrySetResult();
            return timer;
        }
    }

    private sealed class SlowStore(IAuditKeyStore store) : IAuditKeyStore
    {
        public TaskCompletionSource Read { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Go { get; set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsDown { get; set; }

        public int Asked { get; private set; }

        public async ValueTask<AuditKey> GetAsync(string subject, CancellationToken cancellationToken)
        {
            Asked++;
            if (IsDown)
            {
                throw new IOException("down");
            }

            var key = await store.GetAsync(subject, CancellationToken.None);
            Read.TrySetResult();
            await Go.Task;
            return key;
        }

        public ValueTask<AuditKey?> FindAsync(string id, CancellationToken cancellationToken) => store.FindAsync(id, cancellationToken);

        public ValueTask<IReadOnlyList<string>> FindIdsAsync(string subject, CancellationToken cancellationToken) => store.FindIdsAsync(subject, cancellationToken);

        public ValueTask<IReadOnlyList<string>> EraseAsync(string subject, CancellationToken cancellationToken) => store.EraseAsync(subject, cancellationToken);
    }
}
