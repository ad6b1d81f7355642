using GatewayKit.Auditing;
using GatewayKit.Auditing.Shipping;
using GatewayKit.Secrets;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit;

/// <summary>Adds second places that are told how far the audit journal is.</summary>
public static class AuditAnchorGatewayBuilderExtensions
{
    /// <summary>
    /// Tells a service of each checkpoint of the audit journal by POST, signed (HMAC-SHA256). What it gets, and how that helps the verification, is in <c>docs/audit-operations.md</c>.
    /// </summary>
    /// <param name="builder">What <c>AddApiGateway()</c> returned.</param>
    /// <param name="options">Where the service is, and where the secret.</param>
    /// <exception cref="ArgumentException">An option is none.</exception>
    public static GatewayBuilder AddAuditWebhookAnchor(this GatewayBuilder builder, AuditWebhookAnchorOptions options)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        builder.RequireSecret($"Audit anchor '{options.Name}'", nameof(options.Secret), options.Secret, SignedWebhook.LeastSecretBytes);
        builder.Services.AddSingleton<IAuditAnchor>(services =>
            new WebhookAuditAnchor(options.Name, new(options.Address, services.GetRequiredService<SecretReader>().Open(options.Secret), services.GetRequiredService<TimeProvider>())));
        return builder;
    }
}
