using System.Diagnostics;
using GatewayKit.AuditTests.Load;
using GatewayKit.ClientTests.Hosting;
using GatewayKit.Conservation;

namespace GatewayKit.AuditTests.Sinks;

/// <summary>A disk that is full while requests come, and then is not: nothing is served that is not recorded, and nobody has to start anything anew.</summary>
public sealed class FullDiskTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    // On a machine that does other things meanwhile.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData("Strict")]
    [InlineData("Guaranteed")]
    [Trait("Category", "Privileged")]
    public async Task Full_disk_refuses_what_cannot_be_recorded_and_goes_on_when_there_is_room(string delivery)
    {
        await using var disk = await SmallDisk.MountAsync(mebibytes: 8);
        using var folder = new RunFolder(disk.Path);
        using var logs = new RunFolder();
        await using var upstream = new LoggedUpstream(logs.Upstreams);
        TimeSpan refused, recovered;
        LoadReport load;
        await using (var gateway = await StandaloneProcess.StartAsync(Probe.Configuration(delivery, folder.Journal, upstream.Address)))
        {
            using var stop = new CancellationTokenSource();
            using var probe = new Probe(gateway.Address, logs.Clients);
            var loading = LoadRun.RunAsync(new(gateway.Address.Port), logs.Clients, 8, Setting.Seed, long.MaxValue, stop.Token);
            Assert.Equal(200, await probe.AskAsync());
            disk.Fill();
            refused = await probe.UntilAsync(503);

            // From here on nobody is let in, as long as nothing changes.
            for (var i = 0; i < 20; i++)
            {
                Assert.Equal(503, await probe.AskAsync());
            }

            disk.Empty();
            recovered = await probe.UntilAsync(200);
            await stop.CancelAsync();
            load = await loading;
            await gateway.TellToStopAsync();
            Assert.Equal(0, await gateway.ExitCodeAsync());
        }

        logs.Clients.Flush();
        logs.Upstreams.Flush();
        var verdict = ConservationChecker.Check(logs.Clients.Path, logs.Upstreams.Path, folder.Journal);
        output.WriteLine($"{delivery}: refused {refused.TotalMilliseconds:0} ms after the disk was full, served {recovered.TotalMilliseconds:0} ms after there was room; {load}\n{verdict}");
        Assert.True(verdict.IsConsistent, verdict.ToString());
        Assert.InRange(refused, TimeSpan.Zero, Soon + Grace);
        Assert.InRange(recovered, TimeSpan.Zero, Soon + Grace);
    }
}
