using System.Runtime.CompilerServices;

namespace GatewayKit.OpenTelemetryTests.Hosting;

/// <summary>All tests run where the host's own telemetry is set up by the environment, which is no matter of audit records.</summary>
internal static class Environments
{
    public const string HostsSecret = "the-hosts-own-secret";

    [ModuleInitializer]
    public static void SetUp()
    {
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1");
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_HEADERS", $"x-hosts-key={HostsSecret}");
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip");
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_TIMEOUT", "1");
        Environment.SetEnvironmentVariable("OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY", "in_memory");
        Environment.SetEnvironmentVariable("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test,service.instance.id=another");
    }
}
