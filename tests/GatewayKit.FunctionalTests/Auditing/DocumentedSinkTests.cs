using System.Globalization;
using System.Text;
using GatewayKit.Auditing.Shipping;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Auditing;

/// <summary>The examples of docs/audit-shipping.md.</summary>
public sealed class DocumentedSinkTests
{
    [Fact]
    public async Task Sink_of_the_hosts_own_gets_the_lines()
    {
        await using var output = new StringWriter(CultureInfo.InvariantCulture);
        await using var host = await AuditedHost.StartAsync(services: gateway =>
        {
            gateway.Services.AddSingleton<TextWriter>(output);
            gateway.AddAuditSink<LineSink>("lines", new() { IsRequired = false });
        });
        using (var answer = await host.Client.GetAsync(new Uri("/orders", UriKind.Relative), TestContext.Current.CancellationToken))
        {
            Assert.True(answer.IsSuccessStatusCode);
        }

        await host.StopAndReadAsync();
        Assert.Contains("\"kind\":\"begin\"", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("\"kind\":\"end\"", output.ToString(), StringComparison.Ordinal);
    }

    internal sealed class LineSink(TextWriter output) : IAuditSink
    {
        public async ValueTask<AuditReceipt> WriteAsync(AuditBatch batch, CancellationToken cancellationToken)
        {
            foreach (var record in batch.Records)
            {
                await output.WriteLineAsync($"{batch.Instance} {batch.Boot} {record.Sequence} {Encoding.UTF8.GetString(record.Line.Span)}".AsMemory(), cancellationToken);
            }

            await output.FlushAsync(cancellationToken);
            return AuditReceipt.Complete;
        }
    }
}
