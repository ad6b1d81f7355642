using GatewayKit.AuditTests.Load;
using GatewayKit.ClientTests.Hosting;

namespace GatewayKit.AuditTests.Sinks;

/// <summary>A disk that keeps nothing, and one that takes half a second for everything.</summary>
[Trait("Category", "Privileged")]
public sealed class SyncFaultTests(ITestOutputHelper output)
{
    [Fact]
    [Trait("Fault", "H5")]
    public async Task Disk_that_keeps_nothing_refuses_requests_until_it_is_well_again()
    {
        using var folder = new RunFolder();
        await using var upstream = new LoggedUpstream(folder.Upstreams);
        await using (var gateway = await StandaloneProcess.StartAsync(Probe.Configuration("Strict", folder.Journal, upstream.Address)))
        {
            using var probe = new Probe(gateway.Address, folder.Clients);
            Assert.Equal(200, await probe.AskAsync());
            TimeSpan refused;
            await using (await SyncFault.InjectAsync(gateway, "error=EIO"))
            {
                refused = await probe.UntilAsync(503);
                Assert.Equal(503, await probe.AskAsync());
            }

            var recovered = await probe.UntilAsync(200);
            output.WriteLine($"refused {refused.TotalMilliseconds:0} ms after the disk had failed, served {recovered.TotalMilliseconds:0} ms after it was well");
            await gateway.TellToStopAsync();
            Assert.Equal(0, await gateway.ExitCodeAsync());
        }

        var verdict = folder.Check();
        Assert.True(verdict.IsConsistent, verdict.ToString());
    }

    [Fact]
    [Trait("Fault", "H6")]
    public async Task Disk_that_takes_half_a_second_refuses_nobody_who_need_not_wait_for_it()
    {
        using var folder = new RunFolder();
        await using var upstream = new LoggedUpstream(folder.Upstreams);
        await using (var gateway = await StandaloneProcess.StartAsync(Probe.Configuration("Guaranteed", folder.Journal, upstream.Address)))
        {
            LoadReport load;
            await using (await SyncFault.InjectAsync(gateway, "delay_enter=500000"))
            {
                load = await LoadRun.RunAsync(new(gateway.Address.Port), folder.Clients, 8, Setting.Seed, 1_000);
            }

            output.WriteLine(load.ToString());
            await gateway.TellToStopAsync();
            Assert.Equal(0, await gateway.ExitCodeAsync());
        }

        var verdict = folder.Check();
        Assert.True(verdict.IsConsistent, verdict.ToString());
        Assert.Equal(1_000, verdict.Outcomes["ok"]);
    }
}
