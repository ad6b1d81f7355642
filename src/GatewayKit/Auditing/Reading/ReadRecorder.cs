using System.Text.Json;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Reading;

/// <summary>Records in a journal that somebody reads a journal: what cannot be recorded is not read.</summary>
/// <param name="journal">The journal.</param>
/// <param name="reader">Who reads; <see langword="null"/> if nobody says.</param>
/// <param name="namesConsumers">Whether the journal names consumers as they are, so that this may too. Default: nobody knows, and whom somebody has asked for is left out.</param>
internal sealed class ReadRecorder(Func<AuditJournal?> journal, string? reader, Func<bool>? namesConsumers = null)
{
    /// <exception cref="IOException">It cannot be recorded.</exception>
    public async ValueTask RecordAsync(string name, AuditQuery query, Action<Utf8JsonWriter> write)
    {
        if (journal() is not { } open)
        {
            throw new IOException("That the journal is read cannot be recorded, since this host records nothing: no endpoint asks for it, or it has not started.");
        }

        var entry = open.NewEvent(name, json =>
        {
            if (reader is not null)
            {
                json.WriteString("reader"u8, reader);
            }

            json.WriteStartObject("filter"u8);
            foreach (var (filter, value) in query.Filters(namesConsumers?.Invoke() is true))
            {
                json.WriteString(filter, value);
            }

            json.WriteEndObject();
            if (query.PersonalData is not null)
            {
                json.WriteBoolean("revealed"u8, true);
            }

            write(json);
        });
        if (!await open.AppendAsync(entry).ConfigureAwait(false))
        {
            throw new IOException("That the journal is read cannot be recorded, and so it is not read.");
        }
    }
}
