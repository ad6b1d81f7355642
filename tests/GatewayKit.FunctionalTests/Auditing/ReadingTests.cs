using GatewayKit.Auditing.Reading;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Auditing;

/// <summary>What a gateway has written is verified and read while it runs, and that is recorded.</summary>
public sealed class ReadingTests
{
    [Fact]
    public async Task Journal_of_a_running_gateway_is_intact_and_read_by_its_own_service()
    {
        await using var host = await AuditedHost.StartAsync();
        using var answer = await host.Client.GetAsync(new Uri("/orders/17", UriKind.Relative));
        var id = Assert.Single(answer.Headers.GetValues("X-Request-Id"));
        var log = host.Gateway.App.Services.GetRequiredService<AuditLog>();

        // The client may have its answer before the end is written.
        AuditPage page;
        do
        {
            page = await log.QueryAsync(new() { RequestId = id });
        }
        while (page.Entries is not [{ End: not null }]);

        Assert.Equal(("/{**rest}", 200, "ok"), (page.Entries[0].Route, page.Entries[0].Status, page.Entries[0].Outcome));
        var reads = await log.QueryAsync(new() { IncludeEvents = true, PageSize = 1_000 });
        Assert.Contains(reads.Entries, entry => entry.Event is "audit.read" && entry.Begin!.Text.Contains($"\"filter\":{{\"rid\":\"{id}\"}},\"count\":1", StringComparison.Ordinal));
        var report = await log.VerifyAsync();
        Assert.True(report.IsIntact, report.ToString());
        await host.StopAndReadAsync();
        report = await new AuditLog(host.Folder).VerifyAsync();
        Assert.True(report.IsIntact, report.ToString());
        Assert.Equal(1, report.Instances[0].Requests);
        Assert.DoesNotContain(AuditFindingCode.UnknownEnd, report.Counts.Keys);
    }
}
