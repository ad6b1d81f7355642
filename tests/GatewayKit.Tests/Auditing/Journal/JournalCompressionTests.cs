using GatewayKit.Auditing.Journal;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Auditing.Journal;

public sealed class JournalCompressionTests : IDisposable
{
    private readonly JournalFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Old_segments_are_compressed_and_say_the_same()
    {
        await WriteAsync();
        var segment = _folder.Segments()[0];
        var text = File.ReadAllText(segment);
        await using (var journal = _folder.Open(new() { MaxInFlight = 64, CompressAfter = TimeSpan.Zero }))
        {
            await JournalFaultTests.UntilAsync(() => !File.Exists(segment));
            Assert.Equal(text, JournalFolder.Text(segment + ".gz"));
            Assert.True(File.GetAttributes(segment + ".gz").HasFlag(FileAttributes.ReadOnly));
        }

        // The chain goes on from a compressed one.
        await WriteAsync();
        Assert.Equal(3, _folder.Lines().Count(static line => line.GetProperty("kind").GetString() == "segment"));
    }

    [Fact]
    public async Task Closed_segments_of_the_boot_that_is_written_are_compressed_too()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        string[] segments;
        await using (var journal = _folder.Open(new() { MaxInFlight = 64, CompressAfter = TimeSpan.FromMinutes(30) }, time))
        {
            Assert.True(await journal.BeginAsync("1"));
            await JournalFaultTests.UntilAsync(() => journal.QueuedLines is 0);
            time.Advance(TimeSpan.FromMinutes(16));
            journal.Wake();
            await JournalFaultTests.UntilAsync(() => _folder.Segments().Count is 2);
            segments = [.. _folder.Segments()];
            await JournalFaultTests.UntilAsync(() =>
            {
                time.Advance(TimeSpan.FromMinutes(10));
                return File.Exists(segments[0] + ".gz") && !File.Exists(segments[0]);
            });
            Assert.True(File.Exists(segments[1]));
        }

        Assert.True((await new GatewayKit.Auditing.Reading.AuditLog(_folder.Root).VerifyAsync(cancellationToken: TestContext.Current.CancellationToken)).IsIntact);
    }

    [Fact]
    public async Task Segment_that_does_not_verify_is_left_alone()
    {
        await WriteAsync();
        await WriteAsync();
        var segment = _folder.Segments()[0];
        File.WriteAllText(segment, File.ReadAllText(segment).Replace("audit.started", "audit.stArted", StringComparison.Ordinal));
        await using var journal = _folder.Open(new() { MaxInFlight = 64, CompressAfter = TimeSpan.Zero });
        await JournalFaultTests.UntilAsync(() => _folder.Logged.Any(static line => line.Contains("is not compressed", StringComparison.Ordinal)));
        Assert.True(File.Exists(segment));
    }

    [Fact]
    public async Task Young_segments_stay_as_they_are()
    {
        await WriteAsync();
        await using var journal = _folder.Open(new() { MaxInFlight = 64, CompressAfter = TimeSpan.FromDays(1) });
        await journal.DisposeAsync();
        Assert.All(_folder.Segments(), static segment => Assert.EndsWith(".gkal", segment, StringComparison.Ordinal));
    }

    private async Task WriteAsync()
    {
        await using var journal = _folder.Open(new() { MaxInFlight = 64 });
        Assert.True(await journal.BeginAsync("1"));
        journal.End("1");
    }
}
