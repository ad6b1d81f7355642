using GatewayKit.OpenTelemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace GatewayKit;

/// <summary>Sends a copy of the audit journal to an OpenTelemetry collector.</summary>
public static class GatewayOtlpAuditBuilderExtensions
{
    /// <summary>
    /// Sends a copy of the audit journal to an OpenTelemetry collector, as log records over OTLP. The journal stays the record: the host starts whether the collector is there or not, and whether it
    /// is well is no matter of requests. What a log record says is in <c>docs/audit-shipping.md</c>.
    /// </summary>
    /// <param name="builder">What <c>AddApiGateway()</c> returned.</param>
    /// <param name="options">Which collector.</param>
    /// <exception cref="ArgumentException">An option is none.</exception>
    /// <exception cref="InvalidOperationException">Another sink has the name.</exception>
    public static GatewayBuilder AddOtlpAudit(this GatewayBuilder builder, OtlpAuditOptions options)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        builder.AddAuditSink(options.Name, services => services.GetRequiredKeyedService<OtlpAuditSink>(options.Name), options.Sink);
        foreach (var (name, value) in options.Headers)
        {
            builder.RequireSecret($"Audit sink '{options.Name}'", $"{nameof(options.Headers)}:{name}", value);
        }

        builder.Services.AddKeyedSingleton(options.Name, (services, _) =>
        {
            var time = services.GetRequiredService<TimeProvider>();
            var headers = options.Headers.Select(header => KeyValuePair.Create(header.Key, header.Value.Open(services))).ToArray();
            return new OtlpAuditSink(
                instance => new LogRequests(options, instance, services.GetService<IHostEnvironment>()?.ApplicationName), new CollectorClient(options, headers, time), time);
        });
        return builder;
    }
}
