using GatewayKit.WireTests.Clients;

namespace GatewayKit.WireTests.Http2;

/// <summary>Every frame case, in every segmentation, with every oracle.</summary>
public sealed class FrameCaseTests(FrameLanes lanes) : IClassFixture<FrameLanes>
{
    public static TheoryData<string> Ids => [.. FrameCases.All.Keys];

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task Frames_come_to_what_the_rules_say_however_they_are_cut(string id)
    {
        var test = FrameCases.All[id];
        var segmentations = test.Segmentations();
        Assert.True(segmentations.Count >= Segmentation.Least);
        await lanes.EachAsync(segmentations, (lane, segmentation) => FrameRun.RunAsync(lane, test, segmentation));
    }
}
