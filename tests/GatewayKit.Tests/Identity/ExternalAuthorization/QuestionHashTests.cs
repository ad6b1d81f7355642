using System.Net;
using GatewayKit.Identity.ExternalAuthorization;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Tests.Identity.ExternalAuthorization;

public sealed class QuestionHashTests
{
    private static readonly AuthorizationQuestion Question = new("GET", "/a", "?b", "h", "https", IPAddress.Loopback, ["Bearer t", default]);

    [Fact]
    public void Equal_questions_have_equal_hashes() => Assert.Equal(QuestionHash.Of(Question), QuestionHash.Of(Question with { Fields = ["Bearer t", default], Client = IPAddress.Parse("127.0.0.1") }));

    public static TheoryData<string> Others => [.. Differing.Keys];

    [Theory]
    [MemberData(nameof(Others))]
    public void Whatever_is_told_tells_questions_apart(string what) => Assert.NotEqual(QuestionHash.Of(Question), QuestionHash.Of(Differing[what]));

    [Fact]
    public void Long_questions_are_told_apart_at_their_end()
    {
        var text = new string('ü', 50_000);
        Assert.NotEqual(QuestionHash.Of(Question with { Fields = [text + "a", default] }), QuestionHash.Of(Question with { Fields = [text + "b", default] }));
        Assert.Equal(QuestionHash.Of(Question with { Fields = [text, default] }), QuestionHash.Of(Question with { Fields = [text, default] }));
    }

    private static Dictionary<string, AuthorizationQuestion> Differing { get; } = new()
    {
        ["method"] = Question with { Method = "PUT" },
        ["case of the method"] = Question with { Method = "get" },
        ["path"] = Question with { Path = "/A" },
        ["query"] = Question with { Query = "?c" },
        ["no query"] = Question with { Query = string.Empty },
        ["border of path and query"] = Question with { Path = "/a?", Query = "b" },
        ["host"] = Question with { Host = "i" },
        ["no host"] = Question with { Host = null },
        ["empty host"] = Question with { Host = string.Empty },
        ["scheme"] = Question with { Scheme = "http" },
        ["client"] = Question with { Client = IPAddress.Parse("127.0.0.2") },
        ["client of another family"] = Question with { Client = IPAddress.Parse("::ffff:127.0.0.1") },
        ["no client"] = Question with { Client = null },
        ["field"] = Question with { Fields = ["Bearer u", default] },
        ["no field"] = Question with { Fields = [default, default] },
        ["empty field"] = Question with { Fields = ["Bearer t", string.Empty] },
        ["another field"] = Question with { Fields = [default, "Bearer t"] },
        ["two lines for one"] = Question with { Fields = [new StringValues(["Bearer", " t"]), default] },
        ["a null line"] = Question with { Fields = [new StringValues(["Bearer t", null]), default] },
    };
}
