using System.Buffers.Text;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Tests.Auditing.Reading;

/// <summary>Writes journals as the writer does, line by line, for those who read them: one instance, on a clock of its own. Whoever has its key can forge.</summary>
internal sealed class JournalBuilder : IDisposable
{
    public const string KeyId = "k1";

    private readonly MerkleTree _tree = new();
    private readonly ECDsa _key;
    private readonly bool _ownsKey;
    private FileStream? _segment;
    private HashChain _chain = new(new byte[HashChain.HashBytes]);
    private string _root = string.Empty;
    private Guid? _bootBefore;
    private byte[] _last = [];
    private long _request;

    public JournalBuilder(string directory, string instance = "eu1", ECDsa? key = null)
    {
        (Journal, Instance, _key, _ownsKey) = (directory, instance, key ?? ECDsa.Create(ECCurve.NamedCurves.nistP256), key is null);
        Directory.CreateDirectory(Path.Combine(directory, instance, JournalPaths.PublicKeys));
        File.WriteAllText(Path.Combine(directory, instance, JournalPaths.PublicKeys, KeyId + ".pem"), _key.ExportSubjectPublicKeyInfoPem());
    }

    public string Journal { get; }

    public string Instance { get; }

    public Guid Boot { get; private set; }

    public int Number { get; private set; }

    public long Sequence { get; private set; }

    public DateTimeOffset Time { get; set; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>The signature that the next checkpoint follows.</summary>
    public string LastSignature { get; set; } = string.Empty;

    public string BootFolder => JournalPaths.Boot(Journal, Instance, Boot);

    public string SegmentFile => JournalPaths.OfSegment(BootFolder, Number, JournalPaths.Segment);

    public JournalBuilder StartBoot(Guid? boot = null)
    {
        Boot = boot ?? Guid.NewGuid();
        (Sequence, Number, _root) = (0, 0, string.Empty);
        _chain = new(HashChain.Genesis(Instance, Boot, _last));
        Directory.CreateDirectory(BootFolder);
        return StartSegment();
    }

    /// <summary>One request: its beginning, and its end.</summary>
    public JournalBuilder Request(string route = "orders", string? consumer = "acme", int status = 200, string outcome = "ok", string? id = null, string? tenant = null) =>
        Begin(id ??= NextId(), route, consumer, tenant).End(id, status, outcome);

    public JournalBuilder Begin(string id, string route = "orders", string? consumer = "acme", string? tenant = null) => Line(
        $$"""{"v":1,"kind":"begin","rid":"{{id}}","ts":"{{Tick():O}}","mono":{{Sequence * 1_000_000}},"route":"{{route}}","m":"GET","path":"/orders/{id}","host":"api.example","src":"192.0.2.{{Sequence % 250}}"{{(consumer is null ? "" : $",\"sub\":\"{consumer}\"")}}{{(tenant is null ? "" : $",\"tenant\":\"{tenant}\"")}},"dec":[{"p":"ApiKey","o":"allow","us":3},{"p":"Throttle","o":"allow","us":1}]""");

    public JournalBuilder End(string id, int status = 200, string outcome = "ok") => Line(
        $$"""{"v":1,"kind":"end","rid":"{{id}}","ts":"{{Tick():O}}","dur_us":1834,"cluster":"orders","st":{{status}},"outcome":"{{outcome}}","att":[{"dest":"a","st":{{status}},"us":1702}],"bin":0,"bout":{{Sequence * 7}}""");

    public JournalBuilder Event(string name, string rest = "") => Line($$"""{"v":1,"kind":"event","event":"{{name}}","ts":"{{Tick():O}}"{{rest}}""");

    public JournalBuilder Line(string start)
    {
        var line = new byte[Encoding.UTF8.GetByteCount(start) + JournalLine.MostTailBytes];
        var length = JournalLine.Finish(line, Encoding.UTF8.GetBytes(start, line), Sequence++, _chain);
        _tree.Add(line.AsSpan(0, length - 1));
        _segment!.Write(line.AsSpan(0, length));
        return this;
    }

    public JournalBuilder Checkpoint(bool isLast = false)
    {
        var checkpoint = Word(isLast);
        var signature = _key.SignData(checkpoint.Covered(), HashAlgorithmName.SHA256);
        LastSignature = Base64Url.EncodeToString(signature);
        File.AppendAllText(
            JournalPaths.OfSegment(BootFolder, Number, JournalPaths.Checkpoints), Encoding.UTF8.GetString(GatewayKit.Auditing.Journal.Checkpoint.Seal(checkpoint.Covered(), signature)) + "\n");
        return this;
    }

    /// <summary>What a second place would have been told by now.</summary>
    public string Anchor(string file)
    {
        var covered = Word(isLast: false).Covered();
        File.WriteAllBytes(file, [.. GatewayKit.Auditing.Journal.Checkpoint.Seal(covered, _key.SignData(covered, HashAlgorithmName.SHA256)), (byte)'\n']);
        return file;
    }

    public JournalBuilder Rotate(bool compress = false) => CloseSegment(compress).StartSegment();

    /// <summary>Ends the boot, as a kill does unless it signs.</summary>
    public JournalBuilder Stop(bool sign = true, bool compress = false)
    {
        if (sign)
        {
            CloseSegment(compress);
        }
        else
        {
            _segment!.Dispose();
        }

        (_last, _bootBefore, _segment) = (_chain.Last.ToArray(), Boot, null);
        return this;
    }

    public JournalBuilder Flush()
    {
        _segment!.Flush();
        return this;
    }

    public void Dispose()
    {
        _segment?.Dispose();
        if (_ownsKey)
        {
            _key.Dispose();
        }
    }

    public string NextId() => $"01JN{_request++:D22}";

    private JournalBuilder CloseSegment(bool compress)
    {
        Checkpoint(isLast: true);
        _root = Root();
        _segment!.Dispose();
        if (compress)
        {
            using (var file = File.Create(SegmentFile + ".gz"))
            using (var gzip = new GZipStream(file, CompressionLevel.Fastest))
            {
                gzip.Write(File.ReadAllBytes(SegmentFile));
            }

            File.Delete(SegmentFile);
        }

        return this;
    }

    private JournalBuilder StartSegment()
    {
        Number++;
        _tree.Clear();
        _segment = new(SegmentFile, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        return Line($$"""{"v":1,"kind":"segment","inst":"{{Instance}}","boot":"{{Boot}}","n":{{Number}},"ts":"{{Tick():O}}","prev":"{{Base64Url.EncodeToString(_chain.Last)}}","prevRoot":"{{_root}}","prevBoot":"{{_bootBefore}}""" + "\"");
    }

    private Checkpoint Word(bool isLast) => new()
    {
        Instance = Instance,
        Boot = Boot,
        Segment = Number,
        Sequence = Sequence - 1,
        Hash = Base64Url.EncodeToString(_chain.Last),
        Count = _tree.Count,
        Root = Root(),
        Time = Time,
        KeyId = KeyId,
        Previous = LastSignature,
        IsLast = isLast,
    };

    private string Root()
    {
        Span<byte> root = stackalloc byte[HashChain.HashBytes];
        _tree.GetRoot(root);
        return Base64Url.EncodeToString(root);
    }

    private DateTime Tick() => (Time += TimeSpan.FromMilliseconds(7)).UtcDateTime;
}
