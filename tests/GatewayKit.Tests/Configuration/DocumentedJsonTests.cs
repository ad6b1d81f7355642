using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using GatewayKit.Tests.Architecture;

namespace GatewayKit.Tests.Configuration;

/// <summary>The JSON that the pages show can be bound: no key of it is misspelled or outdated. A page may show a part of the section.</summary>
public sealed partial class DocumentedJsonTests : IDisposable
{
    private readonly ConfigurationFixture _fixture = new();

    // Of another section, an answer, a problem, records, and with a policy that the page makes.
    private static readonly string[] Others = ["\"configProperties\"", "\"inFlight\"", "\"Geo\"", "\"ConnectionString\"", "\"time\"", "\"urn:gatewaykit:problem:", "\"otherKeys\":"];

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void Json_of_the_pages_is_understood()
    {
        var bound = 0;
        foreach (var page in Directory.EnumerateFiles(Path.Combine(Sources.Root, "docs"), "*.md").Append(Path.Combine(Sources.Root, "README.md")))
        {
            foreach (var json in Json().Matches(File.ReadAllText(page)).Select(static match => match.Groups["json"].Value).Where(static json => !Others.Any(json.Contains)))
            {
                try
                {
                    _fixture.Bind(SectionOf(json.Trim().Replace("{ … }", "{ }", StringComparison.Ordinal)).ToJsonString());
                    bound++;
                }
                catch (Exception exception) when (exception is JsonException or Xunit.Sdk.XunitException)
                {
                    Assert.Fail($"{Path.GetFileName(page)}: {exception.Message}\n{json}");
                }
            }
        }

        Assert.True(bound > 10);
    }

    private JsonNode SectionOf(string json)
    {
        var root = JsonNode.Parse(json[0] is '{' ? json : $"{{ {json} }}", documentOptions: new() { CommentHandling = JsonCommentHandling.Skip })!.AsObject();
        if (_fixture.Policies.TryGet(root.First().Key, out _) && root.First().Key is not "CircuitBreaker")
        {
            return new JsonObject { ["Defaults"] = root };
        }

        return root["Gateway"]?.DeepClone()
            ?? (root.First().Value is not JsonObject first || first.ContainsKey("Address") || root.ContainsKey("Routes") || root.ContainsKey("Clusters") ? root
                : new JsonObject { [first.ContainsKey("Match") ? "Routes" : "Clusters"] = root });
    }

    [GeneratedRegex(@"```jsonc?\n(?<json>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Json();
}
