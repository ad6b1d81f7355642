namespace GatewayKit.Auditing.Journal;

/// <summary>Opens the segments of a boot one after the other, and keeps the file ready that takes the place of one when the disk is full. It belongs to whose turn it is to write.</summary>
internal sealed class JournalSegments(JournalBoot boot, JournalOptions options, IJournalFiles files, TimeProvider time) : IDisposable
{
    // What an end takes at most as a rule, and a checkpoint with some events.
    private const int LineBytes = 4 * 1024;

    private IJournalFile? _reserve;
    private string _directory = boot.Directory;
    private int _number;

    private string BootDirectory => JournalPaths.Boot(_directory, boot.Instance, boot.Id);

    private string ReservePath => Path.Combine(JournalPaths.Instance(_directory, boot.Instance), JournalPaths.Reserve);

    private long ReserveBytes => (options.MaxInFlight + 16L) * LineBytes;

    /// <summary>The root of the segment before; empty in front of the first.</summary>
    public string PreviousRoot { get; set; } = string.Empty;

    /// <summary>Opens the next segment and writes its first line.</summary>
    /// <param name="batch">An empty one.</param>
    /// <param name="header">For the first line.</param>
    /// <param name="previousRoot">The root of the segment before.</param>
    /// <exception cref="IOException">There is no room, or the disk has failed. Nothing has changed.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not write there. Nothing has changed.</exception>
    public JournalSegment Open(JournalBatch batch, JournalEntry header, string previousRoot)
    {
        files.CreateDirectory(BootDirectory);
        return Begin(path => files.Create(path), batch, header, previousRoot);
    }

    /// <summary>Looks whether the disk keeps anything: one that has failed is not believed.</summary>
    /// <exception cref="IOException">It does not.</exception>
    public void Probe()
    {
        files.CreateDirectory(BootDirectory);
        var path = Path.Combine(BootDirectory, JournalPaths.Probe);
        files.Delete(path);
        using (var file = files.Create(path))
        {
            file.Write(new byte[LineBytes], 0);
            file.Sync();
        }

        files.Delete(path);
    }

    /// <summary>Goes on in the file that was kept for a full disk.</summary>
    public JournalSegment OpenReserve(JournalBatch batch, JournalEntry header, string previousRoot)
    {
        var file = _reserve ?? throw new IOException("There is no reserve.");
        return Begin(
            path =>
            {
                files.Move(ReservePath, path);
                _reserve = null;
                return file;
            },
            batch,
            header,
            previousRoot);
    }

    /// <summary>From now on in the other directory. Once: from there is no further one.</summary>
    public bool TryGoToAlternate()
    {
        if (options.AlternateDirectory is not { } alternate || alternate == _directory)
        {
            return false;
        }

        _directory = alternate;
        _reserve?.Dispose();
        _reserve = null;
        return true;
    }

    /// <summary>Sets the reserve aside.</summary>
    /// <param name="spare">How much room has to be there beside it.</param>
    /// <exception cref="IOException">There is no room.</exception>
    public void Reserve(long spare = 0)
    {
        if (_reserve is not null)
        {
            return;
        }

        files.CreateDirectory(JournalPaths.Instance(_directory, boot.Instance));
        files.Delete(ReservePath);
        if (spare > 0)
        {
            files.Create(ReservePath, ReserveBytes + spare).Dispose();
            files.Delete(ReservePath);
        }

        _reserve = files.Create(ReservePath, ReserveBytes);
    }

    public void Dispose() => _reserve?.Dispose();

    private JournalSegment Begin(Func<string, IJournalFile> take, JournalBatch batch, JournalEntry header, string previousRoot)
    {
        var path = JournalPaths.OfSegment(BootDirectory, _number + 1, JournalPaths.Segment);
        var directories = OpenDirectories();
        IJournalFile file;
        try
        {
            file = take(path);
        }
        catch
        {
            directories.ForEach(static directory => directory.Dispose());
            throw;
        }

        var segment = new JournalSegment(_number + 1, path, file, directories, time.GetTimestamp(), batch.NextSequence);
        JournalLines.WriteSegment(header, time, boot, segment.Number, batch.LastHash, previousRoot);
        batch.Add(header, segment.Tree);
        try
        {
            file.Write(batch.Bytes, 0);
        }
        catch
        {
            batch.RollBack(segment.Tree);
            segment.Dispose();
            TryDelete(path);
            throw;
        }

        segment.Length = batch.Bytes.Length;
        batch.Complete();
        _number = segment.Number;
        return segment;
    }

    // Those of boot and instance may be as new as the file. They are open before the file is: what cannot be told to the disk later is not begun.
    private List<IJournalDirectory> OpenDirectories()
    {
        var opened = new List<IJournalDirectory>();
        try
        {
            var path = BootDirectory;
            for (var level = 0; level < 3; level++, path = Path.GetDirectoryName(path)!)
            {
                opened.Add(files.OpenDirectory(path));
            }

            return opened;
        }
        catch
        {
            opened.ForEach(static directory => directory.Dispose());
            throw;
        }
    }

    private void TryDelete(string path)
    {
        try
        {
            files.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What is left of it is no segment: its first line is not whole. The next one must not meet it.
            _number++;
        }
    }
}
