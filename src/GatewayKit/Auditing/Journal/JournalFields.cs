using System.Text.Json;

namespace GatewayKit.Auditing.Journal;

/// <summary>The few fields of a line by which a beginning and its end find each other.</summary>
internal static class JournalFields
{
    /// <summary>Reads them.</summary>
    /// <param name="line">The line without its line end.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="id">The id of its request; <see langword="null"/> if it has none.</param>
    /// <returns>Whether it has a kind.</returns>
    public static bool TryRead(ReadOnlySpan<byte> line, out string? kind, out string? id)
    {
        (kind, id) = (null, null);
        var json = new Utf8JsonReader(line);
        try
        {
            while ((kind is null || id is null) && json.Read())
            {
                if (json.TokenType is not JsonTokenType.PropertyName)
                {
                    continue;
                }

                var (isKind, isId) = (json.ValueTextEquals("kind"u8), json.ValueTextEquals("rid"u8));
                if (!isKind && !isId)
                {
                    json.Skip();
                }
                else if (json.Read() && json.TokenType is JsonTokenType.String)
                {
                    (kind, id) = isKind ? (json.GetString(), id) : (kind, json.GetString());
                }
            }
        }
        catch (JsonException)
        {
            return false;
        }

        return kind is not null;
    }
}
