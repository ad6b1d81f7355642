using GatewayKit.Auditing.Journal;

namespace GatewayKit.Tests.Auditing.Journal;

public sealed class JournalPathsTests
{
    [Fact]
    public void Segment_lies_below_instance_and_boot()
    {
        var boot = Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e");
        var folder = JournalPaths.Boot("audit", "eu1", boot);
        Assert.Equal(Path.Combine("audit", "eu1", "0f8fad5b-d9cb-469f-a165-70867728950e", "00000012.gkal"), JournalPaths.OfSegment(folder, 12, JournalPaths.Segment));
    }

    [Theory]
    [InlineData("00000012.gkal", 12)]
    [InlineData("a/00000012.gkal.gz", 12)]
    [InlineData("100000000.gkal", 100_000_000)]
    [InlineData("00000012.ck", null)]
    [InlineData("00000012.torn", null)]
    [InlineData("-0000001.gkal", null)]
    [InlineData("first.gkal", null)]
    [InlineData(".gkal", null)]
    [InlineData("99999999999.gkal", null)]
    public void Number_is_that_of_the_name(string path, int? number) => Assert.Equal(number, JournalPaths.NumberOf(path));

    [Theory]
    [InlineData("eu1", true)]
    [InlineData("host-1.eu_2", true)]
    [InlineData("", false)]
    [InlineData(".", false)]
    [InlineData("..", false)]
    [InlineData(".hidden", false)]
    [InlineData("a/b", false)]
    [InlineData("a\\b", false)]
    [InlineData("ä", false)]
    public void Instance_is_a_name_for_a_folder(string instance, bool isFine) => Assert.Equal(isFine, JournalPaths.FaultOfInstance(instance) is null);

    [Fact]
    public void Instance_has_at_most_64_letters()
    {
        Assert.Null(JournalPaths.FaultOfInstance(new('a', 64)));
        Assert.NotNull(JournalPaths.FaultOfInstance(new('a', 65)));
    }
}
