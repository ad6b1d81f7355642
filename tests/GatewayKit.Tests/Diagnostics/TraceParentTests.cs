using GatewayKit.Diagnostics;

namespace GatewayKit.Tests.Diagnostics;

public sealed class TraceParentTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private const string Parent = "b7ad6b7169203331";

    [Theory]
    [InlineData($"00-{Trace}-{Parent}-01", 0x01)]
    [InlineData($"00-{Trace}-{Parent}-02", 0x02)]
    [InlineData($"00-{Trace}-{Parent}-ff", 0xFF)]
    [InlineData($" \t00-{Trace}-{Parent}-00\t ", 0x00)]
    [InlineData($"01-{Trace}-{Parent}-03", 0x03)]
    [InlineData($"fe-{Trace}-{Parent}-09-more", 0x09)]
    [InlineData($"01-{Trace}-{Parent}-00-", 0x00)]
    public void Valid_value_is_read(string value, int flags)
    {
        Assert.True(TraceParent.TryParse(value, out var parent) && parent.IsPresent);
        Assert.Equal((Trace, Parent, flags), (parent.TraceId.ToString(), parent.ParentId.ToString(), parent.Flags));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("00")]
    [InlineData($"00-{Trace}-{Parent}-0")]
    [InlineData($"00-{Trace}-{Parent}-01-")]
    [InlineData($"00-{Trace}-{Parent}-01,00-{Trace}-{Parent}-01")]
    [InlineData($"01-{Trace}-{Parent}-01x")]
    [InlineData($"ff-{Trace}-{Parent}-01")]
    [InlineData($"0A-{Trace}-{Parent}-01")]
    [InlineData($"00-{Trace}-{Parent}-0F")]
    [InlineData($"00-{Trace}-{Parent}-0\u0661")]
    [InlineData("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-B7AD6B7169203331-01")]
    [InlineData("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01")]
    [InlineData("00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331_01")]
    public void Other_value_is_none(string? value)
    {
        Assert.False(TraceParent.TryParse(value, out var parent));
        Assert.False(parent.IsPresent);
    }

    [Theory]
    [InlineData($"00-{Trace}-{Parent}-01", $"00-{Trace}-{Parent}-01")]
    [InlineData($"00-{Trace}-{Parent}-ff", $"00-{Trace}-{Parent}-ff")]
    [InlineData($" 00-{Trace}-{Parent}-01 ", $"00-{Trace}-{Parent}-01")]
    [InlineData($"cc-{Trace}-{Parent}-ff-future", $"00-{Trace}-{Parent}-03")]
    public void What_is_sent_on_is_the_same_in_version_00(string value, string sent)
    {
        Assert.True(TraceParent.TryParse(value, out var parent));
        Assert.Equal(sent, parent.Format());
    }

    [Fact]
    public void Started_trace_is_valid_random_and_not_sampled()
    {
        var ids = new HashSet<string>();
        for (var i = 0; i < 1_000; i++)
        {
            Assert.True(TraceParent.TryParse(TraceParent.CreateUnrecorded(), out var parent));
            Assert.Equal(TraceParent.RandomTraceId, parent.Flags);
            Assert.True(ids.Add(parent.TraceId.ToString()) && ids.Add(parent.ParentId.ToString()));
        }
    }

    [Fact]
    public void Reading_and_passing_on_allocates_nothing()
    {
        // The first round compiles and caches.
        Assert.Equal(1_000, ReadThousandTimes());
        Assert.Equal(0, Allocations.Of(static () => ReadThousandTimes()));
    }

    private static int ReadThousandTimes()
    {
        const string Value = $"00-{Trace}-{Parent}-01";
        const string List = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE,t@v= x";
        var passed = 0;
        for (var i = 0; i < 1_000; i++)
        {
            passed += TraceParent.TryParse(Value, out var parent) && ReferenceEquals(parent.Format(), Value) && ReferenceEquals(TraceState.Read(List), List) ? 1 : 0;
        }

        return passed;
    }
}
