using System.Globalization;
using System.Net;
using System.Security.Authentication;
using GatewayKit.Clusters;
using GatewayKit.Configuration;
using GatewayKit.Pipeline;
using GatewayKit.Routing;
using GatewayKit.Throttling;
using Microsoft.Extensions.Configuration;

namespace GatewayKit.Tests.Configuration;

public sealed class SectionBinderTests : IDisposable
{
    private readonly ConfigurationFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void Everything_that_code_can_say_is_bound()
    {
        var set = _fixture.Bind("""
            {
              "Defaults": { "Sample": { "Window": "00:01:00" } },
              "Clusters": {
                "orders": {
                  "Destinations": { "1": { "Address": "http://10.0.0.5:8080/base" }, "2": { "Address": "https://b.example.com", "Host": "b:1", "Weight": 3 } },
                  "LoadBalancing": "roundrobin",
                  "HostHeader": "Original",
                  "Http": { "Version": "2", "VersionPolicy": "RequestVersionExact", "MaxConnections": 7, "MultipleHttp2Connections": false },
                  "Tls": { "ServerName": "s", "Protocols": [ "Tls12", "Tls13" ], "ClientCertificate": { "File": "a.pem", "KeyFile": "a.key" } },
                  "Timeouts": { "Total": "1.00:00:00", "Attempt": "Infinite", "Idle": "00:00:00.5000000" }
                }
              },
              "Routes": {
                "orders": {
                  "MATCH": {
                    "path": "/orders/{**rest}", "Methods": [ "GET", "PURGE" ], "Hosts": [ "*.example.com" ], "PathComparison": "Exact",
                    "Headers": [ { "Name": "X-A", "Values": [ "a", "b" ], "Mode": "Prefix", "CaseSensitive": true } ],
                    "Query": [ { "Name": "q", "Mode": "Exists" } ],
                    "ClientAddresses": [ "10.0.0.0/8", "192.0.2.7", "2001:db8::/32" ]
                  },
                  "Cluster": "orders", "Priority": -5, "Metadata": { "owner": "team a" },
                  "Throttle": { "RequestsPerSecond": 0.5, "Partition": "Header:X-Tenant", "Mode": "Shadow" }
                },
                "empty": { "Match": {}, "Respond": { "Status": 404, "Body": "", "Headers": { "X-B": "" } } }
              }
            }
            """);
        var cluster = new Cluster
        {
            Id = "orders",
            Destinations = new Dictionary<string, Destination>
            {
                ["1"] = new() { Address = new("http://10.0.0.5:8080/base") },
                ["2"] = new() { Address = new("https://b.example.com"), Host = "b:1", Weight = 3 },
            },
            LoadBalancing = LoadBalancing.RoundRobin,
            HostHeader = HostHeader.Original,
            Http = new() { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, MaxConnections = 7, MultipleHttp2Connections = false },
            Tls = new() { ServerName = "s", Protocols = SslProtocols.Tls12 | SslProtocols.Tls13, ClientCertificate = new() { File = "a.pem", KeyFile = "a.key" } },
            Timeouts = new() { Total = TimeSpan.FromDays(1), Attempt = Timeout.InfiniteTimeSpan, Idle = TimeSpan.FromMilliseconds(500) },
        };
        var route = new GatewayRoute
        {
            Id = "orders",
            Match = new()
            {
                Path = "/orders/{**rest}",
                Methods = ["GET", "PURGE"],
                Hosts = ["*.example.com"],
                PathComparison = PathComparison.Exact,
                Headers = [new() { Name = "X-A", Values = ["a", "b"], Mode = FieldMatchMode.Prefix, CaseSensitive = true }],
                Query = [new() { Name = "q", Mode = FieldMatchMode.Exists }],
                ClientAddresses = [IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("192.0.2.7/32"), IPNetwork.Parse("2001:db8::/32")],
            },
            Cluster = "orders",
            Priority = -5,
            Metadata = new Dictionary<string, string> { ["owner"] = "team a" },
            Policies = [new ThrottlePolicy { RequestsPerSecond = 0.5, Partition = ThrottlePartition.Header("X-Tenant"), Mode = PolicyMode.Shadow }],
        };
        var empty = new GatewayRoute { Id = "empty", Match = new(), Respond = new() { Status = 404, Body = "", Headers = new Dictionary<string, string> { ["X-B"] = "" } } };
        Assert.Equal(new RouteSet { Clusters = [cluster], Routes = [empty, route], Defaults = [new SamplePolicy { Window = TimeSpan.FromMinutes(1) }] }, set);
    }

