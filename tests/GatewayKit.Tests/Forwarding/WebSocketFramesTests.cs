using GatewayKit.Forwarding;

namespace GatewayKit.Tests.Forwarding;

public sealed class WebSocketFramesTests
{
    private static readonly byte[][] Unmasked =
    [
        [0x81, 0x02, (byte)'h', (byte)'i'],
        [0x89, 0x00],
        [0x82, 126, 0x00, 0x7e, .. new byte[126]],
        [0x01, 0x01, 0xff],
        [0xc1, 127, 0, 0, 0, 0, 0, 1, 0, 0, .. new byte[65_536]],
        [0x80, 0x00],
    ];

    [Theory]
    [InlineData(false, 1)]
    [InlineData(false, 3)]
    [InlineData(false, 7)]
    [InlineData(false, 16_384)]
    [InlineData(true, 1)]
    [InlineData(true, 5)]
    [InlineData(true, 70_000)]
    public void Borders_are_found_however_the_bytes_are_cut(bool masked, int size)
    {
        var frames = Unmasked.Select(frame => masked ? Mask(frame) : frame).ToArray();
        var bytes = frames.SelectMany(static frame => frame).ToArray();
        var expected = frames.Select((_, index) => frames.Take(index + 1).Sum(static frame => frame.Length)).Prepend(0).ToHashSet();
        var tracker = new WebSocketFrames(masked);
        for (var at = 0; at < bytes.Length; at += size)
        {
            var (from, to) = (at, Math.Min(at + size, bytes.Length));
            var border = tracker.Advance(bytes.AsSpan(from, to - from));
            var last = expected.Where(position => position >= from && position <= to).DefaultIfEmpty(from - 1).Max() - from;
            Assert.Equal(last, border);
            Assert.Equal(expected.Contains(to), tracker.IsAtBorder);
        }

        Assert.False(tracker.HasClosed);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    public void Close_counts_when_it_is_whole(int size)
    {
        byte[] close = [0x88, 0x82, 1, 2, 3, 4, 5, 6];
        var tracker = new WebSocketFrames(masked: true);
        foreach (var part in close.Chunk(size))
        {
            Assert.False(tracker.HasClosed);
            tracker.Advance(part);
        }

        Assert.True(tracker.HasClosed);
    }

    [Theory]
    [InlineData("a reserved code", 0x83, 0x00)]
    [InlineData("a reserved control code", 0x8b, 0x00)]
    [InlineData("a long control frame", 0x89, 126)]
    [InlineData("a control frame in pieces", 0x09, 0x00)]
    [InlineData("a mask from the server", 0x81, 0x80)]
    public void What_is_no_frame_has_no_border(string what, byte first, byte second)
    {
        var tracker = new WebSocketFrames(masked: false);
        tracker.Advance([first, second, 0, 126, .. new byte[126], 0x81, 0x00]);
        Assert.False(tracker.IsAtBorder, what);
        Assert.Equal(-1, tracker.Advance([0x81, 0x00]));
        Assert.False(tracker.HasClosed);
    }

    [Fact]
    public void Length_of_64_bits_is_no_frame()
    {
        var tracker = new WebSocketFrames(masked: false);
        Assert.Equal(0, tracker.Advance([0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]));
        Assert.False(tracker.IsAtBorder);
    }

    [Fact]
    public void Own_close_is_one()
    {
        foreach (var masked in new[] { false, true })
        {
            var frame = WebSocketFrames.GoingAway(masked);
            var tracker = new WebSocketFrames(masked);
            Assert.Equal(frame.Length, tracker.Advance(frame));
            Assert.True(tracker.HasClosed);
            byte[] status = masked ? [(byte)(frame[6] ^ frame[2]), (byte)(frame[7] ^ frame[3])] : frame[2..];
            Assert.Equal(1001, (status[0] << 8) | status[1]);
        }
    }

    private static byte[] Mask(byte[] frame)
    {
        var head = (frame[1] & 0x7f) switch { 126 => 4, 127 => 10, _ => 2 };
        return [frame[0], (byte)(frame[1] | 0x80), .. frame[2..head], 9, 8, 7, 6, .. frame[head..]];
    }
}
