using System.Text;
using GatewayKit.Forwarding;

namespace GatewayKit.Tests.Forwarding;

public sealed class EventBordersTests
{
    [Theory]
    [InlineData("", true, -1)]
    [InlineData("data: 1\n\n", true, 9)]
    [InlineData("data: 1\r\n\r\n", true, 11)]
    [InlineData("data: 1\r\r", true, 9)]
    [InlineData("data: 1\n", false, -1)]
    [InlineData("data: 1", false, -1)]
    [InlineData("d", false, -1)]
    [InlineData("data: 1\r\n", false, -1)]
    [InlineData("data: 1\n\ndata: 2\n", false, 9)]
    [InlineData("data: 1\n\ndata: 2\n\n", true, 18)]
    [InlineData("event: a\nid: 7\ndata: 1\ndata: 2\n\n", true, 32)]

    // A comment between events, one inside an event, one that has not ended.
    [InlineData(": alive\n", true, 8)]
    [InlineData(":\n\n:\n", true, 5)]
    [InlineData("data: 1\n: alive\n", false, -1)]
    [InlineData("data: 1\n: alive\n\n", true, 17)]
    [InlineData("data: 1\n\n: ali", false, 9)]
    [InlineData("\n\n", true, 2)]
    public void Event_ends_at_an_empty_line(string text, bool isAtBorder, int last)
    {
        // Cut anywhere, it says the same.
        var bytes = Encoding.UTF8.GetBytes(text);
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            var borders = default(EventBorders);
            var first = borders.Advance(bytes.AsSpan(0, cut));
            var second = borders.Advance(bytes.AsSpan(cut));
            Assert.Equal(isAtBorder, borders.IsAtBorder);
            Assert.Equal(last, Math.Max(first, second < 0 ? -1 : cut + second));
        }
    }

    /// <summary>The line feed that belongs to the carriage return before it is not left behind, and does not begin a line.</summary>
    [Fact]
    public void Line_end_of_two_characters_is_one()
    {
        var borders = default(EventBorders);
        Assert.Equal(11, borders.Advance("data: 1\r\n\r\ndata"u8));
        Assert.False(borders.IsAtBorder);
    }

    [Fact]
    public void Random_streams_end_where_a_parser_would_dispatch()
    {
        var random = new Random(17);
        string[] pieces = ["data: x", ": c", "\n", "\r\n", "\r", "id", ":", "\n\n"];
        for (var i = 0; i < 20_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => pieces[random.Next(pieces.Length)]));
            var borders = default(EventBorders);
            borders.Advance(Encoding.UTF8.GetBytes(text));
            Assert.True(borders.IsAtBorder == IsComplete(text), text.Replace("\r", "\\r", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal));
        }
    }

    // The rules of the standard, plainly: lines by any of three ends; an empty line dispatches; a comment says nothing.
    private static bool IsComplete(string text)
    {
        var lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Split('\n');
        var isPending = false;
        foreach (var line in lines[..^1])
        {
            isPending = line.Length > 0 && (isPending || line[0] != ':');
        }

        return !isPending && lines[^1].Length == 0;
    }
}
