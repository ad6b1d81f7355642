using System.Security.Cryptography;
using System.Text;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Journal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Auditing.Journal;

/// <summary>What others do to a journal: a log that throws, a signer that never answers, files that somebody has changed.</summary>
public sealed class JournalDefenceTests : IDisposable
{
    private readonly JournalFolder _folder = new();
    private readonly FaultyFiles _files = new();
    private readonly FakeTimeProvider _time = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public void Dispose() => _folder.Dispose();

    // The last segment has nothing but its first line, and is old enough for the next one.
    [Fact]
    public async Task Clean_stop_after_an_idle_while_is_no_crash()
    {
        await using (var journal = _folder.Open(time: _time))
        {
            Assert.True(await journal.BeginAsync("1"));
            journal.End("1");
            await UntilAsync(() => journal.QueuedLines is 0);
            _time.Advance(TimeSpan.FromMinutes(16));
            journal.Wake();
            await UntilAsync(() => _folder.Segments().Count is 2);
            _time.Advance(TimeSpan.FromMinutes(16));
        }

        await _folder.Open(time: _time).DisposeAsync();
        Assert.Empty(_folder.EventsOf("crash_report"));
        Assert.Equal(3, _folder.Segments().Count);
    }

    [Fact]
    public async Task Log_of_the_host_that_throws_costs_no_line()
    {
        await using var journal = _folder.Open(files: _files, time: _time, logger: new ThrowingLogger());
        Assert.True(await journal.BeginAsync("before"));
        var isFull = true;
        _files.OnWrite = path => isFull && !path.EndsWith(JournalPaths.Reserve, StringComparison.Ordinal) ? new(FaultyFiles.NoSpace()) : null;
        _files.OnCreate = _ => { if (isFull) { throw FaultyFiles.NoSpace(); } };
        Assert.False(await journal.BeginAsync("refused").AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Equal(JournalState.DiskFull, journal.State);
        journal.End("before");
        isFull = false;
        _time.Advance(TimeSpan.FromSeconds(1));
        journal.Wake();
        await UntilAsync(() => journal.State is JournalState.Running);
        Assert.True(await journal.BeginAsync("after"));
        await journal.DisposeAsync();
        Assert.Contains("\"kind\":\"end\",\"rid\":\"before\"", string.Concat(_folder.Segments().Select(JournalFolder.Text)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signer_that_never_answers_counts_as_failing()
    {
        using var signer = new SilentSigner();
        await using var journal = _folder.Open(time: _time, signer: signer);
        Assert.True(await journal.BeginAsync("1", AuditDelivery.Strict));
        _time.Advance(TimeSpan.FromSeconds(11));
        journal.Wake();
        await UntilAsync(() => signer.Asked > 0);
        await UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(11));
            return journal.IsUnsealed;
        });
        signer.Answer();
        await UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(11));
            journal.Wake();
            return !journal.IsUnsealed;
        });
    }

    // It does not even give its task back.
    [Fact]
    public async Task Signer_that_blocks_its_thread_counts_as_failing_and_refuses_strict_requests_after_the_limit()
    {
        using var signer = new BlockedSigner();
        await using var journal = _folder.Open(new() { MaxInFlight = 64, UnsignedLimit = TimeSpan.FromMinutes(1) }, _time, signer: signer);
        Assert.True(await journal.BeginAsync("1", AuditDelivery.Strict));
        _time.Advance(TimeSpan.FromSeconds(11));
        journal.Wake();
        await UntilAsync(() => signer.IsAsked);
        Assert.False(journal.IsUnsealed);
        _time.Advance(TimeSpan.FromSeconds(11));
        Assert.True(journal.IsUnsealed);
        Assert.True(await journal.BeginAsync("2"));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(journal.IsUnsignedTooLong);
        Assert.False(await journal.BeginAsync("3", AuditDelivery.Strict));
        Assert.Single(_folder.Logged, static line => line.StartsWith("No checkpoint of the audit journal can be made.", StringComparison.Ordinal));
        Assert.Single(_folder.Logged, static line => line.Contains("requests of routes with Strict auditing are refused", StringComparison.Ordinal));
        signer.Answer();
        await UntilAsync(() => !journal.IsUnsealed);
        await journal.DisposeAsync();
        Assert.Equal(
            ["audit.degraded unsealed", "audit.degraded unsigned-too-long", "audit.recovered unsigned-too-long", "audit.recovered unsealed"],
            _folder.Lines().Where(static line => line.TryGetProperty("reason", out _)).Select(static line => $"{line.GetProperty("event")} {line.GetProperty("reason")}"));
    }

    // It holds its thread for less than the limit, fails, and is away: all of that is time without a checkpoint.
    [Fact]
    public async Task Limit_counts_from_the_question_that_a_signer_has_not_answered()
    {
        using var signer = new BlockedSigner { IsAway = true };
        await using var journal = _folder.Open(new() { MaxInFlight = 64, UnsignedLimit = TimeSpan.FromMinutes(2) }, _time, signer: signer);
        Assert.True(await journal.BeginAsync("1", AuditDelivery.Strict));
        _time.Advance(TimeSpan.FromSeconds(11));
        journal.Wake();
        await UntilAsync(() => signer.IsAsked);
        _time.Advance(TimeSpan.FromSeconds(15));
        signer.Answer();
        await UntilAsync(() => _folder.Logged.Any(static line => line.StartsWith("No checkpoint of the audit journal can be made.", StringComparison.Ordinal)));
        await UntilAsync(() => journal.IsUnsealed);
        _time.Advance(TimeSpan.FromSeconds(106));
        Assert.True(journal.IsUnsignedTooLong);
    }

    // Those of key management services are in DER as a rule.
    [Fact]
    public async Task Signature_that_does_not_verify_is_none()
    {
        using var signer = new SilentSigner { Format = DSASignatureFormat.Rfc3279DerSequence };
        signer.Answer();
        await using var journal = _folder.Open(time: _time, signer: signer);
        Assert.True(await journal.BeginAsync("1", AuditDelivery.Strict));
        _time.Advance(TimeSpan.FromSeconds(11));
        journal.Wake();
        await UntilAsync(() => journal.IsUnsealed);
        Assert.Empty(Directory.GetFiles(_folder.Root, "*" + JournalPaths.Checkpoints, SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("1.2.840.10045.3.1.1")]
    [InlineData("1.3.132.0.10")]
    public void Signer_without_a_key_on_the_curve_keeps_the_journal_from_being_opened(string? curve)
    {
        using var signer = new SilentSigner { Curve = curve };
        Assert.Contains("P-256", Assert.Throws<IOException>(() => _folder.Open(signer: signer)).Message, StringComparison.Ordinal);
    }

    // What fails with each batch would be tried with each batch.
    [Fact]
    public async Task Segment_that_cannot_follow_is_not_tried_for_with_every_line()
    {
        await using var journal = _folder.Open(new() { MaxInFlight = 64, SegmentBytes = 1024 * 1024 }, _time, _files);
        var tries = 0;
        _files.OnCreate = path =>
        {
            if (path.EndsWith(JournalPaths.Segment, StringComparison.Ordinal))
            {
                tries++;
                throw new UnauthorizedAccessException();
            }
        };
        var line = new string('x', 100_000);
        for (var i = 0; i < 50; i++)
        {
            Assert.True(await journal.BeginAsync($"{i}{line}"));
        }

        Assert.Equal(1, tries);
        Assert.Equal(JournalState.Running, journal.State);
    }

    [Fact]
    public async Task First_page_that_somebody_has_wiped_is_no_segment_that_never_began()
    {
        await using (var journal = _folder.Open())
        {
            for (var i = 0; i < 100; i++)
            {
                Assert.True(await journal.BeginAsync($"{i}"));
                journal.End($"{i}");
            }
        }

        var segment = _folder.Segments()[0];
        Change(segment, static bytes => bytes.AsSpan(0, 4096).Clear());
        await using (_folder.Open())
        {
            Assert.True(File.Exists(segment));
        }

        Assert.Contains(_folder.Logged, static line => line.Contains("damaged in a way that no crash explains", StringComparison.Ordinal));
        Assert.Throws<InvalidOperationException>(() => _folder.Open(anchors: [new ListAnchor()], isStrict: true));
    }

    [Fact]
    public async Task Boots_that_follow_one_another_in_a_circle_end()
    {
        var boots = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            await using var journal = _folder.Open();
            boots.Add(journal.Boot.ToString("D"));
            Assert.True(await journal.BeginAsync($"{i}"));
        }

        // The first one says that it follows the second.
        Change(Path.Combine(_folder.Root, "one", boots[0], "00000001.gkal"), bytes =>
        {
            var text = Encoding.UTF8.GetString(bytes).Replace("\"prevBoot\":\"\"", $"\"prevBoot\":\"{boots[1]}\"", StringComparison.Ordinal);
            return Encoding.UTF8.GetBytes(text);
        });
        await Task.Run(async () => await _folder.Open().DisposeAsync(), TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    private static void Change(string path, Action<byte[]> change) => Change(path, bytes =>
    {
        change(bytes);
        return bytes;
    });

    private static void Change(string path, Func<byte[], byte[]> change)
    {
        File.SetAttributes(path, FileAttributes.Normal);
        File.WriteAllBytes(path, change(File.ReadAllBytes(path)));
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!holds())
        {
            await Task.Yield();
            limit.Token.ThrowIfCancellationRequested();
        }
    }

    private sealed class ThrowingLogger : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            throw new IOException("The log's own disk is full.");
    }

    /// <summary>Does not look at its token.</summary>
    private sealed class SilentSigner : IAuditSigner, IDisposable
    {
        private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        private string? _curve = "1.2.840.10045.3.1.7";
        private readonly TaskCompletionSource _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Asked { get; private set; }

        public string KeyId => "silent";

        public DSASignatureFormat Format { get; init; } = DSASignatureFormat.IeeeP1363FixedFieldConcatenation;

        /// <summary>Null for a key that is none.</summary>
        public string? Curve
        {
            init => _curve = value;
        }

        public ReadOnlyMemory<byte> PublicKey => _curve is null ? "key"u8.ToArray() : OnCurve();

        public void Answer() => _answer.SetResult();

        public async ValueTask<ReadOnlyMemory<byte>> SignAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
        {
            Asked++;
            await _answer.Task;
            return _key.SignData(content.Span, HashAlgorithmName.SHA256, Format);
        }

        public void Dispose() => _key.Dispose();

        private byte[] OnCurve()
        {
            if (_curve is "1.2.840.10045.3.1.7")
            {
                return _key.ExportSubjectPublicKeyInfo();
            }

            using var other = ECDsa.Create(ECCurve.CreateFromValue(_curve!));
            return other.ExportSubjectPublicKeyInfo();
        }
    }

    private sealed class BlockedSigner : IAuditSigner, IDisposable
    {
        private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        private readonly ManualResetEventSlim _answer = new();

        public volatile bool IsAsked;

        public bool IsAway { get; init; }

        public string KeyId => "blocked";

        public ReadOnlyMemory<byte> PublicKey => _key.ExportSubjectPublicKeyInfo();

        public void Answer() => _answer.Set();

        public ValueTask<ReadOnlyMemory<byte>> SignAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
        {
            IsAsked = true;
            _answer.Wait(CancellationToken.None);
            return IsAway ? throw new HttpRequestException("Away.") : new(_key.SignData(content.Span, HashAlgorithmName.SHA256));
        }

        public void Dispose()
        {
            _key.Dispose();
            _answer.Dispose();
        }
    }
}
