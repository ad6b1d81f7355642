using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Reading;

namespace GatewayKit.Tests.Auditing.Reading;

/// <summary>Whatever is done to a journal is found, and called what it is (T12). Whoever edits has all rights on the disk, and no key.</summary>
public sealed class TamperTests : JournalTest
{
    private const int Edits = 10_000;
    private const int Seed = 20260301;
    private const int RequestsEach = 8;

    private enum Kind
    {
        FlipBit,
        FlipBitOfCheckpoint,
        DeleteLine,
        DeleteBlock,
        SwapNeighbours,
        SwapDistant,
        MoveLine,
        InsertForged,
        InsertGarbage,
        DuplicateLine,
        DuplicateBlock,
        ForgeFromThere,
        CutTail,
        DeleteSegment,
        DeleteCheckpoint,
        DeleteBoot,
    }

    [Fact]
    public async Task Every_one_of_ten_thousand_random_edits_is_found_and_called_by_its_name()
    {
        WriteTwoBoots(RequestsEach);
        var files = System.IO.Directory.GetFiles(Directory, "0*", SearchOption.AllDirectories)
            .ToDictionary(file => Path.GetRelativePath(Directory, file), File.ReadAllBytes, StringComparer.Ordinal);
        var anchor = Builder.Anchor(Path.Combine(Elsewhere, "anchor.ck"));
        var options = new AuditVerificationOptions { TrustedKeys = Trusted, Anchors = [anchor] };
        Assert.True((await VerifyAsync(options)).IsIntact);

        var (failures, kinds) = (new ConcurrentBag<string>(), new ConcurrentDictionary<Kind, int>());
        var workers = Math.Min(Environment.ProcessorCount, 8);
        await Parallel.ForEachAsync(Enumerable.Range(0, workers), async (worker, cancellationToken) =>
        {
            using var copy = new Copy(Path.Combine(Elsewhere, $"{worker}"), files);
            for (var i = worker; i < Edits; i += workers)
            {
                var random = new Random(Seed + i);
                var kind = (Kind)(i % Enum.GetValues<Kind>().Length);
                var done = Apply(kind, copy, random);
                var report = await new AuditLog(copy.Folder).VerifyAsync(options, cancellationToken: cancellationToken);
                var found = Violations(report);
                kinds.AddOrUpdate(kind, 1, static (_, count) => count + 1);
                if (!found.Any(done.Expected.Contains))
                {
                    failures.Add($"seed {Seed + i}: {done.What} should be one of {string.Join(", ", done.Expected)}, and is\n{report}");
                }
                else if (found.Except(done.Expected).Except([AuditFindingCode.CheckpointMismatch]).ToArray() is { Length: > 0 } wrong)
                {
                    failures.Add($"seed {Seed + i}: {done.What} is also called {string.Join(", ", wrong)}\n{report}");
                }

                copy.Restore();
            }
        });

        Assert.True(failures.IsEmpty, $"{failures.Count} of {Edits}:\n{string.Join("\n", failures.Order(StringComparer.Ordinal).Take(5))}");
        Assert.Equal(Edits, kinds.Values.Sum());
        Assert.All(Enum.GetValues<Kind>(), kind => Assert.InRange(kinds[kind], 600, Edits));
    }

