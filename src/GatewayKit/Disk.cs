using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace GatewayKit;

/// <summary>What the framework does not do with files, or not in a way that one can rely on.</summary>
internal static class Disk
{
    private const int Interrupted = 4, Exists = 17, Unable = 22;

    /// <summary>Waits until the disk has what was written. Not <see cref="RandomAccess.FlushToDisk"/>: .NET 10 keeps to itself that the disk has failed (SyncFaultTests).</summary>
    /// <exception cref="IOException">The disk has failed.</exception>
    public static void Sync(SafeFileHandle handle)
    {
        if (OperatingSystem.IsLinux())
        {
            Sync(handle, mayBeUnable: false);
        }
        else
        {
            RandomAccess.FlushToDisk(handle);
        }
    }

    /// <summary>Makes a file that only its owner reads and writes, and waits until the disk has what is in it.</summary>
    /// <exception cref="IOException">There is such a file, or the disk has failed.</exception>
    public static void WriteForOwner(string path, ReadOnlySpan<byte> bytes)
    {
        // FileStream alone takes a mode. A buffer would write again on disposal, when nobody asks the disk any more.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(path, options);
        file.Write(bytes);
        Sync(file.SafeFileHandle);
    }

    /// <summary>Opens a file that only its owner reads and writes, or makes it, and keeps everybody else from opening it as long as it is open.</summary>
    /// <exception cref="IOException">Somebody else has it open.</exception>
    public static FileStream OpenForOwner(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new(path, options);
    }

    /// <summary>Waits until the disk has the names in a directory. On Windows there is no such thing: NTFS logs the names itself.</summary>
    /// <exception cref="IOException">The disk has failed.</exception>
    public static void SyncDirectory(string path)
    {
        using var handle = OpenDirectory(path);
        SyncDirectory(handle);
    }

    /// <summary>Waits until the disk has the names in a directory.</summary>
    /// <param name="handle">What <see cref="OpenDirectory"/> gave.</param>
    /// <exception cref="IOException">The disk has failed.</exception>
    public static void SyncDirectory(SafeFileHandle? handle)
    {
        if (handle is not null)
        {
            Sync(handle, mayBeUnable: true);
        }
    }

    /// <summary>Opens a directory, to have the disk keep the names in it later; <see langword="null"/> on Windows.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static SafeFileHandle? OpenDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }

        // The framework does not open directories. 0 is O_RDONLY everywhere.
        var descriptor = OpenDescriptor(Name(path), 0);
        if (descriptor < 0)
        {
            throw new IOException($"The directory '{path}' cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}", Marshal.GetLastPInvokeError());
        }

        return new(descriptor, ownsHandle: true);
    }

    /// <summary>Gives a file another name unless that is taken. <see cref="File.Move(string, string)"/> looks first and renames then, between which somebody else may take it.</summary>
    /// <returns>Whether the name was free.</returns>
    /// <exception cref="IOException">It cannot be done.</exception>
    public static bool TryMove(string from, string to)
    {
        if (!OperatingSystem.IsWindows())
        {
            if (Link(Name(from), Name(to)) is 0)
            {
                File.Delete(from);
                return true;
            }

            if (Marshal.GetLastPInvokeError() is Exists)
            {
                return false;
            }

            // A file system without links.
        }

        try
        {
            File.Move(from, to, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(to))
        {
            return false;
        }
    }

    private static void Sync(SafeFileHandle handle, bool mayBeUnable)
    {
        while (SyncDescriptor(handle) < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (mayBeUnable && error is Unable)
            {
                // A file system that keeps directories by itself.
                return;
            }

            if (error is not Interrupted)
            {
                throw new IOException($"The disk does not keep what was written: {Marshal.GetPInvokeErrorMessage(error)}", error);
            }
        }
    }

    private static byte[] Name(string path) => [.. Encoding.UTF8.GetBytes(path), 0];

#pragma warning disable SYSLIB1054 // Generated marshalling would need unsafe code in the whole project, for arguments that need none.
    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int OpenDescriptor(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SyncDescriptor(SafeFileHandle handle);

    [DllImport("libc", EntryPoint = "link", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Link(byte[] from, byte[] to);
#pragma warning restore SYSLIB1054
}
