using System.Net;
using System.Text.Json;
using GatewayKit.Auditing.Reading;
using GatewayKit.Throttling.Replay;

namespace GatewayKit;

/// <summary>
/// The accesses of an audit journal as records for <see cref="LimitReplay"/>: what would other limits have made of them. Read in pages while they are needed, in constant memory. Requests that have
/// no end yet count as served at once. Fields that partitions and costs go by have to be among those that the journal records.
/// </summary>
/// <param name="log">The journal.</param>
/// <param name="query">Which of them. Default: all.</param>
public sealed class JournalAccesses(AuditLog log, AuditQuery? query = null) : IAsyncEnumerable<AccessRecord>
{
    private const int PageSize = 10_000;

    /// <inheritdoc/>
    public async IAsyncEnumerator<AccessRecord> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        for (var next = (query ?? new AuditQuery()) with { PageSize = PageSize }; ;)
        {
            var page = await log.QueryAsync(next, cancellationToken).ConfigureAwait(false);
            foreach (var entry in page.Entries)
            {
                if (ToRecord(entry) is { } record)
                {
                    yield return record;
                }
            }

            if (page.Next is null)
            {
                yield break;
            }

            next = next with { Cursor = page.Next };
        }
    }

    private static AccessRecord? ToRecord(AuditEntry entry) => entry is { Event: null, Begin: { } begin, Time: { } time }
        ? new AccessRecord
        {
            Time = time,
            Route = entry.Route,
            Client = IPAddress.TryParse(entry.Text("src"), out var address) ? address : null,
            Consumer = entry.Consumer,
            Application = entry.Text("app"),
            Product = entry.Text("product"),
            Plan = entry.Text("plan"),
            Headers = HeadersOf(begin),
            RequestBytes = entry.Number("bin"),
            ResponseBytes = entry.Number("bout"),
            Status = entry.Status,
            Reason = entry.Text("err"),
            Duration = entry.Duration ?? TimeSpan.Zero,
        }
        : null;

    private static Dictionary<string, string>? HeadersOf(AuditLine begin)
    {
        using var json = JsonDocument.Parse(begin.Text);
        return json.RootElement.TryGetProperty("hdr", out var fields)
            ? fields.EnumerateObject().ToDictionary(static field => field.Name, static field => field.Value.GetString() ?? string.Empty, StringComparer.OrdinalIgnoreCase)
            : null;
    }
}