    private Done Apply(Kind kind, Copy copy, Random random)
    {
        var segments = copy.Files.Where(static file => file.EndsWith(".gkal", StringComparison.Ordinal)).ToArray();
        var file = segments[random.Next(segments.Length)];
        var lines = copy.Lines(file);

        // Not the first one, which other findings may speak of as well, unless it is about a bit.
        var (at, other) = (random.Next(1, lines.Count - 3), 0);
        switch (kind)
        {
            case Kind.FlipBit:
                return Flip(copy, file, random, [AuditFindingCode.ChangedLine, AuditFindingCode.ForeignBytes]);
            case Kind.FlipBitOfCheckpoint:
                file = file[..^5] + ".ck";
                return Flip(copy, file, random, [AuditFindingCode.BadSignature, AuditFindingCode.BadCheckpoint, AuditFindingCode.UnknownKey]);
            case Kind.DeleteLine:
                lines.RemoveAt(at);
                return copy.Write(file, lines, $"deletion of line {at + 1} of {file}", AuditFindingCode.MissingLines);
            case Kind.DeleteBlock:
                lines.RemoveRange(at, random.Next(1, lines.Count - at - 1));
                return copy.Write(file, lines, $"deletion of lines from {at + 1} of {file}", AuditFindingCode.MissingLines);
            case Kind.SwapNeighbours:
                (lines[at], lines[at + 1]) = (lines[at + 1], lines[at]);
                return copy.Write(file, lines, $"swap of lines {at + 1} and {at + 2} of {file}", AuditFindingCode.MovedLine);
            case Kind.SwapDistant:
                other = random.Next(1, lines.Count - 3);
                other = Math.Abs(other - at) < 2 ? at + 3 >= lines.Count - 1 ? at - 3 : at + 3 : other;
                (lines[at], lines[other]) = (lines[other], lines[at]);
                return copy.Write(file, lines, $"swap of lines {at + 1} and {other + 1} of {file}", AuditFindingCode.MovedLine);
            case Kind.MoveLine:
                var moved = lines[at];
                lines.RemoveAt(at);
                other = random.Next(1, lines.Count - 3);
                other = other == at ? at + 2 : other;
                lines.Insert(other, moved);
                return copy.Write(file, lines, $"move of line {at + 1} to {other + 1} of {file}", AuditFindingCode.MovedLine);
            case Kind.InsertForged:
                lines.Insert(at, Forge(lines[at - 1], lines[at]));
                return copy.Write(file, lines, $"insertion in front of line {at + 1} of {file}", AuditFindingCode.InsertedLine);
            case Kind.InsertGarbage:
                lines.Insert(at, Convert.ToBase64String(RandomBytes(random)));
                return copy.Write(file, lines, $"insertion of garbage in front of line {at + 1} of {file}", AuditFindingCode.ForeignBytes);
            case Kind.DuplicateLine:
                lines.Insert(random.Next(1, lines.Count - 1), lines[at]);
                return copy.Write(file, lines, $"duplication of line {at + 1} of {file}", AuditFindingCode.RepeatedLine);
            case Kind.DuplicateBlock:
                var count = Math.Min(random.Next(2, 6), lines.Count - at - 1);
                lines.InsertRange(at + count, lines.GetRange(at, count));
                return copy.Write(file, lines, $"duplication of {count} lines from {at + 1} of {file}", AuditFindingCode.RepeatedLine);
            case Kind.ForgeFromThere:
                return copy.Write(file, Rechain(lines, at), $"lines from {at + 1} of {file} written anew", AuditFindingCode.CheckpointMismatch, AuditFindingCode.ChangedLine, AuditFindingCode.CutTail, AuditFindingCode.WrongHeader);
            case Kind.CutTail:
                var (path, bytes) = (Builder.SegmentFile, random.Next(1, copy.Length(Path.GetRelativePath(Directory, Builder.SegmentFile)) - 400));
                file = Path.GetRelativePath(Directory, path);
                return copy.Cut(file, bytes, random.Next(2) is 0);
            case Kind.DeleteSegment:
                return copy.Delete(file, random.Next(2) is 0);
            case Kind.DeleteCheckpoint:
                file = file[..^5] + ".ck";
                lines = copy.Lines(file);
                var isNewest = file == Path.GetRelativePath(Directory, Path.ChangeExtension(Builder.SegmentFile, ".ck"));
                lines.RemoveAt(isNewest ? 0 : random.Next(lines.Count));
                return copy.Write(file, lines, $"deletion of a checkpoint of {file}", AuditFindingCode.BrokenCheckpoints);
            default:
                return copy.DeleteBoot(Path.GetDirectoryName(file)!);
        }
    }

    private static Done Flip(Copy copy, string file, Random random, AuditFindingCode[] expected)
    {
        var bytes = copy.Bytes(file);
        var bit = random.Next(bytes.Length * 8);
        bytes[bit / 8] ^= (byte)(1 << bit % 8);
        return copy.Write(file, bytes, $"flip of bit {bit} of {file}", expected);
    }

    // As good as it gets without the key: a line with the right number and a hash that builds on the one before.
    private static string Forge(string before, string next)
    {
        var sequence = Read(next).Sequence;
        return Finish($$"""{"v":1,"kind":"end","rid":"forged","ts":"2026-03-01T12:00:00Z","st":200,"outcome":"ok" """, sequence, HashOf(before));
    }

