using System.Text;
using GatewayKit.Rollout;
using GatewayKit.Rollout.Diffing;
using GatewayKit.Rollout.Mirroring;

namespace GatewayKit.Tests.Rollout;

/// <summary>What counts as a difference, by the settings.</summary>
public sealed class ComparisonTableTests
{
    private static readonly MirrorComparison Exact = new();

    public static TheoryData<string, string, string, string> Bodies() => new()
    {
        // rules, main, mirror, differences
        { "", """{ "a": 1, "b": 2 }""", """{"b":2,"a":1}""", "" },
        { "", """{ "a": 1 }""", """{ "a": 2 }""", "Value /a" },
        { "", """{ "a": 1 }""", """{ "a": 1.0 }""", "" },
        { "", """{ "a": 1 }""", """{ "a": 10e-1 }""", "" },
        { "", """{ "a": 9007199254740993 }""", """{ "a": 9007199254740992 }""", "Value /a" }, // more than a double can tell apart
        { "", """{ "a": 1e400 }""", """{ "a": 1e400 }""", "" },
        { "", """{ "a": 1e400 }""", """{ "a": 2e400 }""", "Value /a" },
        { "", """{ "a": 1 }""", """{ "a": "1" }""", "Type /a" },
        { "", """{ "a": null }""", """{}""", "Missing /a" },
        { "", """{}""", """{ "a": null }""", "Added /a" },
        { "", """{ "a": true }""", """{ "a": false }""", "Value /a" },
        { "", """{ "a": "x\u0041" }""", """{ "a": "xA" }""", "" },
        { "", """{ "a": 1, "a": 2 }""", """{ "a": 2 }""", "" }, // the last counts
        { "", """{ "a/b": { "c~d": 1 } }""", """{ "a/b": { "c~d": 2 } }""", "Value /a~1b/c~0d" },
        { "", "[1, 2, 3]", "[1, 3, 2]", "Value /1, Value /2" },
        { "", "[1, 2]", "[1, 2, 3]", "Added /2" },
        { "", "[1, 2, 3]", "[1, 2]", "Missing /2" },
        { "", "{}", "[]", "Type" },
        { "", "1", "2", "Value" },
        { "", """{ "a": 1 }""", """{ "a": 1 """, "Body" },
        { "", """{ "a": "\ud800" }""", """{ "a": "x" }""", "Body" }, // half a surrogate pair is found out late
        { "", """{ "\udc00": 1 }""", """{ "a": 1 }""", "Body" },
        { "", "not json", "not json", "" },
        { "", "not json", "no json", "Body" },
        { "", "", "{}", "Body" },
        { "tolerance 0.1", """{ "a": 1.0 }""", """{ "a": 1.05 }""", "" },
        { "tolerance 0.1", """{ "a": 1.0 }""", """{ "a": 1.2 }""", "Value /a" },
        { "tolerance 0.1", """{ "a": "1.0" }""", """{ "a": "1.05" }""", "Value /a" },
        { "unordered", "[1, 2, 3]", "[3, 1, 2]", "" },
        { "unordered", "[1, 1, 2]", "[1, 2, 2]", "Missing /1, Added /2" },
        { "unordered", """[ { "a": [1, 2] }, { "a": [3] } ]""", """[ { "a": [3] }, { "a": [2, 1] } ]""", "" },
        { "unordered tolerance 0.1", "[1.0, 2.0]", "[2.05, 1.05]", "" },
        { "unordered ignore /*/at", """[ { "n": 1, "at": 1 }, { "n": 2, "at": 2 } ]""", """[ { "n": 2, "at": 3 }, { "n": 1, "at": 4 } ]""", "" },
        { "ignore /a", """{ "a": { "b": 1 } }""", """{ "a": 2 }""", "" },
        { "ignore /a", """{ "a": 1 }""", "{}", "" },
        { "ignore /a", "{}", """{ "a": 1 }""", "" },
        { "ignore /a", """{ "b": { "a": 1 } }""", """{ "b": { "a": 2 } }""", "Value /b/a" },
        { "ignore /*/a", """{ "b": { "a": 1 } }""", """{ "b": { "a": 2 } }""", "" },
        { "ignore /0", "[1, 2]", "[2, 2]", "" },
        { "ignore /a~1b", """{ "a/b": 1 }""", """{ "a/b": 2 }""", "" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public void Json_differs_where_its_content_does(string rules, string main, string mirror, string differences) =>
        Assert.Equal(differences, Differences(Compare(Read(rules), Answer(main), Answer(mirror))));

    [Fact]
    public void Both_ways_find_as_many_differences()
    {
        foreach (var row in Bodies())
        {
            var (rules, main, mirror, _) = row.Data;
            var (there, back) = (Compare(Read(rules), Answer(main), Answer(mirror)), Compare(Read(rules), Answer(mirror), Answer(main)));
            Assert.Equal(there.Differences?.Count, back.Differences?.Count);
        }
    }

    [Theory]
    [InlineData("text/plain", "{ }", "{}", "Body")]
    [InlineData("application/problem+json; charset=utf-8", "{ }", "{}", "")]
    [InlineData("application/JSON", "{ }", "{}", "")]
    [InlineData("application/jsonl", "{ }", "{}", "Body")]
    [InlineData(null, "{ }", "{}", "Body")]
    public void Bodies_are_compared_by_content_only_if_both_say_that_they_are_json(string? type, string main, string mirror, string differences) =>
        Assert.Equal(differences, Differences(Compare(Exact, Answer(main) with { ContentType = type }, Answer(mirror) with { ContentType = type })));

    [Fact]
    public void Status_fields_and_time_count_as_far_as_they_are_named()
    {
        var rules = new MirrorComparison { Headers = ["ETag", "Content-Type"], Body = false, LatencyTolerance = TimeSpan.FromMilliseconds(10) };
        var (main, mirror) = (Answer("") with { Headers = ["a", "x"] }, Answer("") with { Status = 500, Headers = ["a", null], Elapsed = TimeSpan.FromMilliseconds(61) });
        Assert.Equal("Status, Header Content-Type, Latency", Differences(Compare(rules, main, mirror)));
        Assert.Equal("", Differences(Compare(rules, main, main with { Elapsed = TimeSpan.FromMilliseconds(60) })));
        Assert.Equal("", Differences(Compare(rules with { LatencyTolerance = null }, main, main with { Elapsed = TimeSpan.FromHours(1) })));
    }

    [Fact]
    public void What_was_not_seen_is_not_compared_unless_a_difference_was_seen()
    {
        var large = new BodyCapture(1);
        large.Append([1, 2]);
        var (small, big) = (Answer("{}"), Answer("") with { Body = large });
        Assert.Equal(("not-compared", "body-too-large"), Outcome(Compare(Exact, big, big)));
        Assert.Equal(("different", null), Outcome(Compare(Exact, big, big with { Status = 500 })));
        Assert.Equal(("different", null), Outcome(Compare(Exact, big, small)));
        Assert.Equal(("not-compared", "stream"), Outcome(Compare(Exact, small with { IsStream = true }, small)));
        Assert.Equal(("not-compared", "body-unseen"), Outcome(Compare(Exact, small with { Body = null }, small)));
        Assert.Equal(("not-compared", "no-answer"), Outcome(Compare(Exact, null, small)));
        Assert.Equal(("not-compared", "client-aborted"), Outcome(new AnswerComparison(Exact).Compare(small, small, "client-aborted")));
        Assert.Equal(("mirror-failed", null), Outcome(Compare(Exact, small, null)));
    }

    [Fact]
    public void Work_and_differences_have_an_end()
    {
        // Arrays that are alike up to their last item, in the opposite order: each is compared with half of the others, and to its end.
        var arrays = Enumerable.Range(0, 100).Select(static i => $"[{string.Join(",", Enumerable.Repeat("0", 200))},{i + 1}]").ToArray();
        var backwards = $"[{string.Join(",", arrays.Reverse())}]";
        Assert.Equal(("not-compared", "too-complex"), Outcome(Compare(new() { UnorderedArrays = true }, Answer($"[{string.Join(",", arrays)}]"), Answer(backwards))));
        var many = $"[{string.Join(",", Enumerable.Range(0, 1_000))}]";
        Assert.Equal(32, Compare(Exact, Answer(many), Answer($"[{string.Join(",", Enumerable.Range(1, 1_000))}]")).Differences!.Count);
    }

    [Fact]
    public void Deep_json_is_a_body_that_cannot_be_read() =>
        Assert.Equal("Body", Differences(Compare(Exact, Answer($"{new string('[', 200)}1{new string(']', 200)}"), Answer($"{new string('[', 200)}2{new string(']', 200)}"))));

    private static MirrorComparison Read(string rules) => new()
    {
        UnorderedArrays = rules.Contains("unordered", StringComparison.Ordinal),
        NumericTolerance = rules.Contains("tolerance", StringComparison.Ordinal) ? 0.1 : 0,
        IgnorePaths = rules.Split("ignore ") is [_, var path] ? [path] : [],
    };

    private static AnswerRecord Answer(string body)
    {
        var capture = new BodyCapture(65_536);
        capture.Append(Encoding.UTF8.GetBytes(body));
        return new() { Status = 200, Headers = ["application/json"], ContentType = "application/json", Elapsed = TimeSpan.FromMilliseconds(50), Body = capture };
    }

    private static ComparisonOutcome Compare(MirrorComparison rules, AnswerRecord? main, AnswerRecord? mirror) => new AnswerComparison(rules).Compare(main, mirror, null);

    private static string Differences(ComparisonOutcome outcome) => string.Join(", ", outcome.Differences ?? []);

    private static (string, string?) Outcome(ComparisonOutcome outcome) => (outcome.Word, outcome.Reason);
}
