namespace GatewayKit.Tests.Pipeline;

/// <summary>The reader that the fields of limits are held against, on the examples of RFC 9651.</summary>
public sealed class StructuredFieldListTests
{
    [Theory]
    [InlineData("sugar, tea, rum", 3)]
    [InlineData("(\"foo\" \"bar\"), (\"baz\"), (\"bat\" \"one\"), ()", 4)]
    [InlineData("(\"foo\"; a=1;b=2);lvl=5, (\"bar\" \"baz\");lvl=1", 2)]
    [InlineData("abc;a=1;b=2; cde_456, (ghi;jk=4 l);q=\"9\";r=w", 2)]
    [InlineData("", 0)]
    [InlineData(" 1 ,\t2 ", 2)]
    public void Examples_of_the_standard_are_read(string field, int members) => Assert.Equal(members, StructuredFieldList.Parse(field).Count);

    [Fact]
    public void Every_type_is_read()
    {
        var members = StructuredFieldList.Parse("42", "-0.5", "\"a\\\"b\\\\c\"", "foo123/456", ":cHJldGVuZA==:", "?1", "@1659578233", "%\"f%c3%bc\";a;b=?0;a=2");
        Assert.Equal(
            [42L, -0.5m, "a\"b\\c", new StructuredFieldList.Token("foo123/456"), "pretend"u8.ToArray(), true, DateTimeOffset.FromUnixTimeSeconds(1_659_578_233), new StructuredFieldList.DisplayString("f\u00FC")],
            members.Select(static member => member.Value));
        Assert.Equal((2L, false, null), (members[^1]["a"], members[^1]["b"], members[^1]["c"]));
    }

    [Theory]
    [InlineData("1,")]
    [InlineData("1,,2")]
    [InlineData("1 2")]
    [InlineData("\"a")]
    [InlineData("\"a\\b\"")]
    [InlineData("\"\u00E9\"")]
    [InlineData("1;A=2")]
    [InlineData("1;a=")]
    [InlineData("1 ;a=1")]
    [InlineData("1000000000000000")]
    [InlineData("1.")]
    [InlineData("1.2345")]
    [InlineData("-")]
    [InlineData("(1")]
    [InlineData("(1\t2)")]
    [InlineData("?2")]
    [InlineData("@1.5")]
    [InlineData("%\"%C3\"")]
    public void What_has_no_reading_is_refused(string field) => Assert.Throws<FormatException>(() => StructuredFieldList.Parse(field));
}