    [Fact]
    public void A_policy_that_says_which_property_takes_the_items_can_be_an_array_of_cases()
    {
        var set = _fixture.Bind("""{ "Defaults": { "Steps": [ { "Header": "X-A", "Value": "b" }, { "Remove": "X-B", "Always": true }, { "Remove": "X-C", "Times": 2 } ] } }""");
        Assert.Equal(
            new StepsPolicy { Items = [new SetStep { Header = "X-A", Value = "b" }, new RemoveStep("X-B") { Always = true }, new RemoveStep("X-C", 2)] },
            Assert.Single(set.Defaults));
        Assert.Equal(set, _fixture.Bind("""{ "Defaults": { "Steps": { "Items": [ { "Header": "X-A", "Value": "b" }, { "Remove": "X-B", "Always": true }, { "Remove": "X-C", "Times": 2 } ] } } }"""));
    }

    [Fact]
    public void A_policy_written_as_an_array_is_one_for_each_slot()
    {
        var set = _fixture.Bind("""{ "Defaults": { "Sample": [ { "Label": "a", "Window": "00:00:01" }, { "Label": "b", "Window": "00:00:02" } ] } }""");
        Assert.Equal(["a", "b"], set.Defaults.Cast<SamplePolicy>().Select(static policy => policy.Label));
    }

