using System.Text;
using System.Text.Json;
using GatewayKit.Auditing.Records;

namespace GatewayKit.Tests.Auditing;

public sealed class RecordTextTests
{
    [Theory]
    [InlineData("/orders/17?x", "/orders/17?x")]
    [InlineData("a\r\n{\"kind\":\"end\"}", "a\r\n{\"kind\":\"end\"}")]
    [InlineData("quote \" back \\ slash", "quote \" back \\ slash")]
    [InlineData("\u001b[31mred\u0007", "\u001b[31mred\u0007")]
    [InlineData("Zo\u00EB \U0001F600 \u202E", "Zo\u00EB \U0001F600 \u202E")]
    [InlineData("", "")]
    public void Value_is_read_back_as_it_was_and_is_ascii_on_its_line(string value, string expected)
    {
        var (json, raw) = Write(value, most: 100);
        Assert.Equal(expected, json.GetProperty("s").GetString());
        Assert.All(raw, static b => Assert.InRange(b, (byte)0x20, (byte)0x7E));
    }

    // Not a row of the theory above: an attribute cannot hold what is no text.
    [Fact]
    public void What_is_no_text_is_replaced() => Assert.Equal("lone \uFFFD end", Write("lone \uD83D end", most: 100).Json.GetProperty("s").GetString());

    [Theory]
    [InlineData(10, 10, "0123456789")]
    [InlineData(11, 10, "0123456789\u2026#11")]
    [InlineData(5000, 10, "0123456789\u2026#5000")]
    public void Long_value_is_cut_and_says_how_long_it_was(int length, int most, string expected)
    {
        var value = string.Concat(Enumerable.Range(0, length).Select(static i => (char)('0' + (i % 10))));
        Assert.Equal(expected, Write(value, most).Json.GetProperty("s").GetString());
    }

    // What is searched for is found, whether it is named as it is or as a record shows it.
    [Theory]
    [InlineData(256, '\u00E9')]
    [InlineData(257, 'a')]
    [InlineData(300, '"')]
    [InlineData(5_000, '\u00E9')]
    public void Text_of_any_length_is_looked_for_as_it_is_written(int length, char character)
    {
        var value = new string(character, length);
        var (json, raw) = Write(value, most: 256);
        Assert.Contains($"\"{Encoding.ASCII.GetString(RecordText.ValueOf(value))}\"", Encoding.ASCII.GetString(raw), StringComparison.Ordinal);
        Assert.Equal(RecordText.ValueOf(value), RecordText.ValueOf(json.GetProperty("s").GetString()!));
    }

    // One character that is escaped makes five more bytes, and not five for each of the others.
    [Fact]
    public void Long_value_with_a_character_that_is_escaped_takes_no_more_room_than_it_needs()
    {
        var buffer = new byte[200];
        var text = new RecordText(buffer);
        text.TryWrite("{\"v\":1"u8);
        text.String(",\"path\":"u8, "/a+b/" + new string('x', 500), most: 100);
        using var json = JsonDocument.Parse(Encoding.ASCII.GetString(buffer, 0, text.End()) + "}");
        Assert.Equal("/a+b/" + new string('x', 95) + "\u2026#505", json.RootElement.GetProperty("path").GetString());
    }

    [Fact]
    public void Pair_of_surrogates_is_never_cut_in_two()
    {
        var text = Write("abc\U0001F600def", most: 4).Json.GetProperty("s").GetString();
        Assert.Equal("abc\u2026#8", text);
    }

    [Fact]
    public void Long_text_that_is_escaped_in_parts_is_whole()
    {
        var value = string.Concat(Enumerable.Repeat("\u00FC\U0001F600", 170));
        Assert.Equal(value, Write(value, most: 512).Json.GetProperty("s").GetString());
    }

