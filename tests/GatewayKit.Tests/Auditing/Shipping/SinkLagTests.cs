using GatewayKit.Auditing.Shipping;
using GatewayKit.Tests.Auditing.Journal;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Auditing.Shipping;

public sealed class SinkLagTests : IDisposable
{
    private readonly JournalFolder _folder = new();
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Sink_that_keeps_up_with_a_journal_that_is_always_written_is_behind_by_what_it_takes_to_get_there()
    {
        await using var journal = _folder.Open();
        var boots = new BootFolders(_folder.Root, null, journal.Instance);
        Directory.CreateDirectory(boots.Shipping);
        var positions = new SinkPositions(new(Path.Combine(boots.Shipping, "copy.position")), boots);
        var lag = new SinkLag(journal, boots, positions, _time, static (_, _, _) => 1) { HasEarlierBoots = false };
        for (var second = 1; second <= 600; second++)
        {
            // Three batches later it has what was written now.
            lag.Reached((1, second * 1_000), _time.GetTimestamp());
            _time.Advance(TimeSpan.FromSeconds(1));
            positions.Move(new(journal.Boot, 1, Math.Max(0, second - 3) * 1_000), journal.Boot);
            Assert.InRange(lag.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        }

        // From now on it gets nothing.
        _time.Advance(TimeSpan.FromSeconds(300));
        Assert.InRange(lag.Elapsed, TimeSpan.FromSeconds(300), TimeSpan.FromSeconds(310));
    }

    [Fact]
    public async Task Disk_that_does_not_say_how_much_there_is_ends_nothing_and_counts_as_behind()
    {
        await using var journal = _folder.Open();
        var boots = new BootFolders(_folder.Root, null, journal.Instance);
        var lag = new SinkLag(journal, boots, new(new(Path.Combine(boots.Shipping, "copy.position")), boots), _time, static (_, _, _) => throw new UnauthorizedAccessException()) { HasEarlierBoots = false };
        lag.Complete(_time.GetTimestamp());
        _time.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal((TimeSpan.FromSeconds(7), null), (lag.Elapsed, lag.Bytes()));
    }

    [Fact]
    public async Task Boot_that_waits_lets_a_sink_count_as_behind_however_well_it_has_the_next_one()
    {
        await using var journal = _folder.Open();
        var boots = new BootFolders(_folder.Root, null, journal.Instance);
        var lag = new SinkLag(journal, boots, new(new(Path.Combine(boots.Shipping, "copy.position")), boots), _time, static (_, _, _) => 0);
        _time.Advance(TimeSpan.FromSeconds(7));
        lag.Complete(_time.GetTimestamp());
        Assert.Equal(TimeSpan.FromSeconds(7), lag.Elapsed);
        lag.HasEarlierBoots = false;
        Assert.Equal(TimeSpan.Zero, lag.Elapsed);
    }

    [Fact]
    public async Task Checkpoints_that_cannot_be_read_let_a_sink_count_as_behind_that_has_all_lines()
    {
        await using var journal = _folder.Open();
        var boots = new BootFolders(_folder.Root, null, journal.Instance);
        var lag = new SinkLag(journal, boots, new(new(Path.Combine(boots.Shipping, "copy.position")), boots), _time, static (_, _, _) => 0) { HasEarlierBoots = false, IsWaiting = true };
        _time.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal(TimeSpan.FromSeconds(7), lag.Elapsed);
        lag.IsWaiting = false;
        Assert.Equal(TimeSpan.Zero, lag.Elapsed);
    }

    public void Dispose() => _folder.Dispose();
}
