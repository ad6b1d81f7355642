using GatewayKit.Identity.Signatures;

namespace GatewayKit.Tests.Identity.Signatures;

/// <summary>RFC 9651.</summary>
public sealed class StructuredFieldTests
{
    [Theory]
    [InlineData("a=1, b=2;x=1;y=2, c=(a b)", "a=1, b=2;x=1;y=2, c=(a b)")]
    [InlineData("  a=?0,b;foo=bar ,\tc=@1659578233", "a=?0, b;foo=bar, c=@1659578233")]
    [InlineData("a=1.50, b=-7, c=\"q\\\"\\\\\", d=:aGVsbG8=:, e=*t/x", "a=1.5, b=-7, c=\"q\\\"\\\\\", d=:aGVsbG8=:, e=*t/x")]
    [InlineData("a=1, a=2", "a=2")]
    [InlineData("a=( 1   2 );p", "a=(1 2);p")]
    [InlineData("a=();p=1;p=2", "a=();p=2")]
    public void Dictionary_is_written_in_one_form(string text, string expected) =>
        Assert.Equal(expected, string.Join(", ", StructuredFieldReader.ReadDictionary(text)!.Select(static member => StructuredFieldWriter.Write(member.Key, member.Value))));

    [Theory]
    [InlineData("a=1,")]
    [InlineData("a=1 b=2")]
    [InlineData("A=1")]
    [InlineData("a=")]
    [InlineData("a=\"x")]
    [InlineData("a=\"\\x\"")]
    [InlineData("a=\"ü\"")]
    [InlineData("a=:a:b")]
    [InlineData("a=:a b=:")]
    [InlineData("a=(1 2")]
    [InlineData("a=(1,2)")]
    [InlineData("a=(1\"b\")")]
    [InlineData("a=1;")]
    [InlineData("a=1;B")]
    [InlineData("a=1.")]
    [InlineData("a=1.2345")]
    [InlineData("a=1234567890123456")]
    [InlineData("a=-")]
    [InlineData("a=?2")]
    [InlineData("a=@1.5")]
    [InlineData("a=@999999999999999")]
    [InlineData("a==1")]
    [InlineData("\ta=1")]
    public void What_is_not_well_formed_is_nothing(string text) => Assert.Null(StructuredFieldReader.ReadDictionary(text));

    [Fact]
    public void Lists_and_items_are_read()
    {
        Assert.Equal([1L, 2.5m, "x", new StructuredToken("t"), true], StructuredFieldReader.ReadList("1, 2.5, \"x\", t, ?1")!.Select(static member => member.Value));
        Assert.Equal(1L, StructuredFieldReader.ReadItem("1;a=?0")!.Value);
        Assert.Equal(false, StructuredFieldReader.ReadItem("1;a=?0")!["a"]);
        Assert.Null(StructuredFieldReader.ReadItem("1, 2"));
    }

    [Fact]
    public void Number_of_members_is_bounded()
    {
        static string Members(int count) => string.Join(",", Enumerable.Range(0, count).Select(static i => $"k{i}"));
        Assert.Equal(1_024, StructuredFieldReader.ReadDictionary(Members(1_024))!.Count);
        Assert.Null(StructuredFieldReader.ReadDictionary(Members(1_025)));
        Assert.Null(StructuredFieldReader.ReadList(string.Join(",", Enumerable.Repeat("1", 1_025))));
        Assert.Null(StructuredFieldReader.ReadItem($"({string.Join(" ", Enumerable.Repeat("1", 257))})"));
        Assert.Null(StructuredFieldReader.ReadDictionary($"a=({string.Join(" ", Enumerable.Repeat("1", 257))})"));
        Assert.Null(StructuredFieldReader.ReadItem("1;" + Members(257).Replace(",", ";", StringComparison.Ordinal)));
    }

    [Fact]
    public void Random_texts_are_read_or_refused_and_never_throw()
    {
        const string Alphabet = "ab=,;()\"\\:?@*-.01 \tÄ";
        var random = new Random(9651);
        for (var i = 0; i < 100_000; i++)
        {
            var text = string.Create(random.Next(24), random, static (span, random) => random.GetItems(Alphabet, span));
            if (StructuredFieldReader.ReadDictionary(text) is { } members)
            {
                var written = string.Join(", ", members.Select(static member => StructuredFieldWriter.Write(member.Key, member.Value)));
                Assert.Equal(written, string.Join(", ", StructuredFieldReader.ReadDictionary(written)!.Select(static member => StructuredFieldWriter.Write(member.Key, member.Value))));
            }
        }
    }
}
