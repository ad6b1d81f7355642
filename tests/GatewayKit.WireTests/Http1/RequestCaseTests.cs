using GatewayKit.WireTests.Clients;
using GatewayKit.WireTests.Hosting;

namespace GatewayKit.WireTests.Http1;

/// <summary>Every request case, in every segmentation, with every oracle.</summary>
public sealed class RequestCaseTests(Lanes lanes)
{
    public static TheoryData<string> Ids => [.. RequestCases.All.Keys];

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task Request_is_answered_as_the_rules_say_however_it_is_cut(string id)
    {
        var request = RequestCases.All[id];
        var segmentations = Segmentation.Of(request.Bytes);
        Assert.True(segmentations.Count >= Segmentation.Least);
        try
        {
            await lanes.EachAsync(segmentations, (lane, segmentation) => RequestRun.RunAsync(lane, request, segmentation));
        }
        catch (Exception exception) when (request.Missing is not null)
        {
            Assert.Skip($"{request.Missing} {exception.Message}");
        }

        RunCounter.Add(segmentations.Count);
    }
}
