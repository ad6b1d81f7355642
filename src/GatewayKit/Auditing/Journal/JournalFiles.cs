using Microsoft.Win32.SafeHandles;

namespace GatewayKit.Auditing.Journal;

/// <summary>The files of the operating system.</summary>
internal sealed class JournalFiles : IJournalFiles
{
    private const UnixFileMode FileMode0640 = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
    private const UnixFileMode DirectoryMode0750 = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;

    // ENOSPC and EDQUOT, by the number that Linux gives them; on Windows ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL.
    private const int NoSpace = 28;
    private const int QuotaUsedUp = 122;
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);

    // EWOULDBLOCK of Linux and of macOS, which is how the framework says that somebody has a lock; on Windows ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION.
    private const int Locked = 11;
    private const int MacLocked = 35;
    private const int WindowsShared = unchecked((int)0x80070020);
    private const int WindowsLocked = unchecked((int)0x80070021);

    // EROFS; on Windows ERROR_WRITE_PROTECT.
    private const int ReadOnly = 30;
    private const int WindowsWriteProtected = unchecked((int)0x80070013);

    // ENFILE and EMFILE; on Windows ERROR_TOO_MANY_OPEN_FILES.
    private const int SystemFiles = 23;
    private const int ProcessFiles = 24;
    private const int WindowsTooManyFiles = unchecked((int)0x80070004);

    public static JournalFiles Instance { get; } = new();

    /// <summary>Whether a failure means that there is no room, which may change.</summary>
    public static bool IsNoRoom(Exception exception) => exception is IOException
    {
        HResult: NoSpace or QuotaUsedUp or WindowsDiskFull or WindowsHandleDiskFull,
    };

    /// <summary>Whether a failure means that somebody else has the file, which may change.</summary>
    public static bool IsInUse(Exception exception) => exception is IOException { HResult: Locked or MacLocked or WindowsShared or WindowsLocked };

    /// <summary>Whether a failure means that the file system takes no writes.</summary>
    public static bool IsReadOnly(Exception exception) => exception is IOException { HResult: ReadOnly or WindowsWriteProtected };

    /// <summary>Whether a failure means that no file can be opened, wherever it is.</summary>
    public static bool IsTooManyFiles(Exception exception) => exception is IOException { HResult: SystemFiles or ProcessFiles or WindowsTooManyFiles };

    public void CreateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, DirectoryMode0750);
        }
    }

    public IJournalFile Create(string path, long room = 0)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Read };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = FileMode0640;
        }

        if (room > 0)
        {
            options.PreallocationSize = room;
        }

        // FileStream alone takes a mode; its handle is what is used. A buffer would be a second place for lines to be lost in.
        options.BufferSize = 0;
        var stream = new FileStream(path, options);
        return new OpenFile(stream.SafeFileHandle, stream);
    }

    public IJournalFile Open(string path) => new OpenFile(File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read), null);

    // Windows syncs only what is open for writing.
    public IJournalFile OpenToSync(string path) =>
        new OpenFile(File.OpenHandle(path, FileMode.Open, OperatingSystem.IsWindows() ? FileAccess.ReadWrite : FileAccess.Read, FileShare.ReadWrite | FileShare.Delete), null);

    public IDisposable Lock(string path) => new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

    public void Move(string from, string to, bool overwrite = false) => File.Move(from, to, overwrite);

    public void Delete(string path)
    {
        // Windows deletes no file that is read-only, as compressed segments are.
        if (OperatingSystem.IsWindows() && File.Exists(path))
        {
            File.SetAttributes(path, FileAttributes.Normal);
        }

        File.Delete(path);
    }

    public string? FileSystemOf(string directory)
    {
        try
        {
            // On Unix any directory is a name of its drive.
            var path = Path.GetFullPath(directory);
            return new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(path)! : path).DriveFormat;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // A share of a network, for instance.
            return null;
        }
    }

    public void SyncDirectory(string path) => Disk.SyncDirectory(path);

    public IJournalDirectory OpenDirectory(string path) => new OpenFolder(Disk.OpenDirectory(path));

    private sealed class OpenFolder(SafeFileHandle? handle) : IJournalDirectory
    {
        public void Sync() => Disk.SyncDirectory(handle);

        public void Dispose() => handle?.Dispose();
    }

    private sealed class OpenFile(SafeFileHandle handle, FileStream? owner) : IJournalFile
    {
        // Goes on after a short write by itself.
        public void Write(ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(handle, bytes, offset);

        public void Sync() => Disk.Sync(handle);

        public void Truncate(long length) => RandomAccess.SetLength(handle, length);

        public void Dispose()
        {
            handle.Dispose();
            owner?.Dispose();
        }
    }
}
