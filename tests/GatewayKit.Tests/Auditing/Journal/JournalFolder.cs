using System.Buffers.Text;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Journal;
using GatewayKit.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Tests.Auditing.Journal;

/// <summary>A directory for journals, and what is in it, read by code that shares nothing with what wrote it.</summary>
internal sealed class JournalFolder : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddSingleton<GatewayMeter>().AddSingleton<JournalMetrics>().BuildServiceProvider();

    private readonly bool _isOwned;

    /// <param name="root">Where it is; <see langword="null"/> for a new one.</param>
    /// <param name="isOwned">Whether it goes with this.</param>
    public JournalFolder(string? root = null, bool isOwned = true) => (Root, _isOwned) = (root ?? Directory.CreateTempSubdirectory("gatewaykit-journal").FullName, isOwned);

    public string Root { get; }

    public JournalMetrics Metrics => _services.GetRequiredService<JournalMetrics>();

    public IReadOnlyList<string> Logged
    {
        get
        {
            lock (_log)
            {
                return [.. _log];
            }
        }
    }

    public ILogger Logger => new ListLogger(_log);

    private readonly List<string> _log = [];

    public AuditJournal Open(
        JournalOptions? options = null, TimeProvider? time = null, IJournalFiles? files = null, IAuditSigner? signer = null, IReadOnlyList<IAuditAnchor>? anchors = null, bool isStrict = false, ILogger? logger = null)
    {
        options ??= new() { MaxInFlight = 256 };
        options = options with { Instance = options.Instance ?? "one" };
        var parts = new JournalParts(files ?? JournalFiles.Instance, time ?? TimeProvider.System, Metrics, Logger) { Signer = signer, Anchors = anchors ?? [] };
        return AuditJournal.Open(Root, options, parts, isStrict);
    }

    /// <summary>The segments of all boots, in the order in which they were written.</summary>
    public IReadOnlyList<string> Segments(string instance = "one") =>
    [
        .. Directory.GetDirectories(Path.Combine(Root, instance)).Where(static path => Guid.TryParse(Path.GetFileName(path), out _) && Directory.GetFiles(path, "*.gkal*").Length > 0)
            .OrderBy(static path => Text(FirstSegment(path)).Split("\"ts\":\"")[1], StringComparer.Ordinal)
            .SelectMany(static path => Directory.GetFiles(path, "*.gkal*").Order(StringComparer.Ordinal)),
    ];

    /// <summary>All lines, after their hashes, numbers and order were checked.</summary>
    public IReadOnlyList<JsonElement> Lines(string instance = "one")
    {
        var lines = new List<JsonElement>();
        byte[] last = [];
        var next = 0L;
        foreach (var segment in Segments(instance))
        {
            var text = Text(segment);
            Assert.EndsWith("\n", text);
            var all = text[..^1].Split('\n').Select(static line => (Text: line, Json: JsonDocument.Parse(line).RootElement)).ToArray();
            var head = all[0].Json;
            Assert.Equal("segment", head.GetProperty("kind").GetString());
            if (head.GetProperty("n").GetInt32() == 1)
            {
                last = Genesis(head.GetProperty("inst").GetString()!, head.GetProperty("boot").GetString()!, head.GetProperty("prevBoot").GetString() is "" ? [] : last);
                next = 0;
            }

            Assert.Equal(Base64Url.EncodeToString(last), head.GetProperty("prev").GetString());
            foreach (var (line, json) in all)
            {
                Assert.Equal(next++, json.GetProperty("seq").GetInt64());
                last = SHA256.HashData([.. last, .. Encoding.UTF8.GetBytes(line[..line.LastIndexOf(",\"h\":", StringComparison.Ordinal)])]);
                Assert.Equal(Base64Url.EncodeToString(last), json.GetProperty("h").GetString());
                lines.Add(json);
            }
        }

        return lines;
    }

    /// <summary>The names of all events.</summary>
    public IReadOnlyList<string> Events(Func<JsonElement, bool>? which = null, string instance = "one") =>
        [.. Lines(instance).Where(line => line.GetProperty("kind").GetString() == "event" && which?.Invoke(line) is not false).Select(static line => line.GetProperty("event").GetString()!)];

    public static string Text(string segment)
    {
        using var file = new FileStream(segment, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using Stream stream = segment.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
        return new StreamReader(stream, new UTF8Encoding(false, true)).ReadToEnd();
    }

    /// <summary>The events of a name.</summary>
    public IReadOnlyList<JsonElement> EventsOf(string name) => [.. Lines().Where(line => line.TryGetProperty("event", out var found) && found.GetString() == name)];

    /// <summary>Leaves the newest segment as a crash would: so many of its lines and some bytes more, and no checkpoints.</summary>
    public string Crash(int lines, string tail = "")
    {
        var segment = Segments()[^1];
        File.WriteAllText(segment, string.Concat(File.ReadLines(segment).Take(lines).Select(static line => line + "\n")) + tail);
        File.Delete(Path.ChangeExtension(segment, ".ck"));
        return segment;
    }

    public void Dispose()
    {
        _services.Dispose();
        if (_isOwned)
        {
            Directory.Delete(Root, recursive: true);
        }
    }

    private static string FirstSegment(string boot) => Directory.GetFiles(boot, "00000001.gkal*").Single();

    private static byte[] Genesis(string instance, string boot, byte[] last) => SHA256.HashData(
    [
        .. WithLength("gk.audit/1"u8), .. WithLength(Encoding.UTF8.GetBytes(instance)), .. WithLength(Encoding.ASCII.GetBytes(boot)), .. WithLength(last),
    ]);

    private static byte[] WithLength(ReadOnlySpan<byte> bytes) => [0, 0, (byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];

    private sealed class ListLogger(List<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (lines)
            {
                lines.Add(formatter(state, exception));
            }
        }
    }
}