    [Fact]
    public void What_does_not_fit_is_left_out_and_the_line_stays_json()
    {
        for (var room = 40; room < 400; room++)
        {
            var buffer = new byte[room];
            var text = new RecordText(buffer);
            text.TryWrite("{\"v\":1"u8);
            text.String(",\"a\":"u8, "\u0001\u0002\u0003 plain");
            text.Number(",\"n\":"u8, long.MinValue);
            var isOpen = false;
            for (var i = 0; i < 4; i++)
            {
                var (length, omitted) = (text.Length, text.Omitted);
                text.TryWrite(isOpen ? ","u8 : ",\"list\":["u8);
                text.String("{\"p\":"u8, "policy");
                text.TryWrite("}"u8);
                isOpen |= !text.TakeBack(length, omitted);
            }

            if (isOpen)
            {
                text.Close((byte)']');
            }

            text.Time(",\"t\":"u8, DateTime.UnixEpoch);
            var omittedAny = text.Omitted > 0;
            var line = Encoding.ASCII.GetString(buffer, 0, text.End()) + "}";
            using var json = JsonDocument.Parse(line);
            Assert.Equal(omittedAny, json.RootElement.TryGetProperty("cut", out _));
        }
    }

    // Whoever calls decides how long fields are: the last one may fill the room to the byte.
    [Fact]
    public void What_fills_the_room_to_the_byte_is_closed_and_takes_nothing_after_it()
    {
        var (filled, buffer) = (0, new byte[160]);
        for (var length = 0; length < buffer.Length; length++)
        {
            var text = new RecordText(buffer);
            text.TryWrite("{\"v\":1,\"list\":["u8);
            text.String("{\"s\":"u8, new string('x', length));
            var isWhole = text.Omitted is 0;
            filled += isWhole && text.Remaining is 0 ? 1 : 0;
            if (isWhole)
            {
                text.Close((byte)'}');
            }

            text.Close((byte)']');
            Assert.InRange(text.Remaining, 0, buffer.Length);
            Assert.True(text.TryWrite([]));
            text.TryWrite(",\"a\":1"u8);
            text.Number(",\"n\":"u8, 1);
            text.Beginning(",\"b\":"u8, "beginning", buffer.Length);
            var omittedAny = text.Omitted > 0;
            using var json = JsonDocument.Parse(Encoding.ASCII.GetString(buffer, 0, text.End()) + "}");
            Assert.Equal(isWhole, json.RootElement.GetProperty("list").GetArrayLength() is 1);
            Assert.Equal(omittedAny, json.RootElement.TryGetProperty("cut", out _));
        }

        Assert.Equal(1, filled);
    }

    [Fact]
    public void Numbers_times_and_addresses_are_read_back()
    {
        var buffer = new byte[512];
        var text = new RecordText(buffer);
        text.TryWrite("{\"v\":1"u8);
        text.Number(",\"n\":"u8, long.MaxValue);
        text.Time(",\"t\":"u8, new DateTime(2026, 11, 29, 1, 2, 3, DateTimeKind.Utc));
        text.Address(",\"a\":"u8, System.Net.IPAddress.Parse("2001:db8::1"));
        using var json = JsonDocument.Parse(Encoding.ASCII.GetString(buffer, 0, text.End()) + "}");
        Assert.Equal(long.MaxValue, json.RootElement.GetProperty("n").GetInt64());
        Assert.Equal(new DateTime(2026, 11, 29, 1, 2, 3, DateTimeKind.Utc), json.RootElement.GetProperty("t").GetDateTime());
        Assert.Equal("2001:db8::1", json.RootElement.GetProperty("a").GetString());
    }

    private static (JsonElement Json, byte[] Raw) Write(string value, int most)
    {
        var buffer = new byte[8192];
        var text = new RecordText(buffer);
        text.TryWrite("{\"v\":1"u8);
        text.String(",\"s\":"u8, value, most);
        var raw = buffer.AsSpan(0, text.End()).ToArray();
        using var json = JsonDocument.Parse(Encoding.ASCII.GetString(raw) + "}");
        return (json.RootElement.Clone(), raw);
    }
}
