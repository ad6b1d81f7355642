using System.Text.Json.Nodes;
using GatewayKit.Clusters;
using GatewayKit.Configuration;
using GatewayKit.Routing;

namespace GatewayKit.Tests.Configuration;

public sealed class GatewayConfigurationWriterTests : IDisposable
{
    private readonly ConfigurationFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void Only_what_differs_from_the_defaults_is_written_in_the_order_of_names()
    {
        var set = new RouteSet
        {
            Routes = [new() { Id = "b", Match = new() { Path = "/b" }, Cluster = "a", Policies = [new SamplePolicy { Window = TimeSpan.FromSeconds(1) }] }, new() { Id = "a", Match = new(), Respond = new() { Body = "é\"" } }],
            Clusters = [new() { Id = "a", Timeouts = new() { Idle = Timeout.InfiniteTimeSpan }, Tls = new() { Protocols = System.Security.Authentication.SslProtocols.Tls13 } }],
        };
        Assert.Equal(
            """
            {
              "Routes": {
                "a": {
                  "Match": {},
                  "Respond": {
                    "Body": "é\""
                  }
                },
                "b": {
                  "Match": {
                    "Path": "/b"
                  },
                  "Cluster": "a",
                  "Sample": {
                    "Window": "00:00:01"
                  }
                }
              },
              "Clusters": {
                "a": {
                  "Tls": {
                    "Protocols": [
                      "Tls13"
                    ]
                  },
                  "Timeouts": {
                    "Idle": "Infinite"
                  }
                }
              }
            }
            """.ReplaceLineEndings("\n"),
            _fixture.Writer.Write(set));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(0, true)]
    [InlineData(1, true)]
    public void What_is_written_binds_to_an_equal_model(int variant, bool includeDefaults)
    {
        var set = (RouteSet)new ModelSamples(_fixture.Types, _fixture.Policies, everyCase: true).Make(_fixture.Types.Get(typeof(RouteSet)), variant);
        Assert.Equal(set, _fixture.Bind(_fixture.Writer.Write(set, includeDefaults)));
    }

    [Fact]
    public void The_hash_does_not_depend_on_the_order_of_keys_and_on_defaults_that_are_written_out()
    {
        var set = (RouteSet)new ModelSamples(_fixture.Types, _fixture.Policies).Make(_fixture.Types.Get(typeof(RouteSet)), 0);
        var hash = Hash(set);
        var reversed = Reverse(JsonNode.Parse(_fixture.Writer.Write(set, includeDefaults: true))!);
        Assert.Equal(hash, Hash(_fixture.Bind(reversed.ToJsonString())));
        Assert.Equal(64, hash.Length);
    }

    [Fact]
    public void The_hash_depends_on_every_property_of_a_route_and_a_cluster()
    {
        var samples = new ModelSamples(_fixture.Types, _fixture.Policies);
        var (route, cluster) = (_fixture.Types.Get(typeof(GatewayRoute)), _fixture.Types.Get(typeof(Cluster)));
        var hash = Hash(new() { Routes = [(GatewayRoute)samples.Make(route, 0)] });
        Assert.All(ModelSamples.All(route), property =>
            Assert.NotEqual(hash, Hash(new() { Routes = [(GatewayRoute)route.Create!(Flip(route, property))] })));
        hash = Hash(new() { Clusters = [(Cluster)samples.Make(cluster, 0)] });
        Assert.All(ModelSamples.All(cluster), property =>
            Assert.NotEqual(hash, Hash(new() { Clusters = [(Cluster)cluster.Create!(Flip(cluster, property))] })));

        Dictionary<ModelProperty, object?> Flip(ModelType type, ModelProperty property) => new(samples.Values(type, 0)) { [property] = samples.Make(property.Type, 1) };
    }

    private static JsonNode Reverse(JsonNode node) => node switch
    {
        JsonObject map => new JsonObject(map.Reverse().Select(static entry => KeyValuePair.Create(entry.Key, entry.Value is null ? null : Reverse(entry.Value)))),
        JsonArray list => new JsonArray([.. list.Select(static item => item is null ? null : Reverse(item))]),
        _ => node.DeepClone(),
    };

    private string Hash(RouteSet set) => _fixture.Writer.Hash(set, new RouteFindings(new RouteTemplates()));
}
