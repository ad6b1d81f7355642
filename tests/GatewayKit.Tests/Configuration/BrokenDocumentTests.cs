using System.Text.Json.Nodes;
using GatewayKit.Configuration;

namespace GatewayKit.Tests.Configuration;

public sealed class BrokenDocumentTests : IDisposable
{
    private const int Most = 2_500;

    private readonly ConfigurationFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void Whatever_one_node_is_replaced_by_there_is_a_model_or_an_error_and_no_exception()
    {
        var set = (RouteSet)new ModelSamples(_fixture.Types, _fixture.Policies).Make(_fixture.Types.Get(typeof(RouteSet)), 0);
        var document = JsonNode.Parse(_fixture.Writer.Write(set, includeDefaults: true))!;
        var (tried, refused) = (0, 0);
        object[][] places = [.. Paths(document, [])];

        // Each place has one of several, and the next place the next one: all of them at all would take minutes, and the document grows with the model.
        var several = Math.Max(1, places.Length * Replacements().Count() / Most);
        foreach (var (place, path) in places.Index())
        {
            foreach (var (_, broken) in Replacements().Index().Where(one => (one.Index + place) % several == 0))
            {
                var section = ConfigurationFixture.Section(Replace(document, path, broken));
                var misread = new List<ConfigurationError>();
                Assert.NotNull(_fixture.Binder.BindRouteSet(section, misread));
                Assert.All(_fixture.Configurator.Validate(section), static error => Assert.NotEmpty(error.Message));
                (tried, refused) = (tried + 1, refused + (misread.Count > 0 ? 1 : 0));
            }
        }

        Assert.True(tried > 1_500, $"Only {tried} documents were tried.");
        Assert.True(refused > tried / 2, $"Only {refused} of {tried} were refused.");
    }

    private static IEnumerable<Func<JsonNode?>?> Replacements() =>
        [null, static () => null, static () => "", static () => "x", static () => 5, static () => -1.5, static () => true, static () => new JsonObject(), static () => new JsonArray(), static () => new JsonArray("x"), static () => new JsonObject { ["x"] = "y" }];

    private static IEnumerable<object[]> Paths(JsonNode? node, object[] path)
    {
        if (path.Length > 0)
        {
            yield return path;
        }

        var children = node switch
        {
            JsonObject map => map.Select(static entry => ((object)entry.Key, entry.Value)),
            JsonArray list => list.Select(static (item, index) => ((object)index, item)),
            _ => [],
        };
        foreach (var inner in children.SelectMany(child => Paths(child.Item2, [.. path, child.Item1])))
        {
            yield return inner;
        }
    }

    private static string Replace(JsonNode document, object[] path, Func<JsonNode?>? replacement)
    {
        var copy = document.DeepClone();
        var parent = path[..^1].Aggregate(copy, static (node, key) => key is int index ? node[index]! : node[(string)key]!);
        switch (parent, path[^1], replacement)
        {
            case (JsonObject map, string key, null):
                map.Remove(key);
                break;
            case (JsonArray list, int index, null):
                list.RemoveAt(index);
                break;
            case (JsonObject map, string key, { } make):
                map[key] = make();
                break;
            case (JsonArray list, int index, { } make):
                list[index] = make();
                break;
        }

        return copy.ToJsonString();
    }
}
