using System.Text.Json;
using System.Text.Json.Serialization;

namespace GatewayKit.Auditing.Shipping;

/// <summary>How far a sink is, in a file beside the journal. One that cannot be read counts as lost: a sink that keeps its position itself is asked, another one gets everything again, and has it once.</summary>
internal sealed partial class PositionFile(string path)
{
    public const string Extension = ".position";

    /// <summary>Reads it; <see langword="null"/> if it is lost, or there has been none yet.</summary>
    /// <exception cref="IOException">It cannot be read now.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not read it.</exception>
    public IReadOnlyList<AuditPosition>? TryRead()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), Json.Default.AuditPositionArray);
        }
        catch (Exception exception) when (exception is FileNotFoundException or JsonException)
        {
            return null;
        }
    }

    public void Write(IEnumerable<AuditPosition> positions)
    {
        // Whole or not at all. It is not synced: an older one after a loss of power costs sending some records again.
        var draft = path + ".new";
        File.WriteAllBytes(draft, JsonSerializer.SerializeToUtf8Bytes([.. positions], Json.Default.AuditPositionArray));
        File.Move(draft, path, overwrite: true);
    }

    [JsonSerializable(typeof(AuditPosition[]))]
    private sealed partial class Json : JsonSerializerContext;
}