    // The whole segment from a line on, each hash new: nothing but what was signed shows it.
    private static List<string> Rechain(List<string> lines, int from)
    {
        var hash = HashOf(lines[from - 1]);
        for (var i = from; i < lines.Count; i++)
        {
            var covered = Read(lines[i]).Covered;
            covered = covered[..covered.LastIndexOf(",\"seq\":", StringComparison.Ordinal)];
            lines[i] = Finish(i == from ? covered.Replace("\"v\":1", "\"v\":1,\"x\":0", StringComparison.Ordinal) : covered, Read(lines[i]).Sequence, hash);
            hash = HashOf(lines[i]);
        }

        return lines;
    }

    private static (long Sequence, string Covered) Read(string text)
    {
        Assert.True(JournalLine.TryRead(Encoding.UTF8.GetBytes(text), out var line));
        return (line.Sequence, Encoding.UTF8.GetString(line.Covered));
    }

    private static byte[] HashOf(string text)
    {
        var hash = new byte[HashChain.HashBytes];
        Assert.True(JournalLine.TryRead(Encoding.UTF8.GetBytes(text), out var line) && HashChain.TryRead(line.HashText, hash));
        return hash;
    }

    private static string Finish(string start, long sequence, byte[] before)
    {
        var line = new byte[Encoding.UTF8.GetByteCount(start) + JournalLine.MostTailBytes];
        var length = JournalLine.Finish(line, Encoding.UTF8.GetBytes(start, line), sequence, new HashChain(before));
        return Encoding.UTF8.GetString(line.AsSpan(0, length - 1));
    }

    private static byte[] RandomBytes(Random random)
    {
        var bytes = new byte[random.Next(1, 200)];
        random.NextBytes(bytes);
        return bytes;
    }

    private sealed record Done(string What, AuditFindingCode[] Expected);

    // A copy that is edited and restored: only what changed is written again.
    private sealed class Copy : IDisposable
    {
        private readonly IReadOnlyDictionary<string, byte[]> _files;
        private readonly HashSet<string> _changed = [];

        public Copy(string folder, IReadOnlyDictionary<string, byte[]> files)
        {
            (Folder, _files) = (folder, files);
            _changed.UnionWith(files.Keys);
            Restore();
        }

        public string Folder { get; }

        public IEnumerable<string> Files => _files.Keys;

        public int Length(string file) => _files[file].Length;

        public byte[] Bytes(string file) => [.. _files[file]];

        public List<string> Lines(string file) => [.. Encoding.UTF8.GetString(_files[file]).TrimEnd('\n').Split('\n')];

        public Done Write(string file, List<string> lines, string what, params AuditFindingCode[] expected) =>
            Write(file, Encoding.UTF8.GetBytes(string.Concat(lines.Select(static line => line + "\n"))), what, expected);

        public Done Write(string file, byte[] bytes, string what, params AuditFindingCode[] expected)
        {
            _changed.Add(file);
            File.WriteAllBytes(Path.Combine(Folder, file), bytes);
            return new(what, expected);
        }

        public Done Cut(string file, int bytes, bool withCheckpoints)
        {
            if (withCheckpoints)
            {
                Remove(file[..^5] + ".ck");
            }

            // In the middle of a line a newline is missing too: if no more than that, the line has another end.
            return Write(file, _files[file][..^bytes], $"cut of {bytes} bytes of {file}", AuditFindingCode.CutTail, AuditFindingCode.UnsignedEnd);
        }

        public Done Delete(string file, bool withCheckpoints)
        {
            Remove(file);
            if (withCheckpoints)
            {
                Remove(file[..^5] + ".ck");
            }

            return new($"deletion of {file}{(withCheckpoints ? " with its checkpoints" : string.Empty)}", [AuditFindingCode.MissingSegment, AuditFindingCode.CutTail]);
        }

        public Done DeleteBoot(string boot)
        {
            foreach (var file in _files.Keys.Where(file => file.StartsWith(boot, StringComparison.Ordinal)))
            {
                Remove(file);
            }

            return new($"deletion of boot {boot}", [AuditFindingCode.MissingBoot]);
        }

        public void Restore()
        {
            foreach (var file in _changed)
            {
                var path = Path.Combine(Folder, file);
                System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.WriteAllBytes(path, _files[file]);
            }

            _changed.Clear();
        }

        public void Dispose() => System.IO.Directory.Delete(Folder, recursive: true);

        private void Remove(string file)
        {
            _changed.Add(file);
            File.Delete(Path.Combine(Folder, file));
        }
    }
}
