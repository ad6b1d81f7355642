using GatewayKit.Auditing.Custody;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Reading;

/// <summary>What lies in the directory of a journal, by its names. Nothing is opened.</summary>
internal sealed class JournalFolder
{
    private JournalFolder(IReadOnlyList<InstanceFolder> instances, IReadOnlyList<string> foreign)
    {
        Instances = instances;
        Foreign = foreign;
    }

    /// <summary>The instances, by name.</summary>
    public IReadOnlyList<InstanceFolder> Instances { get; }

    /// <summary>Files that are none of a journal's.</summary>
    public IReadOnlyList<string> Foreign { get; }

    /// <summary>Lists the files.</summary>
    /// <param name="directories">The directory of the journal, and others in which it goes on when the disk of that has failed: those are made when they are needed.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such directory.</exception>
    public static JournalFolder Read(params IEnumerable<string> directories)
    {
        var (instances, foreign) = (new List<InstanceFolder>(), new List<string>());
        foreach (var (number, directory) in directories.Index())
        {
            if (number > 0 && !Directory.Exists(directory))
            {
                continue;
            }

            foreign.AddRange(Directory.GetFiles(directory));
            foreach (var folder in Directory.GetDirectories(directory).Where(static folder => Path.GetFileName(folder) is not AuditHolds.Folder))
            {
                if (JournalPaths.FaultOfInstance(Path.GetFileName(folder)) is null)
                {
                    instances.Add(InstanceFolder.Read(folder, foreign));
                }
                else
                {
                    foreign.Add(folder);
                }
            }
        }

        return new([.. instances.GroupBy(static one => one.Name).OrderBy(static one => one.Key, StringComparer.Ordinal).Select(static parts => parts.Aggregate(static (all, part) => all.With(part)))], foreign);
    }
}

/// <summary>What belongs to one instance.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Path">Its folder.</param>
/// <param name="Boots">Its boots, in no order.</param>
internal sealed record InstanceFolder(string Name, string Path, IReadOnlyList<BootFolder> Boots)
{
    public string Keys => System.IO.Path.Combine(Path, JournalPaths.PublicKeys);

    /// <summary>The same with what another directory has of it. A boot goes on there under the same id.</summary>
    public InstanceFolder With(InstanceFolder other) => this with
    {
        Boots = [.. Boots.Concat(other.Boots).GroupBy(static boot => boot.Id).Select(static parts =>
            parts.First() with { Segments = [.. parts.SelectMany(static part => part.Segments).OrderBy(static segment => segment.Number)] })],
    };

    public static InstanceFolder Read(string folder, List<string> foreign)
    {
        foreach (var file in Directory.GetFiles(folder))
        {
            if (!JournalPaths.IsOfInstance(file))
            {
                foreign.Add(file);
            }
        }

        var boots = new List<BootFolder>();
        foreach (var inner in Directory.GetDirectories(folder).Order(StringComparer.Ordinal))
        {
            var name = System.IO.Path.GetFileName(inner);
            if (Guid.TryParseExact(name, "D", out var boot) && name == boot.ToString("D"))
            {
                boots.Add(BootFolder.Read(boot, inner, foreign));
            }
            else if (name is JournalPaths.PublicKeys)
            {
                foreign.AddRange(Directory.GetFileSystemEntries(inner).Where(static file => !JournalPaths.IsPublicKey(file)));
            }
            else if (name is not JournalPaths.Shipping)
            {
                foreign.Add(inner);
            }
        }

        return new(System.IO.Path.GetFileName(folder), folder, boots);
    }
}

/// <summary>What belongs to one boot.</summary>
/// <param name="Id">The boot.</param>
/// <param name="Path">Its folder.</param>
/// <param name="Segments">Its segments by number; one that has only checkpoints, or only what was cut off it, is among them.</param>
internal sealed record BootFolder(Guid Id, string Path, IReadOnlyList<SegmentFiles> Segments)
{
    public static BootFolder Read(Guid id, string folder, List<string> foreign)
    {
        var segments = new SortedDictionary<int, SegmentFiles>();
        foreach (var file in Directory.GetFiles(folder).Where(static file => !JournalPaths.IsOfBoot(file)).Order(StringComparer.Ordinal))
        {
            var number = JournalPaths.NumberOf(file) ?? JournalPaths.NumberBefore(file, JournalPaths.Checkpoints) ?? JournalPaths.NumberBefore(file, JournalPaths.Torn);
            if (number is not { } known)
            {
                foreign.Add(file);
                continue;
            }

            var segment = segments.TryGetValue(known, out var found) ? found : new(known);
            segments[known] = System.IO.Path.GetExtension(file) switch
            {
                JournalPaths.Checkpoints => segment with { Checkpoints = file },
                JournalPaths.Torn => segment with { Torn = file },
                JournalPaths.Segment => segment with { Plain = file },
                _ => segment with { Compressed = file },
            };
        }

        foreign.AddRange(Directory.GetDirectories(folder));
        return new(id, folder, [.. segments.Values]);
    }
}

/// <summary>The files of one segment.</summary>
/// <param name="Number">Its number, from 1.</param>
internal sealed record SegmentFiles(int Number)
{
    public string? Plain { get; init; }

    public string? Compressed { get; init; }

    public string? Checkpoints { get; init; }

    public string? Torn { get; init; }

    /// <summary>What is read. Both are there while one is made from the other.</summary>
    public string? File => Plain ?? Compressed;

    /// <summary>Opens what is read. Whoever writes it is not held up.</summary>
    public Stream Open()
    {
        try
        {
            return Plain is not null ? OpenFile(Plain) : new GzipSegment(OpenFile(Compressed!));
        }
        catch (FileNotFoundException) when (Plain is not null && System.IO.File.Exists(Plain + JournalPaths.CompressedSegment[JournalPaths.Segment.Length..]))
        {
            // It was compressed since the directory was read.
            return new GzipSegment(OpenFile(Plain + JournalPaths.CompressedSegment[JournalPaths.Segment.Length..]));
        }
    }

    /// <summary>Whether what lies there twice, plain and compressed, says the same. Of which one is gone by now there is no other.</summary>
    public async ValueTask<bool> AreSameAsync(CancellationToken cancellationToken)
    {
        try
        {
            return Plain is null || Compressed is null || await AreSameAsync(OpenFile(Plain), new GzipSegment(OpenFile(Compressed)), cancellationToken).ConfigureAwait(false);
        }
        catch (FileNotFoundException)
        {
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private static async Task<bool> AreSameAsync(Stream one, Stream other, CancellationToken cancellationToken)
    {
        await using (one.ConfigureAwait(false))
        await using (other.ConfigureAwait(false))
        {
            var (first, second) = (new byte[64 << 10], new byte[64 << 10]);
            while (true)
            {
                var read = await one.ReadAtLeastAsync(first, first.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
                if (await other.ReadAtLeastAsync(second, second.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) != read || !first.AsSpan(0, read).SequenceEqual(second.AsSpan(0, read)))
                {
                    return false;
                }

                if (read < first.Length)
                {
                    return true;
                }
            }
        }
    }

    public static FileStream OpenFile(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.Open,
        Access = FileAccess.Read,
        Share = FileShare.ReadWrite | FileShare.Delete,
        Options = FileOptions.SequentialScan,
        BufferSize = 0,
    });
}
