using GatewayKit.Auditing.Shipping;
using GatewayKit.OpenTelemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.OpenTelemetryTests.Hosting;

/// <summary>The sink alone, as a host makes it.</summary>
internal sealed class OpenedSink : IAsyncDisposable
{
    private readonly WebApplication _app;

    private OpenedSink(WebApplication app, IAuditSink sink) => (_app, Sink) = (app, sink);

    public IAuditSink Sink { get; }

    public static OpenedSink Of(OtlpAuditOptions options)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddApiGateway().AddOtlpAudit(options);
        var app = builder.Build();
        return new(app, app.Services.GetRequiredKeyedService<OtlpAuditSink>(options.Name));
    }

    public Task<AuditReceipt> WriteAsync(AuditBatch batch) => Sink.WriteAsync(batch, TestContext.Current.CancellationToken).AsTask();

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
