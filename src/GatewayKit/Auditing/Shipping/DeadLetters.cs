using System.Text.Json;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Shipping;

/// <summary>
/// The file that says which records a sink does not have because it refuses them: where they are in the journal, and their hashes. What is in them stays in the journal alone, where it is kept and
/// erased as it should be. Not thread-safe.
/// </summary>
internal sealed class DeadLetters(string path, string sink, TimeProvider time)
{
    /// <summary>Notes a record.</summary>
    public void Add(AuditBatch batch, AuditRejection rejection)
    {
        var (first, last) = (batch.Records[rejection.Index], batch.Records[rejection.Index + rejection.Among - 1]);
        Write(batch.Boot, json =>
        {
            json.WriteNumber("seq"u8, first.Sequence);
            json.WriteString("h"u8, first.Hash);
            if (rejection.Among > 1)
            {
                json.WriteNumber("toSeq"u8, last.Sequence);
                json.WriteString("toH"u8, last.Hash);
            }

            json.WriteNumber("n"u8, rejection.Count);
            json.WriteString("reason"u8, rejection.Reason);
        });
    }

    /// <summary>Notes checkpoints.</summary>
    public void AddCheckpoints(AuditBatch batch, AuditCheckpointRejection rejection) =>
        Write(batch.Boot, json =>
        {
            json.WriteNumber("checkpoints"u8, batch.Checkpoints.Count);
            json.WriteNumber("n"u8, rejection.Count);
            json.WriteString("reason"u8, rejection.Reason);
        });

    /// <summary>Notes a line of the journal that is none, or from where on a segment cannot be read.</summary>
    public void AddUnreadable(Guid boot, int segment, long offset, string? sha256, string reason) =>
        Write(boot, json =>
        {
            json.WriteNumber("segment"u8, segment);
            json.WriteNumber("offset"u8, offset);
            json.WriteString("sha256"u8, sha256);
            json.WriteString("reason"u8, reason);
        });

    private void Write(Guid boot, Action<Utf8JsonWriter> write)
    {
        using var line = new MemoryStream();
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            json.WriteString("ts"u8, JournalLines.Microseconds(time.GetUtcNow()));
            json.WriteString("sink"u8, sink);
            json.WriteString("boot"u8, boot);
            write(json);
            json.WriteEndObject();
        }

        line.WriteByte((byte)'\n');
        using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0 });
        file.Write(line.GetBuffer().AsSpan(0, (int)line.Length));
    }
}
