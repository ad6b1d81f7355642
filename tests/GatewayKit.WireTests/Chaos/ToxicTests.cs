using System.Diagnostics;
using System.Net.Sockets;
using GatewayKit.Chaos;
using static GatewayKit.WireTests.Chaos.ProxiedPair;

namespace GatewayKit.WireTests.Chaos;

/// <summary>Each toxic with raw sockets on both sides. Times are least ones: a loaded machine may only be slower.</summary>
public sealed class ToxicTests
{
    // Timers look at a coarse clock, whose steps are up to 15 ms: they may fire this early.
    private static readonly TimeSpan Grain = TimeSpan.FromMilliseconds(20);

    [Fact]
    public async Task Without_toxics_bytes_pass_both_ways_and_the_half_that_is_closed()
    {
        await using var pair = await StartAsync();
        await SendAsync(pair.Client, "ask");
        Assert.Equal("ask", await ReadAsync(pair.Server, 3));
        pair.Client.Shutdown(SocketShutdown.Send);
        Assert.Equal(string.Empty, await ReadAsync(pair.Server));
        await SendAsync(pair.Server, "answer");
        Assert.Equal("answer", await ReadAsync(pair.Client, 6));
        pair.Server.Shutdown(SocketShutdown.Send);
        Assert.Equal(string.Empty, await ReadAsync(pair.Client));
    }

    [Fact]
    public async Task A_reset_of_one_side_is_one_of_the_other()
    {
        await using var pair = await StartAsync();
        pair.Client.LingerState = new(true, 0);
        pair.Client.Dispose();
        await ExpectResetAsync(pair.Server);
    }

    [Fact]
    public async Task Latency_delays_its_own_way_and_the_end()
    {
        await using var pair = await StartAsync(new Latency(TimeSpan.FromMilliseconds(120)) { Jitter = TimeSpan.FromMilliseconds(20), Flow = Flow.Answers });
        var start = Stopwatch.GetTimestamp();
        await SendAsync(pair.Server, "late");
        pair.Server.Shutdown(SocketShutdown.Send);
        Assert.Equal("late", await ReadAsync(pair.Client, 4));
        Assert.True(Stopwatch.GetElapsedTime(start) >= TimeSpan.FromMilliseconds(100) - Grain, "The answer was not late.");
        Assert.Equal(string.Empty, await ReadAsync(pair.Client));
    }

    [Fact]
    public async Task Latency_keeps_the_order_whatever_the_jitter()
    {
        await using var pair = await StartAsync(new Latency(TimeSpan.FromMilliseconds(10)) { Jitter = TimeSpan.FromMilliseconds(10) });
        var sent = string.Concat(Enumerable.Range(1000, 200));
        var reading = ReadAsync(pair.Server, sent.Length);
        foreach (var piece in sent.Chunk(4))
        {
            await SendAsync(pair.Client, new(piece));
        }

        Assert.Equal(sent, await reading);
    }

    [Fact]
    public async Task Bandwidth_lets_so_much_pass_in_a_second()
    {
        await using var pair = await StartAsync(new Bandwidth(100_000));
        var start = Stopwatch.GetTimestamp();
        var reading = ReadAsync(pair.Server, 20_000);
        await SendAsync(pair.Client, new('x', 20_000));
        Assert.Equal(20_000, (await reading).Length);
        Assert.True(Stopwatch.GetElapsedTime(start) >= TimeSpan.FromMilliseconds(195), "20,000 bytes at 100,000 a second took less than 0.2 s.");
    }

    [Fact]
    public async Task A_slow_line_is_felt_by_who_sends()
    {
        await using var pair = await StartAsync(new Bandwidth(1));
        pair.Client.Blocking = false;

        // The buffers of two connections and of the proxy have an end.
        var (sent, chunk) = (0L, new byte[65_536]);
        while (sent < 256 << 20 && pair.Client.Poll(TimeSpan.FromSeconds(1), SelectMode.SelectWrite))
        {
            sent += pair.Client.Send(chunk, SocketFlags.None, out _);
        }

        Assert.InRange(sent, 1, 64 << 20);
    }

    [Fact]
    public async Task The_slicer_cuts_into_pieces_that_come_one_by_one()
    {
        await using var pair = await StartAsync(new Slicer(3) { Delay = TimeSpan.FromMilliseconds(60) });
        await SendAsync(pair.Client, "abcdefgh");
        var start = Stopwatch.GetTimestamp();
        Assert.Equal("abcdefgh", await ReadAsync(pair.Server, 8));
        Assert.True(Stopwatch.GetElapsedTime(start) >= TimeSpan.FromMilliseconds(80), "Three pieces need two waits.");
    }

    [Fact]
    public async Task A_black_hole_holds_until_it_heals()
    {
        await using var pair = await StartAsync(new BlackHole { Flow = Flow.Answers });
        await SendAsync(pair.Client, "ask");
        Assert.Equal("ask", await ReadAsync(pair.Server, 3));
        await SendAsync(pair.Server, "answer");
        var reading = ReadAsync(pair.Client, 6);
        while (!pair.Proxy.Log.ToString().Contains("hold Answers", StringComparison.Ordinal))
        {
            await Task.Yield();
        }

        Assert.False(reading.IsCompleted);
        pair.Proxy.Remove(nameof(BlackHole));
        Assert.Equal("answer", await reading);
    }

    [Fact]
    public async Task A_black_hole_may_end_the_connection()
    {
        await using var pair = await StartAsync(new BlackHole { CloseAfter = TimeSpan.FromMilliseconds(50) });
        await SendAsync(pair.Client, "ask");
        Assert.Equal(string.Empty, await ReadAsync(pair.Client));
        Assert.Equal(string.Empty, await ReadAsync(pair.Server));
    }

    [Fact]
    public async Task A_reset_comes_after_so_many_bytes()
    {
        await using var pair = await StartAsync(new Reset { Bytes = 5, Flow = Flow.Answers });
        await SendAsync(pair.Server, "12345678");
        await ExpectResetAsync(pair.Client);
        await ExpectResetAsync(pair.Server);
        Assert.Contains(pair.Proxy.Log.Lines, static line => line.EndsWith("reset after 5 bytes of Answers", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_limit_lets_whole_segments_pass_and_ends()
    {
        await using var pair = await StartAsync(new DataLimit(5) { Flow = Flow.Answers });
        await SendAsync(pair.Server, "12345678");
        Assert.Equal("12345", await ReadAsync(pair.Client, 8));
        Assert.Equal(string.Empty, await ReadAsync(pair.Server));
    }

    [Fact]
    public async Task A_slow_close_delays_the_end_and_not_the_bytes()
    {
        await using var pair = await StartAsync(new SlowClose(TimeSpan.FromMilliseconds(100)));
        await SendAsync(pair.Client, "all");
        var start = Stopwatch.GetTimestamp();
        pair.Client.Shutdown(SocketShutdown.Send);
        Assert.Equal("all", await ReadAsync(pair.Server, 3));
        Assert.Equal(string.Empty, await ReadAsync(pair.Server));
        Assert.True(Stopwatch.GetElapsedTime(start) >= TimeSpan.FromMilliseconds(100) - Grain, "The end came at once.");
    }
}
