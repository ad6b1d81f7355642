using System.Collections;
using System.Text;
using GatewayKit.Configuration;
using Microsoft.Extensions.Configuration;

namespace GatewayKit.Tests.Configuration;

public sealed class SectionTreeTests
{
    private const string Json = """
        {
          "Gateway": {
            "Routes": { "b": { "Hosts": [ "x", "y", "z" ] }, "a": { "Cluster": "c", "Gone": "set" }, "10": {}, "9": [], "2": null },
            "Text": "t", "Both": "v", "Empty": ""
          },
          "Gatewayed": { "No": "1" }, "Other": "o"
        }
        """;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_tree_says_what_the_framework_says_of_layered_providers(bool wholeConfiguration)
    {
        var root = Layered().Build();
        Assert.Contains("gateway:routes:A:cluster=override", Lines(root));
        AssertSame(wholeConfiguration ? root : root.GetSection("Gateway"));
    }

    [Fact]
    public void A_tree_says_what_the_framework_says_of_chained_configurations()
    {
        var upper = new ConfigurationBuilder().AddInMemoryCollection([new("ROUTES:a:Cluster", "upper"), new("Routes:n:Cluster", "new")]);
        var root = new ConfigurationManager();
        root.AddConfiguration(new ConfigurationBuilder().AddConfiguration(Layered().Build().GetSection("Gateway")).AddConfiguration(upper.Build()).Build());
        AssertSame(root);
        AssertSame(root.GetSection("routes"));
    }

    [Fact]
    public void A_tree_says_what_the_framework_says_of_providers_with_keys_or_values_of_their_own()
    {
        var builder = Layered();
        builder.Add(new Source(new OwnKeys()));
        builder.Add(new Source(new OwnValues()));
        var root = builder.Build();
        Assert.Equal("live", SectionReader.Read(root)["Gateway:Routes:live:Cluster"]);
        Assert.Equal("clear", SectionReader.Read(root)["gateway:secret"]);
        AssertSame(root);
        AssertSame(root.GetSection("Gateway"));
    }

    [Fact]
    public void A_section_of_a_tree_is_found_by_path_in_any_case_and_is_empty_if_absent()
    {
        var tree = SectionReader.Read(Layered().Build().GetSection("Gateway"));
        Assert.Equal("override", tree["ROUTES:a:CLUSTER"]);
        var absent = tree.GetSection("Routes:none:Cluster");
        Assert.Equal(("Cluster", "Gateway:Routes:none:Cluster", null), (absent.Key, absent.Path, absent.Value));
        Assert.Empty(absent.GetChildren());
        Assert.Throws<NotSupportedException>(() => tree["Text"] = "changed");
    }

    [Fact]
    public void Ten_thousand_routes_are_bound_in_a_few_passes_over_the_keys()
    {
        using var fixture = new ConfigurationFixture();
        var data = new CountingData();
        for (var i = 0; i < 10_000; i++)
        {
            data[$"Gateway:Routes:r{i}:Match:Path"] = $"/r{i}";
            data[$"Gateway:Routes:r{i}:Respond:Status"] = "204";
        }

        var root = new ConfigurationBuilder().Add(new Source(new Counting(data))).Build();
        var errors = new List<ConfigurationError>();
        var set = fixture.Binder.BindRouteSet(root.GetSection("Gateway"), errors);
        Assert.Empty(errors);
        Assert.Equal(10_000, set.Routes.Count);
        Assert.InRange(data.Passes, 1, 10);
    }

    private static IConfigurationBuilder Layered() => new ConfigurationBuilder()
        .AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(Json)))
        .AddInMemoryCollection([new("Gateway:Routes:b:Hosts:1", "Y"), new("Gateway:Routes:b:Hosts:10", "ten"), new("Gateway:Both:Child", "c"), new("Gateway:Routes:a:Gone", null)])
        .AddInMemoryCollection([new("gateway:routes:A:cluster", "override"), new("GATEWAY:TEXT", ""), new("gateway:routes:B:HOSTS:0", null), new("Gateway:Routes:d::e", "blank")]);

    private static void AssertSame(IConfiguration section)
    {
        var tree = SectionReader.Read(section);
        Assert.IsType<SectionTree>(tree);
        Assert.Equal(Lines(section), Lines(tree));
    }

    private static string[] Lines(IConfiguration section) =>
        [.. section.GetChildren().SelectMany(child => Lines(child).Prepend($"{child.Path}={child.Value ?? "(null)"}").Prepend(child.Key))];

    private sealed class Source(IConfigurationProvider provider) : IConfigurationSource
    {
        public IConfigurationProvider Build(IConfigurationBuilder builder) => provider;
    }

    private sealed class OwnKeys : ConfigurationProvider
    {
        private readonly IConfigurationRoot _live = new ConfigurationBuilder().AddInMemoryCollection([new("Gateway:Routes:live:Cluster", "live")]).Build();

        public override bool TryGet(string key, out string? value) => (value = _live[key]) is not null;

        public override IEnumerable<string> GetChildKeys(IEnumerable<string> earlierKeys, string? parentPath) =>
            _live.Providers.Single().GetChildKeys(earlierKeys, parentPath);
    }

    private sealed class OwnValues : ConfigurationProvider
    {
        public OwnValues() => Data["Gateway:Secret"] = "sealed";

        public override bool TryGet(string key, out string? value)
        {
            var found = base.TryGet(key, out value);
            value = value == "sealed" ? "clear" : value;
            return found;
        }
    }

    private sealed class Counting : ConfigurationProvider
    {
        public Counting(CountingData data) => Data = data;
    }

    /// <summary>Counts how often all keys are looked at.</summary>
    private sealed class CountingData : IDictionary<string, string?>
    {
        private readonly Dictionary<string, string?> _data = new(StringComparer.OrdinalIgnoreCase);

        public int Passes { get; private set; }

        public int Count => _data.Count;

        public bool IsReadOnly => false;

        public ICollection<string> Keys => Pass().Keys;

        public ICollection<string?> Values => Pass().Values;

        public string? this[string key] { get => _data[key]; set => _data[key] = value; }

        public void Add(string key, string? value) => _data.Add(key, value);

        public void Add(KeyValuePair<string, string?> item) => _data.Add(item.Key, item.Value);

        public void Clear() => _data.Clear();

        public bool Contains(KeyValuePair<string, string?> item) => _data.Contains(item);

        public bool ContainsKey(string key) => _data.ContainsKey(key);

        public void CopyTo(KeyValuePair<string, string?>[] array, int arrayIndex) => ((ICollection<KeyValuePair<string, string?>>)Pass()).CopyTo(array, arrayIndex);

        public bool Remove(string key) => _data.Remove(key);

        public bool Remove(KeyValuePair<string, string?> item) => _data.Remove(item.Key);

        public bool TryGetValue(string key, out string? value) => _data.TryGetValue(key, out value);

        public IEnumerator<KeyValuePair<string, string?>> GetEnumerator() => Pass().GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        private Dictionary<string, string?> Pass()
        {
            Passes++;
            return _data;
        }
    }
}
