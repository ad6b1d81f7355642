using System.Diagnostics;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Tests.Auditing.Journal;

/// <summary>A disk that is really full.</summary>
[Trait("Category", "Privileged")]
public sealed class JournalDiskTests
{
    [Fact]
    public async Task Full_disk_loses_nothing_and_the_journal_goes_on_when_there_is_room()
    {
        using var disk = SmallDisk.Mount();
        Assert.SkipWhen(disk is null, "Needs root and a tmpfs of its own (mount -t tmpfs).");
        using var folder = new JournalFolder(disk.Root, isOwned: false);
        await using var journal = folder.Open(new() { MaxInFlight = 64 });
        for (var i = 0; i < 64; i++)
        {
            Assert.True(await journal.BeginAsync($"before-{i}"));
        }

        var ballast = disk.Fill();
        var let = new List<string>();
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 32; i++)
        {
            journal.End($"before-{i}");
        }

        for (var i = 0; journal.State is JournalState.Running; i++)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), "The disk is not full.");
            if (await journal.BeginAsync($"let-{i}"))
            {
                let.Add($"let-{i}");
                journal.End($"let-{i}");
            }
        }

        Assert.False(await journal.BeginAsync("refused"));
        for (var i = 32; i < 64; i++)
        {
            journal.End($"before-{i}");
        }

        await JournalFaultTests.UntilAsync(() => journal.QueuedLines is 0);
        File.Delete(ballast);
        watch.Restart();
        await JournalFaultTests.UntilAsync(() => journal.State is JournalState.Running);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(1), $"It took {watch.Elapsed} to go on.");
        Assert.True(await journal.BeginAsync("after"));
        journal.End("after");
        await journal.DisposeAsync();

        var lines = folder.Lines();
        string[] expected = [.. Enumerable.Range(0, 64).Select(static i => $"before-{i}"), .. let, "after"];
        Assert.Equal(expected.Order(StringComparer.Ordinal), Of("begin"));
        Assert.Equal(expected.Order(StringComparer.Ordinal), Of("end"));

        IEnumerable<string> Of(string kind) => lines.Where(line => line.GetProperty("kind").GetString() == kind).Select(static line => line.GetProperty("rid").GetString()!).Order(StringComparer.Ordinal);
    }

    private sealed class SmallDisk : IDisposable
    {
        public required string Root { get; init; }

        public static SmallDisk? Mount()
        {
            if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            {
                return null;
            }

            var root = Directory.CreateTempSubdirectory("gatewaykit-disk").FullName;
            return Run("mount", "-t", "tmpfs", "-o", "size=2m", "none", root) ? new() { Root = root } : null;
        }

        /// <summary>Takes all room but a little.</summary>
        public string Fill()
        {
            var path = Path.Combine(Root, "ballast");
            using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 0);
            var free = new DriveInfo(Root).AvailableFreeSpace;
            file.Write(new byte[Math.Max(0, free - 8192)]);
            return path;
        }

        public void Dispose()
        {
            Run("umount", Root);
            Directory.Delete(Root);
        }

        private static bool Run(string program, params string[] arguments)
        {
            try
            {
                using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
                process.WaitForExit();
                return process.ExitCode is 0;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                return false;
            }
        }
    }
}
