using GatewayKit.Auditing;
using GatewayKit.AuditTests.Load;
using GatewayKit.WireTests.Aborts;

namespace GatewayKit.AuditTests.Conservation;

/// <summary>
/// The conservation law: what clients saw, what destinations saw and what the journal says agree, request by request, while destinations fail and clients leave. More of it by <c>tests/conservation</c>.
/// </summary>
public sealed class ConservationTests(ITestOutputHelper output)
{
    private const int Clients = 96;

    private static int Count => Setting.Number("GATEWAYKIT_CONSERVATION", 45_000);

    [Theory]
    [InlineData(AuditDelivery.Guaranteed, 8)]
    [InlineData(AuditDelivery.Strict, 1)]
    public async Task Three_logs_agree_while_destinations_fail_and_clients_leave(AuditDelivery delivery, int shares)
    {
        using var unobserved = new UnobservedExceptions();
        using var folder = new RunFolder();
        var destinations = Enumerable.Range(0, 3).Select(_ => new LoggedUpstream(folder.Upstreams)).ToArray();
        LoadReport report;
        await using (var gateway = await MixedGateway.StartAsync(folder.Journal, delivery, [.. destinations.Select(static one => one.Address)]))
        {
            using var http2 = new Http2Client(gateway.Ports[1]);
            report = await LoadRun.RunAsync(new(gateway.Ports[0], http2, IsMixed: true), folder.Clients, Clients, Setting.Seed + shares, (long)Count * shares / 9);
            Assert.True(SpinWait.SpinUntil(gateway.IsQuiet, Wire.Limit), gateway.Describe());
        }

        Array.ForEach(destinations, static one => _ = one.DisposeAsync().AsTask());
        var verdict = folder.Check();
        output.WriteLine($"{delivery}, seed {Setting.Seed + shares}: {report}\n{verdict}");
        Assert.True(verdict.IsConsistent, $"seed {Setting.Seed + shares}, logs in {folder.Path}: {verdict}");

        // Whoever asks for a short run does not get all of it.
        Assert.True((report.Faults.Count >= 30 && report.Aborts.Count >= 10) || report.Requests < 5_000, report.ToString());
        Assert.InRange(verdict.Unaccepted, 0, report.Aborts.Values.Sum());
        Assert.Equal(report.Requests, verdict.Requests);
        Assert.DoesNotContain(unobserved.Take(), static exception => !exception.ToString().Contains("GatewayKit.AuditTests.", StringComparison.Ordinal));
    }
}
