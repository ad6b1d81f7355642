using System.Collections.Concurrent;
using System.Net;
using System.Text;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Shipping;
using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace GatewayKit.FunctionalTests.Auditing;

public sealed class AuditSinkTests
{
    private static readonly AuditSinkOptions Quick = new() { Interval = TimeSpan.FromMilliseconds(10), DegradedAfter = TimeSpan.FromSeconds(1) };

    // Section 7 of the audit reference, faults H7: a dead target is never a fault of requests.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Requests_are_served_and_recorded_while_a_sink_fails_or_hangs(bool isHanging)
    {
        var sink = new FailingSink(isHanging);
        await using var host = await AuditedHost.StartAsync(services: gateway => gateway.AddAuditSink("copy", _ => sink, Quick));
        await sink.IsCalled.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        for (var request = 0; request < 50; request++)
        {
            using var answer = await host.Client.GetAsync(new Uri("/orders", UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        Assert.Equal(100, (await host.StopAndReadRequestsAsync()).Count);
    }

    [Fact]
    public async Task Sink_has_both_lines_of_every_request_when_the_host_has_stopped()
    {
        var sink = new MemorySink();
        await using var host = await AuditedHost.StartAsync(services: gateway =>
        {
            gateway.Services.AddSingleton(sink);
            gateway.AddAuditSink<MemorySink>("copy", Quick);
        });
        for (var request = 0; request < 20; request++)
        {
            using var answer = await host.Client.GetAsync(new Uri("/orders", UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        await host.StopAndReadAsync();
        Assert.Equal(host.ReadText().Split('\n', StringSplitOptions.RemoveEmptyEntries), sink.Lines);
        Assert.Equal(20, sink.Lines.Count(static line => line.Contains("\"kind\":\"end\"", StringComparison.Ordinal)));
    }

    // Another reload tries again what the first one could not do, and what it did is not undone.
    [Fact]
    public async Task Journal_that_a_reload_opens_tells_of_it_although_a_sink_cannot_be_made_before_the_next_one()
    {
        var folder = Directory.CreateTempSubdirectory("gatewaykit-audit-");
        var (source, sink, tries) = (new MemoryRouteSource(), new MemorySink(), 0);
        await using (var gateway = await TestHost.StartAsync(
            builder => builder.Services.AddApiGateway().AddSource(source).AddAuditSink("copy", _ => ++tries is 1 ? throw new IOException("It is not there yet.") : sink, Quick),
            static app => app.MapGatewayRoutes(),
            contentRoot: folder.FullName))
        {
            foreach (var path in new[] { "/a", "/b", "/c" })
            {
                source.Set = new()
                {
                    Clusters = [new() { Id = "up", Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = new("http://127.0.0.1:1") } } }],
                    Routes = [new() { Id = "all", Match = new() { Path = path }, Cluster = "up", Policies = [new AuditPolicy()] }],
                };
                await gateway.ReloadAsync();
            }
        }

        Assert.Equal(2, tries);
        Assert.Equal(3, sink.Lines.Count(static line => line.Contains("\"event\":\"config.applied\"", StringComparison.Ordinal)));
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Health_check_names_the_sink_that_is_down()
    {
        await using var host = await AuditedHost.StartAsync(services: gateway =>
        {
            gateway.AddAuditSink("copy", static _ => new FailingSink(isHanging: false), Quick);
            gateway.Services.AddHealthChecks().AddGatewayAuditSinks();
        });
        var health = host.Gateway.App.Services.GetRequiredService<HealthCheckService>();
        HealthReport report;
        do
        {
            report = await health.CheckHealthAsync(TestContext.Current.CancellationToken);
        }
        while (report.Status is HealthStatus.Healthy);
        Assert.Equal(HealthStatus.Degraded, report.Status);
        Assert.Contains("copy", report.Entries["gateway-audit-sinks"].Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_sinks_of_one_name_are_an_error()
    {
        var gateway = WebApplication.CreateSlimBuilder().Services.AddApiGateway().AddAuditSink("copy", static _ => new MemorySink());
        Assert.Contains("'Copy'", Assert.Throws<InvalidOperationException>(() => gateway.AddAuditSink("Copy", static _ => new MemorySink())).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => gateway.AddAuditSink("../up", static _ => new MemorySink()));
        Assert.Throws<ArgumentException>(() => gateway.AddAuditSink("other", static _ => new MemorySink(), new() { BatchRecords = 0 }));
    }

    private sealed class FailingSink(bool isHanging) : IAuditSink
    {
        public TaskCompletionSource IsCalled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async ValueTask<AuditReceipt> WriteAsync(AuditBatch batch, CancellationToken cancellationToken)
        {
            IsCalled.TrySetResult();
            if (isHanging)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            throw new InvalidOperationException("down");
        }
    }

    private sealed class MemorySink : IAuditSink
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public IEnumerable<string> Lines => _lines;

        public ValueTask<AuditReceipt> WriteAsync(AuditBatch batch, CancellationToken cancellationToken)
        {
            foreach (var record in batch.Records)
            {
                _lines.Enqueue(Encoding.UTF8.GetString(record.Line.Span));
            }

            return new(AuditReceipt.Complete);
        }
    }
}
