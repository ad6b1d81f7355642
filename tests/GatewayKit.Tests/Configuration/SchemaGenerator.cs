using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using GatewayKit.Configuration;
using GatewayKit.Pipeline;
using GatewayKit.Throttling;

namespace GatewayKit.Tests.Configuration;

/// <summary>
/// Writes the JSON schema of the configuration section from the model that the binder reads, with the sentences of the XML docs. Draft 7,
/// because editors merge the schemas of packages for <c>appsettings.json</c> and understand that one.
/// </summary>
internal sealed partial class SchemaGenerator(ModelTypes types, PolicyNames policies)
{
    private readonly JsonObject _definitions = [];
    private readonly Dictionary<string, string> _sentences = XDocument.Load(Path.ChangeExtension(typeof(RouteSet).Assembly.Location, ".xml"))
        .Descendants("member")
        .Where(static member => member.Element("summary") is not null)
        .ToDictionary(static member => (string)member.Attribute("name")!, static member => Flatten(member.Element("summary")!));

    public string Generate()
    {
        var section = new JsonObject();
        foreach (var property in types.Get(typeof(RouteSet)).Properties.Concat(types.Get(typeof(GatewayOptions)).Properties))
        {
            section[property.Name] = OfProperty(property);
        }

        var schema = new JsonObject
        {
            ["$schema"] = "http://json-schema.org/draft-07/schema#",
            ["type"] = "object",
            ["properties"] = new JsonObject
            {
                ["Gateway"] = new JsonObject { ["description"] = "Routes, clusters and host-wide settings of the API gateway.", ["type"] = "object", ["properties"] = section, ["additionalProperties"] = false },
            },
            ["definitions"] = new JsonObject(_definitions.OrderBy(static entry => entry.Key, StringComparer.Ordinal).Select(static entry => KeyValuePair.Create(entry.Key, entry.Value?.DeepClone()))),
        };
        return schema.ToJsonString(new JsonSerializerOptions { WriteIndented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n";
    }

    private JsonObject OfProperty(ModelProperty property)
    {
        var schema = Of(property.Type);
        if (_sentences.TryGetValue($"P:{property.Property.DeclaringType!.FullName}.{property.Property.Name}", out var sentence))
        {
            // Beside a reference draft 7 ignores everything: the sentence needs an object of its own.
            schema = schema.ContainsKey("$ref") ? new JsonObject { ["allOf"] = new JsonArray(schema) } : schema;
            schema.Insert(0, "description", sentence);
        }

        if (property.Type.Type == property.Property.DeclaringType && schema["allOf"] is JsonArray all)
        {
            // A candidate: one of the same kind that says less.
            all.Add(new JsonObject
            {
                ["properties"] = new JsonObject { [nameof(IGatewayPolicy.Mode)] = new JsonObject { ["const"] = nameof(PolicyMode.Shadow) }, [nameof(IGatewayPolicy.EnforcePercent)] = false, [property.Name] = false },
                ["required"] = new JsonArray(nameof(IGatewayPolicy.Mode)),
            });
        }

        if (property.Annotations.OfType<RangeAttribute>().FirstOrDefault() is { } range)
        {
            schema["minimum"] = JsonValue.Create(Convert.ToDecimal(range.Minimum));
            schema["maximum"] = JsonValue.Create(Convert.ToDecimal(range.Maximum));
        }

        if (property.Annotations.OfType<AllowedValuesAttribute>().FirstOrDefault() is { } allowed)
        {
            schema["enum"] = JsonSerializer.SerializeToNode(allowed.Values);
        }

        return schema;
    }

    private JsonObject Of(ModelType type) => type.Kind switch
    {
        ModelKind.Scalar => OfScalar(type),
        ModelKind.Flags => new() { ["type"] = "array", ["items"] = OfEnum(type.Type), ["minItems"] = 1 },
        ModelKind.List => new() { ["type"] = "array", ["items"] = Of(type.Item) },
        ModelKind.Map or ModelKind.Keyed => new() { ["type"] = "object", ["additionalProperties"] = Of(type.Item) },
        ModelKind.Policies => new() { ["type"] = "object", ["properties"] = new JsonObject(OfPolicies(type)), ["additionalProperties"] = OtherPolicies() },
        ModelKind.Union => Define(type, () => new() { ["anyOf"] = new JsonArray([.. type.Cases.Select(one => Of(one.Type))]) }),
        _ => Define(type, () => OfRecord(type)),
    };

    private JsonObject OfRecord(ModelType type)
    {
        var properties = new JsonObject(type.Properties.Select(property => KeyValuePair.Create(property.Name, (JsonNode?)OfProperty(property))));
        if (type.Policies is not null)
        {
            OfPolicies(type).ToList().ForEach(policy => properties[policy.Key] = policy.Value);
        }

        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = type.Policies is null ? false : OtherPolicies() };
        var cases = type.Type.BaseType is { } parent && types.Get(parent) is { Kind: ModelKind.Union } union
            ? union.Cases.Where(one => one.Type == type).Select(static one => one.Key) : [];
        string[] required = [.. type.Properties.Where(static property => property.IsRequired).Select(static property => property.Name).Union(cases)];
        if (required.Length > 0)
        {
            schema["required"] = JsonSerializer.SerializeToNode(required);
        }

        return schema;
    }

    private IEnumerable<KeyValuePair<string, JsonNode?>> OfPolicies(ModelType place) => policies.Of(place).Select(registration =>
    {
        var type = types.Get(registration.PolicyType);
        var items = type.ItemsProperty is { } name ? Of(type.Find(name)!.Type) : new JsonObject { ["type"] = "array", ["items"] = Of(type) };
        return KeyValuePair.Create(registration.Name, (JsonNode?)new JsonObject { ["description"] = Sentence(type.Type), ["anyOf"] = new JsonArray(Of(type), items) });
    });

    // Other packages bring policies of their own: the binder knows them, this file does not.
    private static JsonObject OtherPolicies() =>
        new() { ["anyOf"] = new JsonArray(new JsonObject { ["type"] = "object" }, new JsonObject { ["type"] = "array" }) };

    private static JsonObject OfScalar(ModelType type) => type.Format!.Kind switch
    {
        ScalarKind.Boolean => new() { ["type"] = "boolean" },
        ScalarKind.Integer => new() { ["type"] = "integer" },
        ScalarKind.Number => new() { ["type"] = "number" },
        _ when type.Type.IsEnum => OfEnum(type.Type),
        _ when type.Type == typeof(TimeSpan) => new() { ["type"] = "string", ["pattern"] = @"^(Infinite|(\d+\.)?\d{1,2}:\d{2}:\d{2}(\.\d{1,7})?)$" },
        _ when type.Type == typeof(RequestCost) => new() { ["anyOf"] = new JsonArray(new JsonObject { ["type"] = "integer", ["minimum"] = 0 }, new JsonObject { ["type"] = "string" }) },
        _ => new() { ["type"] = "string" },
    };

    private static JsonObject OfEnum(Type type) => new() { ["type"] = "string", ["enum"] = JsonSerializer.SerializeToNode(Enum.GetNames(type)) };

    private JsonObject Define(ModelType type, Func<JsonObject> describe)
    {
        if (!_definitions.ContainsKey(type.Type.Name))
        {
            // Noted first: a record may contain itself.
            _definitions[type.Type.Name] = new JsonObject();
            var definition = describe();
            if (Sentence(type.Type) is { } sentence)
            {
                definition.Insert(0, "description", sentence);
            }

            _definitions[type.Type.Name] = definition;
        }

        return new() { ["$ref"] = $"#/definitions/{type.Type.Name}" };
    }

    private string? Sentence(Type type) => _sentences.GetValueOrDefault($"T:{type.FullName}");

    private static string Flatten(XElement summary)
    {
        foreach (var reference in summary.Descendants().Where(static element => element.Attribute("cref") is not null || element.Attribute("langword") is not null).ToArray())
        {
            var name = (string?)reference.Attribute("langword") ?? ((string)reference.Attribute("cref")!)[2..].Split('(')[0].Split('.')[^1];
            reference.ReplaceWith(new XText(name));
        }

        return Spaces().Replace(summary.Value, " ").Trim();
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
