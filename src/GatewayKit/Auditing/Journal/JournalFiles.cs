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

    public static JournalFiles Instance { get; } = new();

    /// <summary>Whether a failure means that there is no room, which may change.</summary>
    public static bool IsNoRoom(Exception exception) => exception is IOException
    {
        HResult: NoSpace or QuotaUsedUp or WindowsDiskFull or WindowsHandleDiskFull,
    };

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

    public void Move(string from, string to, bool overwrite = false) => File.Move(from, to, overwrite);

    public void Delete(string path) => File.Delete(path);

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
