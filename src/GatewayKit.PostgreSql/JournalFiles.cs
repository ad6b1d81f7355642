namespace GatewayKit.PostgreSql;

/// <summary>The directory into which journals are written back.</summary>
internal sealed class JournalFiles(string directory)
{
    // As the journal's own are: whoever may read a journal is named by its group.
    private const UnixFileMode OfFiles = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
    private const UnixFileMode OfFolders = OfFiles | UnixFileMode.UserExecute | UnixFileMode.GroupExecute;

    /// <summary>How many lines were written.</summary>
    public long Lines { get; set; }

    /// <summary>Begins with the files of a boot; <see langword="null"/> if the instance has a name that none has.</summary>
    public BootWriter? TryBegin(string instance, Guid boot)
    {
        // What stands in a database may be anybody's: it must not choose another directory.
        if (instance.Length is 0 || instance[0] is '.' || !instance.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            return null;
        }

        var folder = Path.Combine(instance, boot.ToString("D"));
        foreach (var path in (string[])[directory, Path.Combine(directory, instance), Path.Combine(directory, folder)])
        {
            CreateFolder(path);
        }

        return new(this, directory, folder);
    }

    /// <summary>Makes a file.</summary>
    /// <exception cref="IOException">It is there already.</exception>
    public static FileStream Create(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OfFiles;
        }

        return new(path, options);
    }

    // One at a time: those above it would be for everybody.
    private static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, OfFolders);
        }
    }
}
