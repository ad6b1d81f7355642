namespace GatewayKit.Auditing.Journal;

/// <summary>What is made of several steps with files.</summary>
internal static class JournalFilesExtensions
{
    /// <summary>Writes a file that is whole under its name, and on the disk, or not there. One that is there is replaced.</summary>
    public static void WriteWhole(this IJournalFiles files, string path, ReadOnlySpan<byte> bytes)
    {
        var draft = path + JournalPaths.Unfinished;
        files.Delete(draft);
        using (var file = files.Create(draft))
        {
            file.Write(bytes, 0);
            file.Sync();
        }

        files.Move(draft, path, overwrite: true);
        files.SyncDirectory(Path.GetDirectoryName(path)!);
    }
}
