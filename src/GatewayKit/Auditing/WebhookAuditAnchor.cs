using System.Net.Http.Headers;
using System.Text;
using GatewayKit.Auditing.Shipping;

namespace GatewayKit.Auditing;

/// <summary>Sends each checkpoint by POST to a service that is somebody else's: the JSON object as it stands in the journal.</summary>
/// <param name="name">What messages call it.</param>
/// <param name="webhook">Where to. It goes with this.</param>
internal sealed class WebhookAuditAnchor(string name, SignedWebhook webhook) : IAuditAnchor, IDisposable
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    public string Name => name;

    public async ValueTask AnchorAsync(AuditCheckpoint checkpoint, CancellationToken cancellationToken) =>
        await webhook.PostAsync(checkpoint.Instance, checkpoint.Boot, Encoding.UTF8.GetBytes(checkpoint.Line), Json, cancellationToken).ConfigureAwait(false);

    public void Dispose() => webhook.Dispose();
}
