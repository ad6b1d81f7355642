namespace GatewayKit.Tests;

public sealed class DiskTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gatewaykit-disk");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void File_for_its_owner_has_what_was_written_is_nobody_elses_and_takes_no_name_that_is_taken()
    {
        var path = Path.Combine(_folder.FullName, "key");
        Disk.WriteForOwner(path, "secret"u8);
        Assert.Equal("secret", File.ReadAllText(path));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }

        Assert.Throws<IOException>(() => Disk.WriteForOwner(path, "other"u8));
        Assert.Equal("secret", File.ReadAllText(path));
    }
}
