namespace GatewayKit.PostgreSql;

/// <summary>The directory into which journals are written back.</summary>
internal sealed class JournalFiles(string directory)
{
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
        Directory.CreateDirectory(Path.Combine(directory, folder));
        return new(this, directory, folder);
    }
}
