namespace GatewayKit.Auditing.Reading;

/// <summary>Files with what is in a journal: no more people may read them than the journal.</summary>
internal static class ExportFile
{
    private const UnixFileMode FileMode0640 = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    /// <summary>Creates one, or empties it.</summary>
    public static FileStream Create(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = FileMode0640;
        }

        return new(path, options);
    }
}
