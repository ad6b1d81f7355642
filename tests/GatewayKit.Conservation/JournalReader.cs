using System.Buffers.Text;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace GatewayKit.Conservation;

/// <summary>Reads the segments of all boots below a directory and hashes each line again, by the published form and by no code of what wrote them.</summary>
/// <param name="findings">Where a broken chain goes.</param>
/// <param name="take">Gets each line and the number of its boot.</param>
internal sealed class JournalReader(Findings findings, Action<JsonElement, int> take)
{
    private static readonly byte[] Hash = Encoding.ASCII.GetBytes(",\"h\":\"");
    private static readonly byte[] Sequence = Encoding.ASCII.GetBytes(",\"seq\":");

    private readonly List<(Boot Boot, int? Segment, string Text)> _breaks = [];
    private byte[] _last = [];
    private long _next;

    /// <summary>The boots, in the order in which they ran.</summary>
    public List<Boot> Boots { get; } = [];

    public void Read(string directory)
    {
        var boots = Directory.GetDirectories(directory, "*", SearchOption.AllDirectories).Where(static path => Guid.TryParse(Path.GetFileName(path), out _))
            .Select(static path => (Instance: Path.GetDirectoryName(path)!, Segments: Segments(path)))
            .Where(static boot => boot.Segments.Length > 0)
            .Select(static boot => (boot.Instance, boot.Segments, Start: Start(boot.Segments[0])))

            // One that was killed before its first line was whole has said nothing to nobody.
            .Where(static boot => boot.Start.Length > 0)
            .OrderBy(static boot => boot.Instance, StringComparer.Ordinal).ThenBy(static boot => boot.Start, StringComparer.Ordinal);
        foreach (var boot in boots)
        {
            Boots.Add(new(boot.Instance));
            foreach (var segment in boot.Segments)
            {
                ReadSegment(segment, isFirst: segment == boot.Segments[0], isLast: segment == boot.Segments[^1]);
            }
        }
    }

