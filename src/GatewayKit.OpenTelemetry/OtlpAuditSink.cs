using GatewayKit.Auditing.Shipping;

namespace GatewayKit.OpenTelemetry;

/// <summary>
/// Sends records as log records to a collector. A batch counts as sent when the collector has said so; what it says it refused is a dead letter and not sent again. One call at a time.
/// </summary>
/// <param name="open">Makes what writes requests of an instance.</param>
/// <param name="client">Sends them.</param>
/// <param name="time">The clock.</param>
internal sealed class OtlpAuditSink(Func<string, LogRequests> open, CollectorClient client, TimeProvider time) : IAuditSink, IDisposable
{
    private const string Partial = "the collector says that it refused so many of them";

    // Well below 4 MiB, which servers of gRPC take unless they are told otherwise.
    private const int MostCheckpoints = 500;

    // What whoever runs the two has to change: asked again to see whether they did.
    private static readonly TimeSpan UnfitPause = TimeSpan.FromMinutes(1);

    private LogRequests? _requests;
    private (AuditBatch? Batch, IReadOnlyList<AuditRejection> Rejections) _confirmed;

    public async ValueTask<AuditReceipt> WriteAsync(AuditBatch batch, CancellationToken cancellationToken)
    {
        // The same batch again: its checkpoints have failed, and its records are there.
        if (!ReferenceEquals(_confirmed.Batch, batch))
        {
            _confirmed = (batch, await SendRecordsAsync(batch, cancellationToken).ConfigureAwait(false));
        }

        var checkpoints = await SendCheckpointsAsync(batch, cancellationToken).ConfigureAwait(false);
        var rejections = _confirmed.Rejections;
        _confirmed = default;
        return new() { Rejections = rejections, Checkpoints = checkpoints };
    }

    public void Dispose()
    {
        _requests?.Dispose();
        client.Dispose();
    }

    private async Task<IReadOnlyList<AuditRejection>> SendRecordsAsync(AuditBatch batch, CancellationToken cancellationToken)
    {
        var (records, rejections) = (new List<AuditLogRecord>(batch.Records.Count), new List<AuditRejection>());
        for (var index = 0; index < batch.Records.Count; index++)
        {
            if (AuditLogRecord.TryRead(batch, batch.Records[index], out var fault) is { } record)
            {
                records.Add(record);
            }
            else
            {
                rejections.Add(new(index, fault));
            }
        }

        var (rejected, refusal) = await SendAsync(batch.Instance, records, canHalve: records.Count > 1, cancellationToken).ConfigureAwait(false);
        if (refusal is not null)
        {
            throw new AuditBatchRejectedException(refusal);
        }

        if (rejected > 0)
        {
            rejections.Add(new(0, Partial) { Among = batch.Records.Count, Count = rejected });
        }

        return rejections;
    }

    // In requests of their own: of what a collector refuses it says only how many.
    private async Task<AuditCheckpointRejection?> SendCheckpointsAsync(AuditBatch batch, CancellationToken cancellationToken)
    {
        var (records, lost, reason) = (new List<AuditLogRecord>(batch.Checkpoints.Count), 0L, Partial);
        foreach (var line in batch.Checkpoints)
        {
            if (AuditLogRecord.TryReadCheckpoint(batch, line, out var fault) is { } record)
            {
                records.Add(record);
            }
            else
            {
                (lost, reason) = (lost + 1, fault);
            }
        }

        // A journal that was idle while the collector was down has thousands.
        foreach (var some in records.Chunk(MostCheckpoints))
        {
            var (rejected, refusal) = await SendAsync(batch.Instance, some, canHalve: false, cancellationToken).ConfigureAwait(false);
            (lost, reason) = refusal is null ? (lost + rejected, reason) : (lost + some.Length, refusal);
        }

        return lost is 0 ? null : new(lost, reason);
    }

    // How many the collector says it refused, or why it refuses all of them.
    private async Task<(long Rejected, string? Refusal)> SendAsync(string instance, IReadOnlyList<AuditLogRecord> records, bool canHalve, CancellationToken cancellationToken)
    {
        if (records.Count is 0)
        {
            return (0, null);
        }

        var requests = await RequestsAsync(instance, records, cancellationToken).ConfigureAwait(false);
        if (requests.Count is 0)
        {
            return (0, "it cannot be written as OTLP, or is larger than 64 MiB");
        }

        long rejected = 0;
        foreach (var request in requests)
        {
            var answer = await client.SendAsync(request, cancellationToken).ConfigureAwait(false);
            switch (answer.Verdict)
            {
                case CollectorVerdict.Taken:
                    rejected += Math.Max(0, answer.Rejected);
                    break;
                case CollectorVerdict.Busy:
                    throw new AuditSinkBusyException(answer.Reason) { RetryAfter = answer.RetryAfter };
                case CollectorVerdict.Refused:
                case CollectorVerdict.Exhausted when canHalve:
                    return (0, answer.Reason);
                default:
                    throw new AuditSinkBusyException(answer.Reason) { RetryAfter = UnfitPause };
            }
        }

        return (Math.Min(rejected, records.Count), null);
    }

    private async Task<IReadOnlyList<LogRequest>> RequestsAsync(string instance, IReadOnlyList<AuditLogRecord> records, CancellationToken cancellationToken)
    {
        try
        {
            _requests ??= open(instance);
            var requests = new List<LogRequest>();
            foreach (var some in records.Chunk(_requests.MostRecords))
            {
                var written = await _requests.WriteAsync(some, time.GetUtcNow(), cancellationToken).ConfigureAwait(false);
                if (written.Count is 0)
                {
                    return [];
                }

                requests.AddRange(written);
            }

            return requests;
        }
        catch
        {
            // Whatever is still on its way in it, the next call begins with another one.
            Interlocked.Exchange(ref _requests, null)?.Dispose();
            throw;
        }
    }
}
