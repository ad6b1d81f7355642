using System.Diagnostics.CodeAnalysis;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Shipping;
using GatewayKit.Secrets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace GatewayKit;

/// <summary>Adds places that get copies of the audit journal.</summary>
public static class AuditSinkGatewayBuilderExtensions
{
    /// <summary>Sends a copy of the audit journal to a sink, created from DI. The journal stays the record: whether the sink is well is no matter of requests.</summary>
    /// <typeparam name="T">The sink; a singleton.</typeparam>
    /// <param name="builder">What <c>AddApiGateway()</c> returned.</param>
    /// <param name="name">What it is called in logs, metrics, files and events: 1 to 64 letters, digits, <c>-</c>, <c>_</c> and <c>.</c>. How far it has come is remembered by this name.</param>
    /// <param name="options">How it is served. Default: the defaults of <see cref="AuditSinkOptions"/>.</param>
    /// <exception cref="ArgumentException">The name is none, or an option is out of its range.</exception>
    /// <exception cref="InvalidOperationException">Another sink has the name.</exception>
    public static GatewayBuilder AddAuditSink<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(this GatewayBuilder builder, string name, AuditSinkOptions? options = null)
        where T : class, IAuditSink
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddSingleton<T>();
        return builder.AddAuditSink(name, static services => services.GetRequiredService<T>(), options);
    }

    /// <summary>Sends a copy of the audit journal to a sink. The journal stays the record: whether the sink is well is no matter of requests.</summary>
    /// <param name="builder">What <c>AddApiGateway()</c> returned.</param>
    /// <param name="name">What it is called in logs, metrics, files and events: 1 to 64 letters, digits, <c>-</c>, <c>_</c> and <c>.</c>. How far it has come is remembered by this name.</param>
    /// <param name="create">Finds it or makes it, once. It is not disposed: what has to be is a singleton in DI.</param>
    /// <param name="options">How it is served. Default: the defaults of <see cref="AuditSinkOptions"/>.</param>
    /// <exception cref="ArgumentException">The name is none, or an option is out of its range.</exception>
    /// <exception cref="InvalidOperationException">Another sink has the name.</exception>
    public static GatewayBuilder AddAuditSink(this GatewayBuilder builder, string name, Func<IServiceProvider, IAuditSink> create, AuditSinkOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(create);
        if (JournalPaths.FaultOfInstance(name) is { } fault)
        {
            throw new ArgumentException($"Audit sink {fault}.", nameof(name));
        }

        options ??= new();
        options.Check(name);
        var known = builder.Services.Select(static service => service.IsKeyedService ? null : service.ImplementationInstance).OfType<AuditSinkRegistration>();
        if (known.Any(one => string.Equals(one.Name, name, StringComparison.OrdinalIgnoreCase)))
        {
            throw new InvalidOperationException($"An audit sink '{name}' was added before. Give this one another name: how far it has come is remembered by it.");
        }

        builder.Services.AddSingleton(new AuditSinkRegistration(name, create, options));
        return builder;
    }

    /// <summary>Sends a copy of the audit journal to a service by POST, signed (HMAC-SHA256). What it gets, and how it checks the signature, is in <c>docs/audit-shipping.md</c>.</summary>
    /// <param name="builder">What <c>AddApiGateway()</c> returned.</param>
    /// <param name="options">Where the service is, and where the secret.</param>
    /// <exception cref="ArgumentException">An option is none.</exception>
    /// <exception cref="InvalidOperationException">Another sink has the name.</exception>
    public static GatewayBuilder AddAuditWebhook(this GatewayBuilder builder, AuditWebhookOptions options)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        builder.AddAuditSink(options.Name, services => services.GetRequiredKeyedService<WebhookAuditSink>(options.Name), options.Sink);
        builder.RequireSecret($"Audit sink '{options.Name}'", nameof(options.Secret), options.Secret, SignedWebhook.LeastSecretBytes);
        builder.Services.AddKeyedSingleton(options.Name, (services, _) =>
            new WebhookAuditSink(new(options.Address, services.GetRequiredService<SecretReader>().Open(options.Secret), services.GetRequiredService<TimeProvider>())));
        return builder;
    }
}
