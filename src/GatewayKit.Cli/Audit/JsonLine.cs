using System.Text;
using System.Text.Json;

namespace GatewayKit.Cli.Audit;

/// <summary>A JSON object on a line.</summary>
internal static class JsonLine
{
    public static void Print(Action<Utf8JsonWriter> write)
    {
        using var line = new MemoryStream();
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        Console.WriteLine(Encoding.UTF8.GetString(line.ToArray()));
    }

    public static void Write(this Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }
}