    [Fact]
    public void Numbers_do_not_depend_on_the_culture()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
            var set = _fixture.Bind("""{ "Defaults": { "Sample": { "Window": "00:00:01.5000000", "Ratio": 1.5 } } }""");
            Assert.Equal(new SamplePolicy { Window = TimeSpan.FromSeconds(1.5), Ratio = 1.5 }, Assert.Single(set.Defaults));
            Assert.Contains("\"Ratio\": 1.5", _fixture.Writer.Write(set), StringComparison.Ordinal);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void A_whole_configuration_in_place_of_its_section_is_one_error()
    {
        var host = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["PATH"] = "/bin", ["Logging:LogLevel:Default"] = "Warning", ["Gateway:Routes:a:Match:Path"] = "/a",
        }).Build();
        Assert.Equal(
            "Gateway: This is the host's whole configuration, not the gateway's section of it. Write AddApiGateway(configuration.GetSection(\"Gateway\")).",
            Assert.Single(_fixture.Configurator.Validate(host)).ToString());
        Assert.Equal(3, _fixture.Configurator.Validate(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["PATH"] = "/bin", ["Routes:a:Mtch"] = "1",
        }).Build()).Count);
    }

    [Fact]
    public void Unknown_key_is_told_the_known_ones()
    {
        var known = string.Join(", ", new[] { "Routes", "Clusters", "Defaults", "Plans", "Products", "Consumers" }.Concat(typeof(GatewayOptions).GetProperties().Select(static property => property.Name)));
        var error = Assert.Single(_fixture.Errors("""{ "Zzzzzz": 1 }"""));
        Assert.Equal("Gateway:Zzzzzz", error.Path);
        Assert.Equal($"'Zzzzzz' is not a known key. Known here: {known}.", error.Message);
    }

    [Theory]
    [InlineData("""{ "Rotes": {} }""", "Gateway:Rotes", "'Rotes' is not a known key. Did you mean 'Routes'?")]
    [InlineData("""{ "Clusters": { "a": { "Timeouts": { "Atempt": "00:00:01" } } } }""", "Gateway:Clusters:a:Timeouts:Atempt", "'Atempt' is not a known key. Did you mean 'Attempt'?")]
    [InlineData("""{ "Clusters": { "a": { "Http": { "Id": "b" } } } }""", "Gateway:Clusters:a:Http:Id", "'Id' is not a known key. Known here: Version, VersionPolicy, WebSocketVersion, WebSocketVersionPolicy, MaxConnections, ConnectionLifetime, ConnectionIdle, MaxResponseHeadBytes, MultipleHttp2Connections, DeniedNetworks, Client.")]
    [InlineData("""{ "Clusters": { "a": { "Timeouts": { "Attempt": 30 } } } }""", "Gateway:Clusters:a:Timeouts:Attempt", "'30' is a bare number, which names no unit. Write \"hh:mm:ss\": \"00:00:30\" is 30 seconds, \"30.00:00:00\" 30 days.")]
    [InlineData("""{ "Journal": { "RetainFor": "0.5" } }""", "Gateway:Journal:RetainFor", "'0.5' is a bare number, which names no unit. Write \"hh:mm:ss\": \"00:00:00.5000000\" is 0.5 seconds.")]
    [InlineData("""{ "Clusters": { "a": { "Timeouts": { "Attempt": "1:30" } } } }""", "Gateway:Clusters:a:Timeouts:Attempt", "'1:30' is not a time span. Write it as \"hh:mm:ss\", days in front as in \"1.00:00:00\", or \"Infinite\".")]
    [InlineData("""{ "Clusters": { "a": { "Timeouts": { "Attempt": "" } } } }""", "Gateway:Clusters:a:Timeouts:Attempt", "Attempt is empty, and must be a time span. Write it as \"hh:mm:ss\", days in front as in \"1.00:00:00\", or \"Infinite\". Give it a value or remove the key.")]
    [InlineData("""{ "Clusters": { "a": { "Timeouts": { "Attempt": null } } } }""", "Gateway:Clusters:a:Timeouts:Attempt", "Attempt is null. Give it a value or remove the key.")]
    [InlineData("""{ "Clusters": { "a": { "Timeouts": { "Attempt": { "x": 1 } } } } }""", "Gateway:Clusters:a:Timeouts:Attempt", "Attempt is an object, and must be a time span. Write it as \"hh:mm:ss\", days in front as in \"1.00:00:00\", or \"Infinite\".")]
    [InlineData("""{ "Clusters": { "a": { "Timeouts": "fast" } } }""", "Gateway:Clusters:a:Timeouts", "Timeouts is the single value 'fast', and must be an object such as { \"Connect\": … }.")]
    [InlineData("""{ "Clusters": [ { "x": 1 } ] }""", "Gateway:Clusters", "Clusters is an array, and must be an object such as { \"<id>\": { … } }.")]
    [InlineData("""{ "Clusters": { "a": { "LoadBalancing": "Fastest" } } }""", "Gateway:Clusters:a:LoadBalancing", "'Fastest' is not one of PowerOfTwoChoices, RoundRobin, LeastRequests, Random, First, PeakEwma, ConsistentHash.")]
    [InlineData("""{ "Clusters": { "a": { "LoadBalancing": 1 } } }""", "Gateway:Clusters:a:LoadBalancing", "'1' is not one of PowerOfTwoChoices, RoundRobin, LeastRequests, Random, First, PeakEwma, ConsistentHash.")]
    [InlineData("""{ "Clusters": { "a": { "Http": { "MaxConnections": "many" } } } }""", "Gateway:Clusters:a:Http:MaxConnections", "'many' is not a whole number from 1 to 1000000.")]
    [InlineData("""{ "Clusters": { "a": { "Destinations": { "x": { "Address": "http://a", "Weight": "heavy" } } } } }""", "Gateway:Clusters:a:Destinations:x:Weight", "'heavy' is not a whole number from 0 to 1000.")]
    [InlineData("""{ "Clusters": { "a": { "Http": { "MultipleHttp2Connections": "yes" } } } }""", "Gateway:Clusters:a:Http:MultipleHttp2Connections", "'yes' is not true or false.")]
    [InlineData("""{ "Clusters": { "a": { "Http": { "Version": "two" } } } }""", "Gateway:Clusters:a:Http:Version", "'two' is not a version such as \"2.0\".")]
    [InlineData("""{ "Clusters": { "a": { "Tls": { "Protocols": "Tls13" } } } }""", "Gateway:Clusters:a:Tls:Protocols", "Protocols is the single value 'Tls13', and must be an array. Write [ \"Tls13\" ].")]
    [InlineData("""{ "Clusters": { "a": { "Destinations": { "x": {} } } } }""", "Gateway:Clusters:a:Destinations:x:Address", "Address is missing and has no default. Add the key.")]
    [InlineData("""{ "Clusters": { "a": { "Tls": { "ClientCertificate": { "File": "" } } } } }""", "Gateway:Clusters:a:Tls:ClientCertificate:File", "File is empty, and has no default. Give it a value.")]
    [InlineData("""{ "Routes": { "r": { "Respond": {} } } }""", "Gateway:Routes:r:Match", "Match is missing and has no default. Add the key.")]
    [InlineData("""{ "Routes": { "r": { "Match": { "Methods": "GET" }, "Respond": {} } } }""", "Gateway:Routes:r:Match:Methods", "Methods is the single value 'GET', and must be an array. Write [ \"GET\" ].")]
    [InlineData("""{ "Routes": { "r": { "Match": { "Methods": { "a": "GET" } }, "Respond": {} } } }""", "Gateway:Routes:r:Match:Methods", "Methods is an object, and must be an array: [ … ].")]
    [InlineData("""{ "Routes": { "r": { "Match": { "Methods": [ "GET", null ] }, "Respond": {} } } }""", "Gateway:Routes:r:Match:Methods:1", "The item is null. Give it a value or remove the key.")]
    [InlineData("""{ "Routes": { "r": { "Match": { "Headers": [ {} ] }, "Respond": {} } } }""", "Gateway:Routes:r:Match:Headers:0", "The item is null or an empty object. Remove the item or say something in it.")]
    [InlineData("""{ "Routes": { "r": { "Match": { "ClientAddresses": [ "10.0.0.0/99" ] }, "Respond": {} } } }""", "Gateway:Routes:r:Match:ClientAddresses:0", "'10.0.0.0/99' is not a network such as \"10.0.0.0/8\" or \"2001:db8::/32\".")]
    [InlineData("""{ "Routes": { "r": { "Match": {}, "Respond": {}, "Throtle": {} } } }""", "Gateway:Routes:r:Throtle", "'Throtle' is not a known key and no registered policy. Did you mean 'Throttle'? <policies>")]
    [InlineData("""{ "Defaults": { "Geofence": { "a": 1 } } }""", "Gateway:Defaults:Geofence", "'Geofence' is not a known key and no registered policy. <policies>")]
    [InlineData("""{ "Clusters": { "a": {} }, "Routes": { "r": { "Match": {}, "Cluster": "a", "retry": {} } } }""", "Gateway:Routes:r:retry", "'retry' is not a known key and no registered policy. 'Retry' is a setting of clusters: write it under Clusters:a.")]
    [InlineData("""{ "Routes": { "r": { "Match": {}, "Respond": {}, "Hedging": {} } } }""", "Gateway:Routes:r:Hedging", "'Hedging' is not a known key and no registered policy. 'Hedging' is a setting of clusters: write it under Clusters:<id>.")]
    [InlineData("""{ "Clusters": { "a": {} }, "Routes": { "r": { "Match": {}, "Cluster": "a", "Timeouts": {} } } }""", "Gateway:Routes:r:Timeouts", "'Timeouts' is not a known key and no registered policy. Did you mean 'Timeout'? 'Timeouts' is a setting of clusters: write it under Clusters:a.")]
    [InlineData("""{ "Defaults": { "Health": {} } }""", "Gateway:Defaults:Health", "'Health' is not a known key and no registered policy. 'Health' is a setting of clusters: write it under Clusters:<id>.")]
    [InlineData("""{ "Clusters": { "a": { "Throttle": { "RequestsPerSecond": 1 } } } }""", "Gateway:Clusters:a:Throttle", "'Throttle' is not a known key. 'Throttle' is a policy: write it under Routes:<id>, or under Defaults for every route.")]
    [InlineData("""{ "Defaults": { "Throttle": { "RequestsPerSecond": 1, "Partition": "Moon" } } }""", "Gateway:Defaults:Throttle:Partition", "'Moon' is not a throttle partition. Known are Consumer, ClientAddress, Route, Constant, Header:<name> and Claim:<type>, and up to 4 of them with + between, such as Header:X-Tenant+ClientAddress; not Route beside Constant.")]
    [InlineData("""{ "Defaults": { "Throttle": { "RequestsPerSecond": "1,5" } } }""", "Gateway:Defaults:Throttle:RequestsPerSecond", "'1,5' is not a number from 0.001 to 1000000.")]
    [InlineData("""{ "Defaults": { "Throttle": 5 } }""", "Gateway:Defaults:Throttle", "Throttle is the single value '5', and must be an object such as { \"RequestsPerSecond\": … }.")]
    [InlineData("""{ "Defaults": { "Quota": { "Window": { "Lifetime": true } } } }""", "Gateway:Defaults:Quota:Limit", "Limit is missing and has no default. Add the key.")]
    [InlineData("""{ "Defaults": { "Throttle": { "RequestsPerSecond": 1, "Cost": "-1" } } }""", "Gateway:Defaults:Throttle:Cost", "'-1' is not the cost of a request. It may be a whole number, ContentLength or Header:<name>, such as Header:X-Cost.")]
    [InlineData("""{ "Defaults": { "Steps": [ { "Heder": "a" } ] } }""", "Gateway:Defaults:Steps:0", "The item has none of the keys that say what it is, only 'Heder'. Did you mean 'Header'?")]
    [InlineData("""{ "Defaults": { "Steps": { "Header": "a" } } }""", "Gateway:Defaults:Steps:Header", "Header is a key of the items. Write Steps as an array of them: [ { \"Header\": … } ].")]
    [InlineData("""{ "Defaults": [ { "Throttle": {} } ] }""", "Gateway:Defaults", "Defaults is an array, and must be an object such as { \"<policy>\": { … } }.")]
    [InlineData("""{ "Clusters": { "a": { "Destinations": { "b": "http://c" } } } }""", "Gateway:Clusters:a:Destinations:b", "b is the single value 'http://c', and must be an object such as { \"Address\": … }.")]
    [InlineData("""{ "Defaults": { "Steps": [ { "Always": true } ] } }""", "Gateway:Defaults:Steps:0", "The item has none of the keys that say what it is, only 'Always'. It needs one of: Header, Remove.")]
    [InlineData("""{ "Defaults": { "Steps": [ { "Header": "a", "Remove": "b" } ] } }""", "Gateway:Defaults:Steps:0", "The item is several things at once: Header and Remove. Make each an item of its own.")]
    [InlineData("""{ "Defaults": { "Steps": [ { "Header": "a", "Times": 2 } ] } }""", "Gateway:Defaults:Steps:0:Times", "'Times' is not a known key. Known here: Header, Value, Always.")]
    public void What_is_not_understood_is_an_error_with_its_path(string json, string path, string message)
    {
        var errors = new List<ConfigurationError>();
        _fixture.Binder.BindRouteSet(ConfigurationFixture.Section(json), errors);
        Assert.Equal(new ConfigurationError(path, message.Replace("<policies>", _fixture.Policies.Describe(), StringComparison.Ordinal)), Assert.Single(errors));
    }

    // Not the whole list: it grows with each capability of a cluster.
    [Fact]
    public void Id_of_a_cluster_is_its_key_and_no_setting()
    {
        var errors = new List<ConfigurationError>();
        _fixture.Binder.BindRouteSet(ConfigurationFixture.Section("""{ "Clusters": { "a": { "Id": "b" } } }"""), errors);
        var error = Assert.Single(errors);
        Assert.Equal("Gateway:Clusters:a:Id", error.Path);
        Assert.StartsWith("'Id' is not a known key. Known here: Destinations, LoadBalancing,", error.Message);
    }

    [Fact]
    public void A_record_that_refuses_its_values_is_an_error_in_its_own_words()
    {
        using var fixture = new ConfigurationFixture(static services => new GatewayBuilderOf(services).Builder.AddPolicy<PickyPolicy, PickyFilterFactory>("Picky"));
        var error = Assert.Single(fixture.Errors("""{ "Defaults": { "Picky": { "Name": "b" } } }"""));
        Assert.Equal(new ConfigurationError("Gateway:Defaults:Picky", "Picky cannot be used: Only 'a' will do."), error);
    }

    private sealed class GatewayBuilderOf(Microsoft.Extensions.DependencyInjection.IServiceCollection services)
    {
        public GatewayBuilder Builder { get; } = Microsoft.Extensions.DependencyInjection.GatewayServiceCollectionExtensions.AddApiGateway(services);
    }

    private sealed record PickyPolicy : IGatewayPolicy
    {
        public string Name { get; init => field = value == "a" ? value : throw new ArgumentException("Only 'a' will do."); } = "a";

        public PolicyMode Mode => PolicyMode.Enforce;

        public GatewayStage Stage => GatewayStage.Limit;
    }

    private sealed class PickyFilterFactory : GatewayFilterFactory<PickyPolicy>
    {
        protected override Microsoft.AspNetCore.Http.EndpointFilterDelegate Create(PickyPolicy policy, GatewayEndpoint endpoint, Microsoft.AspNetCore.Http.EndpointFilterDelegate next) => next;
    }
}
