using GatewayKit.WireTests.Clients;
using GatewayKit.WireTests.Hosting;

namespace GatewayKit.WireTests.Http1;

/// <summary>Every request case, in every segmentation, with every oracle.</summary>
public sealed class RequestCaseTests(Lanes lanes, ITestOutputHelper output)
{
    public static TheoryData<string> Ids => [.. RequestCases.Chosen];

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task Request_is_answered_as_the_rules_say_however_it_is_cut(string id)
    {
        var request = RequestCases.All[id];
        await lanes.EachAsync(Segmentation.Of(request.Bytes), (lane, segmentation) => RequestRun.RunAsync(lane, request, segmentation));
    }

    /// <summary>The figures of the documentation come from here.</summary>
    [Fact]
    public void There_are_as_many_cases_as_promised()
    {
        var (runs, fewest) = (0, int.MaxValue);
        foreach (var (table, cases) in RequestCases.Tables)
        {
            var counts = cases.Select(static request => Segmentation.Of(request.Bytes).Count).ToArray();
            output.WriteLine($"{table,-12}{cases.Count,5} cases {counts.Sum(),7} runs");
            (runs, fewest) = (runs + counts.Sum(), Math.Min(fewest, counts.Min()));
        }

        output.WriteLine($"{"together",-12}{RequestCases.All.Count,5} cases {runs,7} runs, {fewest} segmentations a case at least");
        Assert.True(RequestCases.All.Count >= 350);
        Assert.True(fewest >= Segmentation.Least);
    }

    /// <summary>A server that is told not to speak HTTP/2 says so in HTTP/2 (RFC 9113 §3.4, §5.4.1), and the gateway hears nothing of it.</summary>
    [Fact]
    public async Task Preface_of_http2_is_answered_by_the_server()
    {
        const string Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        await lanes.EachAsync(Segmentation.Of(Preface), static async (lane, segmentation) =>
        {
            using var client = await ScriptedClient.ConnectAsync(lane.Gateway);
            await client.SendAsync(Preface, segmentation);

            // GOAWAY: length 8, type 7, no flags, stream 0; last stream 0, HTTP_1_1_REQUIRED (0xd).
            await client.ExpectAsync("\0\0\u0008\u0007\0\0\0\0\0\0\0\0\0\0\0\0\u000d");
            await client.ExpectClosedAsync();
            Assert.Empty((await lane.Upstream.TakeAsync()).Requests);
            await lane.NeighbourIsServedAsync();
        });
    }
}
