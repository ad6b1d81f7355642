namespace GatewayKit.Auditing.Journal;

/// <summary>The folder of an instance, held by this process as long as this lives.</summary>
internal sealed class JournalLock : IDisposable
{
    // Processes that share a machine and a directory without being told apart.
    private const int MostUnnamed = 64;

    private readonly FileStream _file;

    private JournalLock(string instance, FileStream file) => (Instance, _file) = (instance, file);

    /// <summary>The instance.</summary>
    public string Instance { get; }

    /// <summary>Takes the folder of an instance.</summary>
    /// <param name="directory">The directory of all instances.</param>
    /// <param name="instance">The instance; <see langword="null"/> for the name of the machine, with a number behind it if another process has that.</param>
    /// <param name="files">Makes the folder.</param>
    /// <exception cref="IOException">Another process has it.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not write there.</exception>
    public static JournalLock Take(string directory, string? instance, IJournalFiles files)
    {
        if (instance is not null)
        {
            return TryTake(directory, instance, files, out var fault) ?? throw new IOException(
                $"The audit journal in '{Path.GetFullPath(JournalPaths.Instance(directory, instance))}' cannot be opened: {fault!.Message} Another process may be writing it: give each its own Journal.Instance.", fault);
        }

        var name = NameOf(Environment.MachineName);
        for (var number = 1; number <= MostUnnamed; number++)
        {
            if (TryTake(directory, number is 1 ? name : $"{name}-{number}", files, out _) is { } taken)
            {
                return taken;
            }
        }

        throw new IOException($"'{Path.GetFullPath(directory)}' has {MostUnnamed} audit journals of '{name}' that are all in use. Give each process its own Journal.Instance.");
    }

    /// <summary>Whether a process has the folder of an instance. Nothing is made; nobody who takes it later is held up.</summary>
    /// <exception cref="UnauthorizedAccessException">The process may not look.</exception>
    public static bool IsHeld(string directory, string instance)
    {
        try
        {
            new FileStream(Path.Combine(JournalPaths.Instance(directory, instance), JournalPaths.Lock), FileMode.Open, FileAccess.Read, FileShare.None).Dispose();
            return false;
        }
        catch (IOException exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    public void Dispose() => _file.Dispose();

    private static JournalLock? TryTake(string directory, string instance, IJournalFiles files, out IOException? fault)
    {
        var folder = JournalPaths.Instance(directory, instance);
        files.CreateDirectory(folder);
        try
        {
            fault = null;
            return new(instance, new(Path.Combine(folder, JournalPaths.Lock), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException exception) when (!JournalFiles.IsNoRoom(exception))
        {
            fault = exception;
            return null;
        }
    }

    // A machine may have a name that is no folder's.
    private static string NameOf(string machine)
    {
        var name = string.Concat(machine.Select(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.' ? letter : '-'));
        return name.Length is 0 || name[0] is '.' ? "gateway" : name.Length > 60 ? name[..60] : name;
    }
}
