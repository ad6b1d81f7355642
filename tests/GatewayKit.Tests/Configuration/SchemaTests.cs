using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using GatewayKit.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Tests.Configuration;

public sealed class SchemaTests
{
    // GATEWAYKIT_REWRITE=1 writes the file anew.
    [Fact]
    public void The_schema_in_the_package_is_that_of_the_model()
    {
        var file = Path.Combine(Path.GetDirectoryName(ThisFile())!, "../../../src/GatewayKit/gatewaykit.schema.json");
        var generated = Generate();
        if (Environment.GetEnvironmentVariable("GATEWAYKIT_REWRITE") == "1")
        {
            File.WriteAllText(file, generated);
        }

        Assert.True(File.ReadAllText(file) == generated, "The model changed. Run this test with GATEWAYKIT_REWRITE=1 and commit gatewaykit.schema.json.");
    }

    [Fact]
    public void Every_key_of_a_full_configuration_is_in_the_schema()
    {
        var schema = JsonNode.Parse(Generate())!;
        using var services = Services();
        var (types, policies) = (services.GetRequiredService<ModelTypes>(), services.GetRequiredService<PolicyNames>());
        var set = (RouteSet)new ModelSamples(types, policies).Make(types.Get(typeof(RouteSet)), 0);
        var full = JsonNode.Parse(services.GetRequiredService<GatewayConfigurationWriter>().Write(set, includeDefaults: true))!;
        Assert.Empty(Unknown(full, schema["properties"]!["Gateway"]!, schema, "Gateway"));
        Assert.Equal(["Gateway:Routes:alpha:Match:Pth"], Unknown(JsonNode.Parse("""{ "Routes": { "alpha": { "Match": { "Pth": {} } } } }""")!, schema["properties"]!["Gateway"]!, schema, "Gateway"));
    }

    // As much of a validator as finds keys that are not there.
    private static IEnumerable<string> Unknown(JsonNode value, JsonNode schema, JsonNode root, string path)
    {
        if ((string?)schema["$ref"] is { } reference)
        {
            return Unknown(value, root["definitions"]![reference.Split('/')[^1]]!, root, path);
        }

        if ((schema["anyOf"] ?? schema["allOf"]) is JsonArray alternatives)
        {
            return alternatives.Select(one => Unknown(value, one!, root, path).ToArray()).MinBy(static unknown => unknown.Length)!;
        }

        return (value, (string?)schema["type"]) switch
        {
            (JsonArray items, "array") => items.SelectMany((item, index) => Unknown(item!, schema["items"]!, root, $"{path}:{index}")),
            (JsonObject map, "object") => map.SelectMany(entry =>
                (schema["properties"]?[entry.Key] ?? (schema["additionalProperties"] as JsonObject)) is { } inner ? Unknown(entry.Value!, inner, root, $"{path}:{entry.Key}") : [$"{path}:{entry.Key}"]),
            (JsonArray or JsonObject, _) or (_, "array" or "object") => [path],
            _ => [],
        };
    }

    private static string Generate()
    {
        using var services = Services();
        return new SchemaGenerator(services.GetRequiredService<ModelTypes>(), services.GetRequiredService<PolicyNames>()).Generate();
    }

    private static ServiceProvider Services()
    {
        var services = new ServiceCollection();
        services.AddApiGateway();
        return services.BuildServiceProvider();
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
