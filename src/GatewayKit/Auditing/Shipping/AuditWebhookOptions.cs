using GatewayKit.Secrets;

namespace GatewayKit.Auditing.Shipping;

/// <summary>A service that gets the audit journal by POST. Immutable.</summary>
public sealed record AuditWebhookOptions
{
    /// <summary>What the sink is called in logs, metrics, files and events. Default <c>webhook</c>.</summary>
    public string Name { get; init; } = "webhook";

    /// <summary>Where it is: <c>https</c>, or <c>http</c> on this machine (loopback).</summary>
    public required Uri Address { get; init; }

    /// <summary>Where the secret is that batches are signed with (HMAC-SHA256): at least 32 bytes in UTF-8. It is looked at again while it is used, so that it may be changed.</summary>
    public required SecretReference Secret { get; init; }

    /// <summary>How the sink is served: batches, time-outs, whether segments are kept until it has them.</summary>
    public AuditSinkOptions Sink { get; init; } = new();

    internal void Check()
    {
        ArgumentNullException.ThrowIfNull(Address);
        ArgumentNullException.ThrowIfNull(Secret);
        if (SignedWebhook.FaultOf(Address) is { } fault)
        {
            throw new ArgumentException($"Audit sink '{Name}': {fault}.");
        }
    }
}
