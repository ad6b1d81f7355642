using GatewayKit.Clusters.Health;

namespace GatewayKit.Tests.Clusters.Health;

public sealed class ProbeResultsTests
{
    [Theory]
    [InlineData("", "Unknown")]
    [InlineData("+", "Healthy")]
    [InlineData("-", "Unknown")]
    [InlineData("--", "Unknown")]
    [InlineData("---", "Unhealthy")]
    [InlineData("--+", "Healthy")]
    [InlineData("+--", "Healthy")]
    [InlineData("+--+--", "Healthy")]
    [InlineData("+---", "Unhealthy")]
    [InlineData("---+", "Unhealthy")]
    [InlineData("---+-+", "Unhealthy")]
    [InlineData("---++", "Healthy")]
    [InlineData("---++--", "Healthy")]
    [InlineData("---++---", "Unhealthy")]
    public void State_changes_after_answers_in_a_row(string answers, string expected)
    {
        var (results, settings) = (new ProbeResults(), new ActiveHealth());
        foreach (var answer in answers)
        {
            var before = results.State;
            Assert.Equal(results.Note(answer == '+', settings), results.State != before);
        }

        Assert.Equal(expected, results.State.ToString());
    }

    [Fact]
    public void Results_are_settled_when_the_last_answer_says_what_is_known()
    {
        var (results, settings) = (new ProbeResults(), new ActiveHealth { UnhealthyAfter = 2 });
        Assert.False(results.IsSettled);
        Assert.True(results.Note(true, settings) && results.IsSettled);
        results.Note(false, settings);
        Assert.False(results.IsSettled);
        Assert.True(results.Note(false, settings) && results.IsSettled);
    }
}
