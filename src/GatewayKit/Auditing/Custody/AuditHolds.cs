using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Custody;

/// <summary>
/// The holds of a journal, a file for each in a folder of its directory: every instance sees them, none writes over another's, and where the journal is they are, whatever path leads there. A hold that cannot be read holds everything.
/// </summary>
/// <param name="directory">The directory.</param>
internal sealed class AuditHolds(string directory)
{
    private const string Extension = ".hold";

    /// <summary>The name of the folder. No instance may have it.</summary>
    public const string Folder = ".holds";

    /// <summary>Where the holds of a journal are.</summary>
    public static string In(string journal) => Path.Combine(journal, Folder);

    public IReadOnlyList<AuditHold> Read() => !Directory.Exists(directory) ? [] : [.. Directory.GetFiles(directory, "*" + Extension).Order(StringComparer.Ordinal).Select(TryRead).OfType<AuditHold>()];

    public void Add(AuditHold hold)
    {
        JournalFiles.Instance.CreateDirectory(directory);
        var temporary = PathOf(hold.Id) + ".new";
        using (var file = JournalFiles.Instance.Create(temporary))
        {
            file.Write(JsonSerializer.SerializeToUtf8Bytes(HoldDocument.Of(hold), HoldJson.Default.HoldDocument), 0);
            file.Sync();
        }

        File.Move(temporary, PathOf(hold.Id));
        JournalFiles.Instance.SyncDirectory(directory);
    }

    public bool Remove(string id)
    {
        if (!Guid.TryParseExact(id, "N", out _) || !File.Exists(PathOf(id)))
        {
            return false;
        }

        File.Delete(PathOf(id));
        JournalFiles.Instance.SyncDirectory(directory);
        return true;
    }

    private static AuditHold? TryRead(string path)
    {
        try
        {
            // Every hold that was set says when: what does not was cut or changed by hand, and nobody knows what its limits were.
            return JsonSerializer.Deserialize(File.ReadAllText(path, Encoding.UTF8), HoldJson.Default.HoldDocument) is { SetAt: var setAt } document && setAt != default
                ? document.ToHold(Path.GetFileNameWithoutExtension(path))
                : new() { Id = Path.GetFileNameWithoutExtension(path) };
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            // It was released just now.
            return null;
        }
        catch (JsonException)
        {
            return new() { Id = Path.GetFileNameWithoutExtension(path) };
        }
    }

    private string PathOf(string id) => Path.Combine(directory, id + Extension);
}

/// <summary>A hold as its file has it.</summary>
internal sealed record HoldDocument(DateTimeOffset? From, DateTimeOffset? To, string[]? Subjects, string? Route, string? Reason, DateTimeOffset SetAt)
{
    public static HoldDocument Of(AuditHold hold) => new(hold.From, hold.To, [.. hold.Subjects], hold.Route, hold.Reason, hold.SetAt);

    public AuditHold ToHold(string id) => new() { Id = id, From = From, To = To, Subjects = Subjects ?? [], Route = Route, Reason = Reason, SetAt = SetAt };
}

/// <summary>Reads and writes holds without reflection.</summary>
[JsonSerializable(typeof(HoldDocument))]
internal sealed partial class HoldJson : JsonSerializerContext;
