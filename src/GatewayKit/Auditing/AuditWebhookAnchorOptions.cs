using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Shipping;
using GatewayKit.Secrets;

namespace GatewayKit.Auditing;

/// <summary>A service that is told of checkpoints of the audit journal by POST. Immutable.</summary>
public sealed record AuditWebhookAnchorOptions
{
    /// <summary>What the anchor is called in logs, metrics and events: 1 to 64 letters, digits, <c>-</c>, <c>_</c> and <c>.</c>. Default <c>webhook</c>.</summary>
    public string Name { get; init; } = "webhook";

    /// <summary>Where it is: <c>https</c>, or <c>http</c> on this machine (loopback). Whoever can change the journal should have no rights there.</summary>
    public required Uri Address { get; init; }

    /// <summary>Where the secret is that checkpoints are signed with on their way (HMAC-SHA256): at least 32 bytes in UTF-8. It is looked at again while it is used, so that it may be changed.</summary>
    public required SecretReference Secret { get; init; }

    internal void Check()
    {
        ArgumentNullException.ThrowIfNull(Address);
        ArgumentNullException.ThrowIfNull(Secret);
        if ((JournalPaths.FaultOfInstance(Name) ?? SignedWebhook.FaultOf(Address)) is { } fault)
        {
            throw new ArgumentException($"Audit anchor '{Name}': {fault}.");
        }
    }
}
