using System.IO.Pipelines;
using System.Text;
using GatewayKit.Forwarding;

namespace GatewayKit.Tests.Forwarding;

public sealed class EventStreamTests : IDisposable
{
    private readonly Pipe _pipe = new();
    private readonly CancellationTokenSource _clock = new();
    private readonly EventStream _events;
    private readonly byte[] _buffer = new byte[1_000];

    public EventStreamTests() => _events = new(_pipe.Reader.AsStream(), _clock.Token);

    [Fact]
    public async Task Stream_that_waits_between_events_ends_at_once()
    {
        await SendAsync("data: 1\n\n");
        Assert.Equal("data: 1\n\n", await ReadAsync());
        var reading = _events.ReadAsync(Memory<byte>.Empty, _clock.Token);
        Assert.False(reading.IsCompleted);
        _events.AskToEnd();
        Assert.Equal(0, await reading);
        Assert.Equal(string.Empty, await ReadAsync());
        await SendAsync("data: 2\n\n");
        Assert.Equal(string.Empty, await ReadAsync());
    }

    [Fact]
    public async Task Event_that_is_on_its_way_arrives_whole_and_nothing_behind_it()
    {
        await SendAsync("data: 1\n\ndata: 2");
        Assert.Equal("data: 1\n\ndata: 2", await ReadAsync());
        var reading = ReadAsync();
        _events.AskToEnd();
        Assert.False(reading.IsCompleted);
        await SendAsync("2");
        Assert.Equal("2", await reading);
        await SendAsync("2\n\ndata: 3\n\ndata: 4");
        Assert.Equal("2\n\ndata: 3\n\n", await ReadAsync());
        Assert.Equal(string.Empty, await ReadAsync());
    }

    [Fact]
    public async Task Asked_before_it_began_it_is_empty()
    {
        _events.AskToEnd();
        await SendAsync("data: 1\n\n");
        Assert.Equal(string.Empty, await ReadAsync());
    }

    [Fact]
    public async Task Asked_while_what_was_read_is_written_it_ends_behind_that()
    {
        await SendAsync("data: 1\n\n");
        Assert.Equal("data: 1\n\n", await ReadAsync());
        _events.AskToEnd();
        await SendAsync("data: 2\n\n");
        Assert.Equal(string.Empty, await ReadAsync());
    }

    [Fact]
    public async Task Clock_that_ends_the_exchange_is_no_clean_end()
    {
        var reading = _events.ReadAsync(Memory<byte>.Empty, _clock.Token);
        await _clock.CancelAsync();
        _events.AskToEnd();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await reading);
    }

    [Fact]
    public async Task End_of_the_source_and_its_failure_are_passed_on()
    {
        await SendAsync("data: 1");
        Assert.Equal("data: 1", await ReadAsync());
        _pipe.Writer.Complete(new IOException("cut"));
        await Assert.ThrowsAsync<IOException>(ReadAsync);
    }

    [Fact]
    public void Asked_after_its_end_it_does_nothing()
    {
        _events.Dispose();
        _events.AskToEnd();
    }

    public void Dispose()
    {
        _events.Dispose();
        _clock.Dispose();
    }

    private async Task SendAsync(string text) => await _pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes(text));

    // As the copy does: a read of nothing, then one.
    private async Task<string> ReadAsync()
    {
        Assert.Equal(0, await _events.ReadAsync(Memory<byte>.Empty, _clock.Token));
        return Encoding.UTF8.GetString(_buffer.AsSpan(0, await _events.ReadAsync(_buffer, _clock.Token)));
    }
}
