namespace GatewayKit.Auditing.Journal;

/// <summary>The folder of an instance, held by this process as long as this lives.</summary>
internal sealed class JournalLock : IDisposable
{
    // Processes that share a machine and a directory without being told apart.
    private const int MostUnnamed = 64;

    // Whoever only looks whether a folder is held has its lock for a moment.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1), Pause = TimeSpan.FromMilliseconds(10);

    private readonly IDisposable _file;

    private JournalLock(string instance, IDisposable file) => (Instance, _file) = (instance, file);

    /// <summary>The instance.</summary>
    public string Instance { get; }

    /// <summary>Takes the folder of an instance. One that is in use may be free in a moment: that is waited for, a second at most.</summary>
    /// <param name="directory">The directory of all instances.</param>
    /// <param name="instance">The instance; <see langword="null"/> for the name of the machine, with a number behind it if another process has that.</param>
    /// <param name="files">Makes the folder.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="IOException">Another process has it, or the disk does not let it be taken. The message says what can be done.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not write there. The message says what can be done.</exception>
    public static JournalLock Take(string directory, string? instance, IJournalFiles files, TimeProvider time)
    {
        var (name, began) = (instance ?? NameOf(Environment.MachineName), time.GetTimestamp());
        JournalLock? taken;
        while ((taken = TryTake(directory, name, files)) is null && time.GetElapsedTime(began) < Patience)
        {
            Task.Delay(Pause, time).GetAwaiter().GetResult();
        }

        if (taken is not null)
        {
            return taken;
        }

        if (instance is not null)
        {
            throw new IOException($"The audit journal in '{Path.GetFullPath(JournalPaths.Instance(directory, instance))}' cannot be opened. Another process is writing it: give each its own Journal.Instance.");
        }

        for (var number = 2; number <= MostUnnamed; number++)
        {
            if (TryTake(directory, $"{name}-{number}", files) is { } free)
            {
                return free;
            }
        }

        throw new IOException($"'{Path.GetFullPath(directory)}' has {MostUnnamed} audit journals of '{name}' that are all in use. Give each process its own Journal.Instance.");
    }

    /// <summary>Whether a process has the folder of an instance. Nothing is made; others who look do not count, and whoever takes it at this moment has to try again.</summary>
    /// <exception cref="IOException">The disk does not say.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not look.</exception>
    public static bool IsHeld(string directory, string instance)
    {
        var folder = JournalPaths.Instance(directory, instance);
        try
        {
            new FileStream(Path.Combine(folder, JournalPaths.Lock), FileMode.Open, FileAccess.Read, FileShare.Read).Dispose();
            return false;
        }
        catch (IOException exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return JournalFiles.IsInUse(exception) ? true : throw Explained(folder, exception);
        }
    }

    public void Dispose() => _file.Dispose();

    private static JournalLock? TryTake(string directory, string instance, IJournalFiles files)
    {
        var folder = JournalPaths.Instance(directory, instance);
        try
        {
            files.CreateDirectory(folder);
            return new(instance, files.Lock(Path.Combine(folder, JournalPaths.Lock)));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return JournalFiles.IsInUse(exception) ? null : throw Explained(folder, exception);
        }
    }

    private static Exception Explained(string folder, Exception exception)
    {
        var message = $"The audit journal in '{Path.GetFullPath(folder)}' cannot be opened: {exception.Message.TrimEnd('.', ' ')}. {AdviceOn(exception)}";
        return exception is UnauthorizedAccessException ? new UnauthorizedAccessException(message, exception) : new IOException(message, exception);
    }

    private static string AdviceOn(Exception exception) => exception switch
    {
        UnauthorizedAccessException => "Let the user of the process write there, or name another Journal.Directory.",
        DirectoryNotFoundException => "Make that directory, or name another Journal.Directory.",
        _ when JournalFiles.IsNoRoom(exception) => "Make room on its disk, or name a Journal.Directory on another one.",
        _ when JournalFiles.IsReadOnly(exception) => "Mount its file system for writing, or name a Journal.Directory on another one.",
        _ when JournalFiles.IsTooManyFiles(exception) => "Let the process have more files open (ulimit -n, or LimitNOFILE of systemd).",
        _ => "Look at what is there and at its disk, or name another Journal.Directory.",
    };

    // A machine may have a name that is no folder's.
    private static string NameOf(string machine)
    {
        var name = string.Concat(machine.Select(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.' ? letter : '-'));
        return name.Length is 0 || name[0] is '.' ? "gateway" : name.Length > 60 ? name[..60] : name;
    }
}