    private static string[] Segments(string boot) => [.. Directory.GetFiles(boot, "*.gkal*").Where(static path => path.EndsWith(".gkal", StringComparison.Ordinal) || path.EndsWith(".gkal.gz", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    private static string Start(string segment)
    {
        using var reader = new StreamReader(Open(segment));
        var line = reader.ReadLine() ?? string.Empty;
        var at = line.IndexOf("\"ts\":\"", StringComparison.Ordinal);
        return at < 0 || !line.EndsWith('}') ? string.Empty : line[at..];
    }

    private static Stream Open(string segment)
    {
        var file = new FileStream(segment, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 20);
        return segment.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
    }

    private void ReadSegment(string path, bool isFirst, bool isLast)
    {
        using var file = Open(path);
        var (buffer, filled, number) = (new byte[1 << 20], 0, 0);
        while (file.Read(buffer, filled, buffer.Length - filled) is > 0 and var read)
        {
            filled += read;
            var from = 0;
            while (buffer.AsSpan(from, filled - from).IndexOf((byte)'\n') is >= 0 and var length)
            {
                ReadLine(buffer.AsMemory(from, length), path, isFirst && number == 0);
                from += length + 1;
                number++;
            }

            buffer.AsSpan(from, filled - from).CopyTo(buffer);
            filled -= from;
        }

        if (filled > 0)
        {
            // What a kill left of a line. Anywhere else it is damage.
            if (isLast)
            {
                Boots[^1].TornBytes = filled;
            }
            else
            {
                Break(path, $"{path} ends inside a line and is not the last of its boot");
            }
        }
    }

    private void ReadLine(ReadOnlyMemory<byte> line, string path, bool isFirstOfBoot)
    {
        JsonElement json;
        try
        {
            using var document = JsonDocument.Parse(line);
            json = document.RootElement;
            if (isFirstOfBoot)
            {
                Begin(json);
            }

            Boots[^1].Lines++;
            Verify(line.Span, json, path);
            take(json, Boots.Count - 1);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            findings.Add(Law.Unbroken, string.Empty, $"{path}: {exception.Message} in {Encoding.UTF8.GetString(line.Span)}");
        }
    }

    private void Begin(JsonElement head)
    {
        var (instance, boot, previous) = (head.GetProperty("inst").GetString()!, head.GetProperty("boot").GetString()!, head.GetProperty("prevBoot").GetString());
        Boots[^1].Id = boot;
        _next = 0;
        if (previous is "")
        {
            _last = [];
        }
        else if (Boots.Count < 2 || Boots[^2].Id != previous)
        {
            findings.Add(Law.Unbroken, string.Empty, $"boot {boot} says that it follows {previous}, which is not the one before it");
        }

        _last = SHA256.HashData([.. Part("gk.audit/1"), .. Part(instance), .. Part(boot), .. Part(_last)]);
    }

    private void Verify(ReadOnlySpan<byte> line, JsonElement json, string path)
    {
        var (hash, sequence) = (line.LastIndexOf(Hash), line.LastIndexOf(Sequence));
        var number = json.GetProperty("seq").GetInt64();
        var before = json.GetProperty("kind").ValueEquals("segment") ? PathBefore(path) : null;
        if (number != _next)
        {
            Break(before, $"{path}: number {number} comes where {_next} is due");
        }

        _next = number + 1;
        if (before is not null && json.GetProperty("prev").GetString() is var previous && previous != Base64Url.EncodeToString(_last))
        {
            Break(before, $"{path}: the segment does not follow the one before it");
            _last = Base64Url.DecodeFromChars(previous);
        }

        var covered = line[..hash];
        var text = new byte[_last.Length + covered.Length];
        _last.CopyTo(text, 0);
        covered.CopyTo(text.AsSpan(_last.Length));
        _last = SHA256.HashData(text);
        if (sequence > hash || json.GetProperty("h").GetString() != Base64Url.EncodeToString(_last))
        {
            findings.Add(Law.Unbroken, string.Empty, $"{path}: the hash of line {number} is wrong");

            // From here on as it is written: one wrong line is one finding.
            _last = Base64Url.DecodeFromChars(json.GetProperty("h").GetString());
        }
    }

    /// <summary>Says where the chain is broken for no reason: a disk that fails is one, and the journal tells which segment it gave up for it.</summary>
    public void JudgeBreaks()
    {
        foreach (var (_, _, text) in _breaks.Where(one => one.Segment is not { } segment || !one.Boot.GivenUp.Contains(segment)))
        {
            findings.Add(Law.Unbroken, string.Empty, text);
        }
    }

    private void Break(string? segment, string text) => _breaks.Add((Boots[^1], segment is null ? null : NumberOf(segment), text));

    private static int NumberOf(string path) => int.Parse(Path.GetFileName(path).Split('.')[0], CultureInfo.InvariantCulture);

    private static string PathBefore(string path) => (NumberOf(path) - 1).ToString(CultureInfo.InvariantCulture);

    private static byte[] Part(string text) => Part(Encoding.UTF8.GetBytes(text));

    private static byte[] Part(byte[] bytes) => [0, 0, (byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];

    /// <summary>One life of a process.</summary>
    internal sealed class Boot(string instance)
    {
        public string Instance => instance;

        public string Id { get; set; } = string.Empty;

        public long Lines { get; set; }

        /// <summary>Whether it was stopped, and not killed.</summary>
        public bool IsStopped { get; set; }

        public int TornBytes { get; set; }

        /// <summary>Segments whose disk had failed.</summary>
        public HashSet<int> GivenUp { get; } = [];

        /// <summary>What a later boot says of its requests without an end; <see langword="null"/> if none does.</summary>
        public HashSet<string>? ReportedOpen { get; set; }

        /// <summary>How many of them that says there are.</summary>
        public int ReportedOpenCount { get; set; }
    }
}
