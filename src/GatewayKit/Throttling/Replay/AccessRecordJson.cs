using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace GatewayKit.Throttling.Replay;

/// <summary>How records stand in JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(AccessRecord))]
internal sealed partial class AccessRecordJson : JsonSerializerContext;

/// <summary>Addresses as text.</summary>
internal sealed class AddressConverter : JsonConverter<IPAddress>
{
    public override IPAddress Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType is JsonTokenType.String && IPAddress.TryParse(reader.GetString(), out var address) ? address : throw new JsonException("client is not an IP address");

    public override void Write(Utf8JsonWriter writer, IPAddress value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

/// <summary>Times as seconds.</summary>
internal sealed class SecondsConverter : JsonConverter<TimeSpan>
{
    // More is out of range either way, and would not fit a span.
    private const double Most = 1e9;

    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType is JsonTokenType.Number && reader.GetDouble() is > -Most and < Most and var seconds ? TimeSpan.FromSeconds(seconds) : throw new JsonException("duration is not a number of seconds");

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteNumberValue(value.TotalSeconds);
}

/// <summary>Instants with an offset: without one they would mean something else on another machine.</summary>
internal sealed class InstantConverter : JsonConverter<DateTimeOffset>
{
    private const int LongestBytes = 40;

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        Span<byte> text = stackalloc byte[LongestBytes];
        if (reader.TokenType is not JsonTokenType.String || (reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length) > LongestBytes || !reader.TryGetDateTimeOffset(out var instant))
        {
            throw new JsonException("time is not an instant of ISO 8601");
        }

        text = text[..reader.CopyString(text)];
        return text is [.., (byte)'Z'] or [.., (byte)'+' or (byte)'-', _, _, (byte)':', _, _] ? instant : throw new JsonException("time has no offset");
    }

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}
