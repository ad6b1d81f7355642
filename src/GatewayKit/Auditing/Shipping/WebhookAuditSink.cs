using System.Net.Http.Headers;

namespace GatewayKit.Auditing.Shipping;

/// <summary>Sends batches by POST: the lines as they were written, one a line, and behind them checkpoints. One call at a time.</summary>
/// <param name="webhook">Where to. It goes with this.</param>
internal sealed class WebhookAuditSink(SignedWebhook webhook) : IAuditSink, IDisposable
{
    private static readonly MediaTypeHeaderValue Lines = new("application/x-ndjson");

    public async ValueTask<AuditReceipt> WriteAsync(AuditBatch batch, CancellationToken cancellationToken)
    {
        if (batch.Records.Count > 0 || batch.Checkpoints.Count > 0)
        {
            await webhook.PostAsync(batch.Instance, batch.Boot, BodyOf(batch), Lines, cancellationToken).ConfigureAwait(false);
        }

        return AuditReceipt.Complete;
    }

    public void Dispose() => webhook.Dispose();

    private static byte[] BodyOf(AuditBatch batch)
    {
        var body = new byte[batch.Records.Sum(static record => record.Line.Length + 1) + batch.Checkpoints.Sum(static line => line.Length + 1)];
        var at = 0;
        foreach (var record in batch.Records)
        {
            Append(record.Line.Span);
        }

        foreach (var checkpoint in batch.Checkpoints)
        {
            Append(checkpoint.Span);
        }

        return body;

        void Append(ReadOnlySpan<byte> line)
        {
            line.CopyTo(body.AsSpan(at));
            body[at + line.Length] = (byte)'\n';
            at += line.Length + 1;
        }
    }
}
