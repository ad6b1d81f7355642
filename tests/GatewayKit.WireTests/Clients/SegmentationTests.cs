using GatewayKit.WireTests.Hosting;

namespace GatewayKit.WireTests.Clients;

/// <summary>The cuts are different, real, and the same in every run.</summary>
public sealed class SegmentationTests
{
    private const string Request = "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n";

    [Theory]
    [InlineData("12345678")]
    [InlineData(Request)]
    public void There_are_forty_different_ways_at_least(string bytes)
    {
        var all = Segmentation.Of(bytes);
        Assert.True(all.Count >= Segmentation.Least, $"{all.Count}");
        Assert.Equal(all.Count, all.Select(static segmentation => string.Join(',', segmentation.Cuts)).Distinct().Count());
        Assert.All(all, segmentation => Assert.Equal(bytes, string.Concat(segmentation.Split(bytes))));
        Assert.All(all.SelectMany(segmentation => segmentation.Split(bytes)), Assert.NotEmpty);
    }

    [Fact]
    public void Every_run_cuts_alike() => Assert.Equal(Segmentation.Of(Request).Select(static way => way.ToString()), Segmentation.Of(Request).Select(static way => way.ToString()));

    [Theory]
    [InlineData("whole", "")]
    [InlineData("between CR and LF", "HTTP/1.1\r|\nHost")]
    [InlineData("inside each number", "\n1|a\r")]
    [InlineData("inside the empty line", "chunked\r|\n|\r|\n1a")]
    [InlineData("after each colon", "Host:| a")]
    public void Borders_are_where_parsers_change_their_state(string name, string contains) =>
        Assert.Contains(contains, string.Join('|', Segmentation.Of(Request).Single(way => way.Name == name).Split(Request)));

    [Fact]
    public async Task What_is_a_piece_here_is_a_read_there()
    {
        await using var upstream = new EchoUpstream();
        await using var gateway = await WireGateway.StartAsync(upstream.Address);
        using var client = await ScriptedClient.ConnectAsync(gateway);
        await client.DripAsync(Request);
        Assert.Equal("POST /a 26", (await client.TakeAnswerAsync()).Body);
        Assert.Equal(Enumerable.Range(1, Request.Length).Select(static count => (long)count), client.Server.Sights);
    }
}
