using GatewayKit.Auditing.Journal;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Auditing.Journal;

public sealed class JournalLockTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("gatewaykit-lock-").FullName;
    private readonly FaultyFiles _files = new();
    private readonly FakeTimeProvider _time = new();

    private string LockFile => Path.Combine(_root, "one", JournalPaths.Lock);

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Folder_is_held_by_who_took_it_and_not_by_those_who_look()
    {
        Assert.False(JournalLock.IsHeld(_root, "one"));
        using (Take())
        {
            Assert.True(JournalLock.IsHeld(_root, "one"));
        }

        using (Look())
        {
            Assert.False(JournalLock.IsHeld(_root, "one"));
        }
    }

    [Theory]
    [InlineData("one", "one")]
    [InlineData(null, null)]
    public void Start_at_the_moment_at_which_somebody_looks_has_its_folder(string? instance, string? expected)
    {
        string name;
        using (var before = Take(instance))
        {
            name = before.Instance;
        }

        var (tries, look) = (0, new FileStream(Path.Combine(_root, name, JournalPaths.Lock), FileMode.Open, FileAccess.Read, FileShare.Read));
        _files.OnLock = _ =>
        {
            if (++tries is 3)
            {
                look.Dispose();
            }
        };
        using var taken = JournalLock.Take(_root, instance, _files, TimeProvider.System);
        Assert.Equal((expected ?? name, 3), (taken.Instance, tries));
    }

    [Fact]
    public async Task Folder_that_stays_in_use_is_waited_for_a_second_and_no_longer()
    {
        using var first = Take();
        var began = _time.GetTimestamp();
        var second = Task.Run(() => JournalLock.Take(_root, "one", _files, _time), TestContext.Current.CancellationToken);
        while (!second.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            await Task.Yield();
        }

        Assert.Contains($"'{Path.Combine(_root, "one")}' cannot be opened. Another process is writing it: give each its own Journal.Instance", (await Assert.ThrowsAsync<IOException>(() => second)).Message, StringComparison.Ordinal);
        Assert.True(_time.GetElapsedTime(began) >= TimeSpan.FromSeconds(1));
    }

    // None of these is another process, and none is waited for.
    [Theory]
    [InlineData(30, "Mount its file system for writing")]
    [InlineData(28, "Make room on its disk")]
    [InlineData(24, "Let the process have more files open")]
    [InlineData(5, "Look at what is there and at its disk")]
    [InlineData(-1, "Let the user of the process write there")]
    [InlineData(-2, "Make that directory")]
    public void What_keeps_a_folder_from_being_taken_is_told_with_its_path_and_what_to_do(int error, string advice)
    {
        var tries = 0;
        _files.OnLock = path =>
        {
            tries++;
            throw error switch
            {
                -1 => new UnauthorizedAccessException($"Access to the path '{path}' is denied."),
                -2 => new DirectoryNotFoundException($"Could not find a part of the path '{path}'."),
                _ => new IOException("What the system says.", error),
            };
        };
        foreach (var instance in (string?[])["one", null])
        {
            var exception = Assert.ThrowsAny<Exception>(() => JournalLock.Take(_root, instance, _files, _time));
            Assert.True(exception is IOException or UnauthorizedAccessException);
            Assert.Contains($"The audit journal in '{Path.Combine(_root, instance ?? string.Empty)}", exception.Message, StringComparison.Ordinal);
            Assert.Contains($". {advice}", exception.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("process is writing", exception.Message, StringComparison.Ordinal);
        }

        Assert.Equal(2, tries);
    }

    [Fact]
    public void File_in_place_of_the_folder_is_no_other_process()
    {
        File.WriteAllText(Path.Combine(_root, "one"), string.Empty);
        Assert.Contains("Look at what is there", Assert.Throws<IOException>(() => Take()).Message, StringComparison.Ordinal);
    }

    private JournalLock Take(string? instance = "one") => JournalLock.Take(_root, instance, _files, TimeProvider.System);

    private FileStream Look() => new(LockFile, FileMode.Open, FileAccess.Read, FileShare.Read);
}
