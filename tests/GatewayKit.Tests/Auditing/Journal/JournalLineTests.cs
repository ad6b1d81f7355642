using System.Text;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Tests.Auditing.Journal;

public sealed class JournalLineTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(long.MaxValue)]
    public void Line_is_read_as_it_was_finished(long sequence)
    {
        const string Start = """{"v":1,"kind":"event","text":",\"seq\":1"}""";
        var chain = new HashChain(new byte[HashChain.HashBytes]);
        var text = Finish(Start[..^1], sequence, chain);
        Assert.Equal((byte)'\n', text[^1]);
        Assert.True(JournalLine.TryRead(text.AsSpan(0, text.Length - 1), out var line));
        Assert.Equal(sequence, line.Sequence);
        Assert.Equal($"{Start[..^1]},\"seq\":{sequence}", Encoding.UTF8.GetString(line.Covered));
        var hash = new byte[HashChain.HashBytes];
        Assert.True(HashChain.TryRead(line.HashText, hash));
        Assert.Equal(chain.Last.ToArray(), hash);
        Assert.Equal(new HashChain(new byte[HashChain.HashBytes]).Append(line.Covered).ToArray(), hash);
    }

    // As clocks of Linux, Windows and of tests count.
    [Theory]
    [InlineData(1_000_000_000, 1_234_567_890_123_456_789, 1_234_567_890_123_456_789)]
    [InlineData(10_000_000, 12_345_678_901_234_567, 1_234_567_890_123_456_700)]
    [InlineData(3_000_000, 1, 333)]
    public void Timestamps_are_nanoseconds_whatever_the_clock_counts_in(long frequency, long timestamp, long nanoseconds) =>
        Assert.Equal(nanoseconds, JournalLines.Nanoseconds(new Clock(frequency), timestamp));

    [Fact]
    public void Largest_number_fits_the_room_that_is_asked_for()
    {
        var chain = new HashChain(new byte[HashChain.HashBytes]);
        Assert.InRange(Finish("{\"v\":1", long.MaxValue, chain).Length - "{\"v\":1".Length, 1, JournalLine.MostTailBytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"v":1,"seq":1}""")]
    [InlineData("""{"v":1,"h":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}""")]
    [InlineData("""{"v":1,"seq":01,"h":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}""")]
    [InlineData("""{"v":1,"seq":-1,"h":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}""")]
    [InlineData("""{"v":1,"seq":+1,"h":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}""")]
    [InlineData("""{"v":1,"seq":1 ,"h":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}""")]
    [InlineData("""{"v":1,"seq":,"h":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}""")]
    [InlineData("""{"v":1,"seq":9223372036854775808,"h":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}""")]
    [InlineData("""{"v":1,"seq":1,"h":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}""")]
    [InlineData("""{"v":1,"seq":1,"h":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"} """)]
    [InlineData("""["v":1,"seq":1,"h":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}""")]
    public void What_is_no_line_is_not_read(string text) => Assert.False(JournalLine.TryRead(Encoding.UTF8.GetBytes(text), out _));

    [Fact]
    public void Line_that_may_be_there_twice_says_so()
    {
        var line = new byte[8 + JournalLine.MostTailBytes];
        var start = Encoding.UTF8.GetBytes("""{"v":1""", line);
        var length = JournalLine.Finish(line, start, long.MaxValue, new(new byte[HashChain.HashBytes]), isRepeated: true);
        Assert.True(JournalLine.TryRead(line.AsSpan(0, length - 1), out var read));
        Assert.Equal("""{"v":1,"dup":true,"seq":9223372036854775807""", Encoding.UTF8.GetString(read.Covered));
    }

    private static byte[] Finish(string start, long sequence, HashChain chain)
    {
        var line = new byte[start.Length + JournalLine.MostTailBytes];
        var length = Encoding.UTF8.GetBytes(start, line);
        return line[..JournalLine.Finish(line, length, sequence, chain)];
    }

    private sealed class Clock(long frequency) : TimeProvider
    {
        public override long TimestampFrequency => frequency;
    }
}
