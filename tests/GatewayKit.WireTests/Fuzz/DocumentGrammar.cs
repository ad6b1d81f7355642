using System.Text;
using System.Text.Json.Nodes;
using static GatewayKit.WireTests.Fuzz.RequestGrammar;

namespace GatewayKit.WireTests.Fuzz;

/// <summary>Makes configuration documents: a good one, in which nodes are removed, moved, retyped and blown up, and whose text is spoilt at times.</summary>
internal static class DocumentGrammar
{
    private const string Good = """
        {
          "Gateway": {
            "Pseudonym": "edge", "AcknowledgedRisks": [ "outdated-runtime" ],
            "Defaults": { "Throttle": { "RequestsPerSecond": 100, "Burst": 10 }, "WebSockets": { "Origins": [ "https://a.example", "https://*.b.example:8443" ], "MaxConnections": 5, "MaxDuration": "01:00:00" } },
            "Clusters": {
              "up": {
                "Destinations": { "a": { "Address": "http://10.0.0.1:8080/base", "Weight": 2 }, "b": { "Address": "https://b.example", "Host": "c.example" } },
                "LoadBalancing": "PowerOfTwoChoices", "HostHeader": "Original",
                "Http": { "Version": "2.0", "VersionPolicy": "RequestVersionExact", "MaxConnections": 10, "ConnectionIdle": "00:01:00" },
                "Tls": { "ServerName": "x", "Protocols": [ "Tls12", "Tls13" ] },
                "Timeouts": { "Connect": "00:00:05", "Attempt": "00:00:10", "Idle": "Infinite", "Total": "1.00:00:00" }
              }
            },
            "Routes": {
              "a": { "Match": { "Path": "/a/{id:int}/{**rest}", "Methods": [ "GET", "POST" ], "Hosts": [ "*.example.com:8080", "a.example" ], "Headers": [ { "Name": "X-A", "Values": [ "1" ] } ] }, "Cluster": "up" },
              "b": { "Match": { "Path": "/b" }, "Respond": { "Status": 204 }, "Throttle": [ { "RequestsPerSecond": 1.5, "Partition": "ClientAddress" }, { "RequestsPerSecond": 2, "Partition": "Header:X-Key" } ] },
              "c": { "Match": { "Path": "/c/{**rest}" }, "Cluster": "up", "Transforms": [ { "PathRemovePrefix": "/c" }, { "RequestHeader": "X-B", "Set": "{id}" } ], "Order": 3 },
              "d": { "Match": { "Path": "/d" }, "Redirect": { "To": "https://x.example/{rest}", "Status": 308 } }
            }
          }
        }
        """;

    private static readonly string[] Words =
    [
        "", " ", "a", "up", "UP", "/", "/{", "/{**", "/{a}/{a}", "{**x}", "http://", "http://a", "ftp://a", "http://[::1", "https://u:p@a", "-1", "0", "1e999", "99999999999999999999", "NaN", "Infinite", "00:00:00", "1:30", "30",
        "9999999.00:00:00", "true", "TRUE", "null", "*", "*.", "*.*.a", "a:b:c", "\u0000", "\u00E9", "\uD800", "{0}", "${x}", "#{x}", "%2e%2e", "..", "GET", "Header:", "Header:a b", "3.0", "RequestVersionOrLower", "../../etc/passwd", "http://1:2:3", "https://*.1:2:3", "https://*.",
    ];

    public static byte[] Make(Random random)
    {
        var document = JsonNode.Parse(Good)!;
        for (var changes = random.Next(1, 5); changes > 0; changes--)
        {
            Change(document, random);
        }

        var bytes = Encoding.UTF8.GetBytes(document.ToJsonString());
        return random.Next(5) == 0 ? Mutation.Apply(bytes, random) : bytes;
    }

    private static void Change(JsonNode document, Random random)
    {
        var (parent, key, index) = Any(document, random);
        var value = random.Next(9) switch
        {
            0 => null,
            1 => JsonValue.Create(OneOf(Words, random)),
            2 => JsonValue.Create(random.NextInt64()),
            3 => JsonValue.Create(random.NextDouble() * 1e300),
            4 => JsonValue.Create(random.Next(2) == 0),
            5 => Nested(random.Next(1, 60)),
            6 => new JsonArray([.. Enumerable.Range(0, random.Next(200)).Select(static n => (JsonNode)JsonValue.Create(n))]),
            7 => new JsonObject([.. Enumerable.Range(0, random.Next(200)).Select(n => KeyValuePair.Create($"k{n}", (JsonNode?)JsonValue.Create(OneOf(Words, random))))]),
            _ => JsonValue.Create(new string('x', random.Next(20_000))),
        };
        if (parent is JsonArray list)
        {
            list[index] = value;
            return;
        }

        var map = (JsonObject)parent;
        switch (random.Next(4))
        {
            case 0:
                map.Remove(key!);
                break;
            case 1 when map[key!] is { } moved:
                map.Remove(key!);
                map.TryAdd(random.Next(2) == 0 ? OneOf(Words, random) : key + "x", moved);
                break;
            case 2:
                map.TryAdd(OneOf(Words, random), value);
                break;
            default:
                map[key!] = value;
                break;
        }
    }

    private static (JsonNode Parent, string? Key, int Index) Any(JsonNode document, Random random)
    {
        var all = new List<(JsonNode, string?, int)>();
        Collect(document, all);
        return all.Count == 0 ? (document, "Gateway", 0) : all[random.Next(all.Count)];
    }

    private static void Collect(JsonNode node, List<(JsonNode, string?, int)> all)
    {
        if (node is JsonObject map)
        {
            foreach (var (key, value) in map)
            {
                all.Add((map, key, 0));
                if (value is not null)
                {
                    Collect(value, all);
                }
            }
        }
        else if (node is JsonArray list)
        {
            for (var i = 0; i < list.Count; i++)
            {
                all.Add((list, null, i));
                if (list[i] is { } item)
                {
                    Collect(item, all);
                }
            }
        }
    }

    private static JsonNode Nested(int depth)
    {
        JsonNode node = JsonValue.Create("deep");
        for (; depth > 0; depth--)
        {
            node = depth % 2 == 0 ? new JsonArray(node) : new JsonObject { ["k"] = node };
        }

        return node;
    }
}
