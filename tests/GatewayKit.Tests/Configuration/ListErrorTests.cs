using GatewayKit.Configuration;

namespace GatewayKit.Tests.Configuration;

/// <summary>One item of a list that cannot be read hides nothing of what is wrong with the others, and moves none of their places.</summary>
public sealed class ListErrorTests : IDisposable
{
    private readonly ConfigurationFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void A_step_that_is_not_known_hides_no_error_of_another()
    {
        var errors = _fixture.Errors("""
            {
              "Clusters": { "up": {} },
              "Routes": { "r": { "Match": { "Path": "/a" }, "Cluster": "up", "Transforms": [
                { "PathPrefx": "/a" },
                { "RequestHeader": "X-A" },
                { "PathSet": "/b", "PathPrefix": "/c" },
                { "PathSet": "/b" },
                { "RequestHeader": "Connection", "Set": "x" }
              ] } }
            }
            """);
        (string Path, string Part)[] expected =
        [
            ("Gateway:Routes:r:Transforms:0", "'PathPrefx'. Did you mean 'PathPrefix'?"),
            ("Gateway:Routes:r:Transforms:1", "RequestHeader: needs Set or Append."),
            ("Gateway:Routes:r:Transforms:2", "several things at once: PathPrefix and PathSet."),
            ("Gateway:Routes:r:Transforms:4", "RequestHeader: Connection cannot be changed"),
        ];
        Assert.Equal(expected.Length, errors.Count);
        Assert.All(expected, one => Assert.Contains(one.Part, Assert.Single(errors, error => error.Path == one.Path).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_condition_that_cannot_be_read_moves_no_other()
    {
        var errors = _fixture.Errors("""
            { "Routes": { "r": { "Respond": {}, "Match": { "Headers": [ { "Nme": "a" }, { "Name": "b c" }, {}, { "Name": "d e" } ] } } } }
            """);
        Assert.Equal(
            [
                "Gateway:Routes:r:Match:Headers:0:Name", "Gateway:Routes:r:Match:Headers:0:Nme", "Gateway:Routes:r:Match:Headers:1:Name",
                "Gateway:Routes:r:Match:Headers:1:Values", "Gateway:Routes:r:Match:Headers:2", "Gateway:Routes:r:Match:Headers:3:Name",
                "Gateway:Routes:r:Match:Headers:3:Values",
            ],
            errors.Select(static error => error.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void An_error_in_a_step_has_the_path_of_the_step_also_when_all_are_read() => Assert.Equal(
        new ConfigurationError("Gateway:Defaults:Transforms:1", "PathSet: 'b' is not a path: percent-encoded, with one slash in front and no dot segment."),
        Assert.Single(_fixture.Errors("""{ "Defaults": { "Transforms": [ { "PathSet": "/a" }, { "PathSet": "b" } ] } }""")));

    [Theory]
    [InlineData("a:b:0:c:0", "a:b:1:c:2")]
    [InlineData("a:b:1:c:0", "a:b:3:c:0")]
    [InlineData("A:B:2", "a:b:4")]
    [InlineData("a:b", "a:b")]
    [InlineData("a:bc:0", "a:bc:0")]
    [InlineData("a:b:x", "a:b:x")]
    public void Places_behind_gaps_are_those_of_the_configuration(string bound, string written)
    {
        var gaps = new ListGaps();
        gaps.Add("a:b", 0);
        gaps.Add("a:b", 2);
        gaps.Add("a:b:1:c", 0);
        gaps.Add("a:b:1:c", 1);
        Assert.Equal(written, gaps.Restore(bound), ignoreCase: true);
    }
}
