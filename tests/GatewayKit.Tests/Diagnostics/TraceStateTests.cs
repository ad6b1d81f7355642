using GatewayKit.Diagnostics;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Tests.Diagnostics;

public sealed class TraceStateTests
{
    private static readonly string Long = new('v', 256);

    public static TheoryData<string> Valid() =>
    [
        "a=1",
        "0a=1",
        "a=1,b=2",
        "a=1 , b=2",
        ",a=1,, ,b=2,",
        "a= leading spaces are part of it",
        "tenant@system=1",
        "9tenant@s=1",
        new string('k', 256) + "=1",
        new string('t', 241) + "@" + new string('s', 14) + "=1",
        "a=" + Long,
        string.Join(',', Enumerable.Range(10, 32).Select(static n => $"k{n}=1")),
    ];

    public static TheoryData<string> Invalid() =>
    [
        "a", "=1", "a=", "a=1=2", "a=1,a=2", "a=1,b=1,a=1", "A=1", "-a=1", "a b=1", "a.b=1", "a =1", "a=1;b=\t2\u0001", "a=\u00e9", "a=1\u007f",
        "@s=1", "t@=1", "t@s@u=1", "t@9s=1", "t@@s=1",
        new string('k', 257) + "=1",
        new string('t', 242) + "@s=1",
        "t@" + new string('s', 15) + "=1",
        "a=" + Long + "v",
        string.Join(',', Enumerable.Range(10, 33).Select(static n => $"k{n}=1")),
    ];

    [Theory]
    [MemberData(nameof(Valid))]
    public void Valid_list_is_passed_on_as_it_is(string list) => Assert.Same(list, TraceState.Read(list));

    [Theory]
    [MemberData(nameof(Invalid))]
    public void List_that_breaks_a_rule_is_dropped_whole(string list) => Assert.Null(TraceState.Read(list));

    [Theory]
    [InlineData("")]
    [InlineData(" \t")]
    [InlineData(",, ,")]
    public void List_without_entries_is_none(string list) => Assert.Null(TraceState.Read(list));

    [Fact]
    public void Lines_are_one_list()
    {
        Assert.Equal("a=1,b=2,c=3", TraceState.Read(new StringValues(["a=1", "", "b=2,c=3", " "])));
        Assert.Null(TraceState.Read(new StringValues(["a=1", "a=2"])));
    }

    [Fact]
    public void Key_that_begins_like_another_is_another()
    {
        Assert.Equal("ab=1,a=2,abc=3", TraceState.Read("ab=1,a=2,abc=3"));
    }

    // 17 entries of 258 characters and one of 129 in front do not fit into 4,096.
    [Fact]
    public void Too_long_a_list_loses_long_entries_from_the_end_and_no_half_entry()
    {
        string[] entries = ["short=1", .. Enumerable.Range(10, 17).Select(static n => $"k{n}=" + Long), "last=2"];

        var sent = TraceState.Read(string.Join(',', entries))!;

        Assert.InRange(sent.Length, TraceState.MaxLength - Long.Length - 5, TraceState.MaxLength);
        Assert.Equal([.. entries[..16], "last=2"], sent.Split(','));
    }

    [Fact]
    public void Short_entries_go_from_the_end_when_no_long_one_is_left()
    {
        string[] entries = [.. Enumerable.Range(10, 32).Select(static n => $"k{n}=" + new string('v', 124)), .. Array.Empty<string>()];
        string[] padded = [.. entries.Select(static entry => entry + "   ")];

        var sent = TraceState.Read(string.Join(',', padded))!;

        Assert.Equal(entries[..31], sent.Split(','));
        Assert.Equal((31 * 128) + 30, sent.Length);
    }
}
