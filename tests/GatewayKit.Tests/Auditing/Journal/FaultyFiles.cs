using GatewayKit.Auditing.Journal;

namespace GatewayKit.Tests.Auditing.Journal;

/// <summary>The files of the operating system, with a disk that is full, broken or slow when the test says so.</summary>
internal sealed class FaultyFiles : IJournalFiles
{
    private readonly List<string> _synced = [];

    /// <summary>Called before each write with the path; what it returns is how many bytes are written before it fails, <see langword="null"/> for all.</summary>
    public Func<string, Failure?>? OnWrite { get; set; }

    /// <summary>Called before each sync with the path.</summary>
    public Action<string>? OnSync { get; set; }

    /// <summary>Called before a file is made, with its path.</summary>
    public Action<string>? OnCreate { get; set; }

    /// <summary>Called before a file is opened for writing, with its path.</summary>
    public Action<string>? OnOpen { get; set; }

    /// <summary>Called before a directory is opened.</summary>
    public Action<string>? OnOpenDirectory { get; set; }

    /// <summary>Called before a file is cut off.</summary>
    public Action<string>? OnTruncate { get; set; }

    /// <summary>Paths of syncs, also of those that failed.</summary>
    public IReadOnlyList<string> Synced
    {
        get
        {
            lock (_synced)
            {
                return [.. _synced];
            }
        }
    }

    /// <summary>What its file system is called.</summary>
    public string? FileSystem { get; set; } = "ext4";

    public static IOException NoSpace() => new("No space left on device", 28);

    public static IOException TooManyFiles() => new("Too many open files", 24);

    public static IOException Broken() => new("Input/output error", 5);

    /// <summary>Called before a file is opened that nobody else may have open.</summary>
    public Action<string>? OnLock { get; set; }

    public void CreateDirectory(string path) => JournalFiles.Instance.CreateDirectory(path);

    public IJournalFile Create(string path, long room = 0)
    {
        OnCreate?.Invoke(path);
        return new File(this, path, JournalFiles.Instance.Create(path));
    }

    public IJournalFile Open(string path)
    {
        OnOpen?.Invoke(path);
        return new File(this, path, JournalFiles.Instance.Open(path));
    }

    public IJournalFile OpenToSync(string path) => new File(this, path, JournalFiles.Instance.OpenToSync(path));

    public IDisposable Lock(string path)
    {
        OnLock?.Invoke(path);
        return JournalFiles.Instance.Lock(path);
    }

    public void Move(string from, string to, bool overwrite = false) => JournalFiles.Instance.Move(from, to, overwrite);

    public void Delete(string path) => JournalFiles.Instance.Delete(path);

    public string? FileSystemOf(string directory) => FileSystem;

    public void SyncDirectory(string path)
    {
        using var directory = OpenDirectory(path);
        directory.Sync();
    }

    public IJournalDirectory OpenDirectory(string path)
    {
        OnOpenDirectory?.Invoke(path);
        return new Folder(this, path);
    }

    public sealed record Failure(IOException Exception, int BytesBefore = 0);

    private sealed class Folder(FaultyFiles owner, string path) : IJournalDirectory
    {
        public void Sync() => owner.OnSync?.Invoke(path);

        public void Dispose()
        {
        }
    }

    private sealed class File(FaultyFiles owner, string path, IJournalFile inner) : IJournalFile
    {
        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            if (owner.OnWrite?.Invoke(path) is { } failure)
            {
                inner.Write(bytes[..Math.Min(failure.BytesBefore, bytes.Length)], offset);
                throw failure.Exception;
            }

            inner.Write(bytes, offset);
        }

        public void Sync()
        {
            lock (owner._synced)
            {
                owner._synced.Add(path);
            }

            owner.OnSync?.Invoke(path);
            inner.Sync();
        }

        public void Truncate(long length)
        {
            owner.OnTruncate?.Invoke(path);
            inner.Truncate(length);
        }

        public void Dispose() => inner.Dispose();
    }
}
