using GatewayKit.ClientTests.Hosting;

namespace GatewayKit.AuditTests.Sinks;

/// <summary>A file system of a few megabytes, which can be full. Only root can mount one.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private readonly string _filler;

    private SmallDisk(string path) => (Path, _filler) = (path, System.IO.Path.Combine(path, "filler"));

    public string Path { get; }

    /// <exception cref="Xunit.Sdk.SkipException">It cannot be mounted here; the test is skipped.</exception>
    public static async Task<SmallDisk> MountAsync(int mebibytes)
    {
        var path = Directory.CreateTempSubdirectory("gatewaykit-disk-").FullName;
        var mounted = OperatingSystem.IsLinux() ? await Command.RunAsync("mount", "-t", "tmpfs", "-o", $"size={mebibytes}m", "none", path) : new(1, string.Empty, "no Linux");
        if (mounted.ExitCode != 0)
        {
            Directory.Delete(path);
            Assert.Skip($"A file system that can be full cannot be mounted here: {mounted.Errors.Trim()}");
        }

        return new(path);
    }

    /// <summary>Takes all the room that is left.</summary>
    public void Fill()
    {
        using var file = new FileStream(_filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
            {
                file.Write(new byte[4_096]);
            }
        }
        catch (IOException)
        {
            // That was the last of it.
        }
    }

    /// <summary>Gives it back.</summary>
    public void Empty() => File.Delete(_filler);

    public async ValueTask DisposeAsync()
    {
        await Command.RunAsync("umount", "-l", Path);
        Directory.Delete(Path);
    }
}
