using System.Diagnostics;
using System.Globalization;
using GatewayKit.AuditTests.Load;
using GatewayKit.ClientTests.Hosting;
using GatewayKit.Conservation;

namespace GatewayKit.AuditTests.Kills;

/// <summary>A gateway that is killed under load again and again, and started again on the same journal each time.</summary>
internal sealed class KillRun(string delivery, int seed)
{
    private const int Clients = 24;

    // A look after each kill reads all that was there before: for many kills there are many journals.
    private const int MostKillsOfOneJournal = 25;

    // So many starts that find a journal are compared with one that finds none: what else the machine does changes from minute to minute.
    private const int StartsOfEachFirst = 3;

    private readonly Random _random = new(seed);

    public int Kills { get; private set; }

    public long Requests { get; private set; }

    /// <summary>Beginnings whose end was lost in a kill.</summary>
    public int Unknown { get; private set; }

    /// <summary>Kills that left half a line.</summary>
    public int Torn { get; private set; }

    /// <summary>From the start of the process to its first answer, of those that found a journal of one that was killed.</summary>
    public List<TimeSpan> Starts { get; } = [];

    /// <summary>The same, of those that found nothing.</summary>
    public List<TimeSpan> FirstStarts { get; } = [];

    public static TimeSpan Median(List<TimeSpan> times) => times.Order().ElementAt(times.Count / 2);

    public async Task RunAsync(int kills)
    {
        while (kills > 0)
        {
            var count = Math.Min(kills, MostKillsOfOneJournal);
            await RunOneAsync(count);
            kills -= count;
        }
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{delivery}, seed {seed}: {Kills} kills, {Requests} requests, {Unknown} records without an end, {Torn} torn tails; ready after {Median(Starts).TotalSeconds:0.00} s as a rule, {Starts.Max().TotalSeconds:0.00} s at most ({Median(FirstStarts).TotalSeconds:0.00} s without a journal); 0 answers and 0 accesses without a record, < {Verdict.Bound(Kills)} for each kill");

    private async Task RunOneAsync(int kills)
    {
        using var folder = new RunFolder();
        await using var upstream = new LoggedUpstream(folder.Upstreams);
        for (var i = 0; i < kills; i++)
        {
            await LiveAsync(folder, upstream.Address, isFirst: i == 0);
            if (i % StartsOfEachFirst is StartsOfEachFirst - 1)
            {
                await StartFirstAsync();
            }

            Look(folder, isLast: false);
            Kills++;
        }

        // And one that ends in peace.
        await using (var gateway = await StandaloneProcess.StartAsync(Configuration(folder.Journal, upstream.Address)))
        {
            Requests += (await LoadRun.RunAsync(new(gateway.Address.Port), folder.Clients, Clients, _random.Next(1, 1 << 24), Clients)).Requests;
            await gateway.TellToStopAsync();
            Assert.Equal(0, await gateway.ExitCodeAsync());
        }

        Look(folder, isLast: true);
    }

    private async Task LiveAsync(RunFolder folder, Uri upstream, bool isFirst)
    {
        var start = Stopwatch.GetTimestamp();
        var (gateway, isKilled) = (await StandaloneProcess.StartAsync(Configuration(folder.Journal, upstream)), false);
        try
        {
            var (target, load) = (new LoadTarget(gateway.Address.Port), _random.Next(1, 1 << 24));
            Requests += (await LoadRun.RunAsync(target, folder.Clients, 1, load, 1)).Requests;
            (isFirst ? FirstStarts : Starts).Add(Stopwatch.GetElapsedTime(start));

            using var stop = new CancellationTokenSource();
            var loading = LoadRun.RunAsync(target, folder.Clients, Clients, load + 1, long.MaxValue, stop.Token);
            await Task.Delay(_random.Next(400));
            isKilled = true;
            var killing = gateway.DisposeAsync();
            await stop.CancelAsync();
            await killing;
            Requests += (await loading).Requests;
        }
        finally
        {
            if (!isKilled)
            {
                await gateway.DisposeAsync();
            }
        }
    }

    private async Task StartFirstAsync()
    {
        using var folder = new RunFolder();
        await using var upstream = new LoggedUpstream(folder.Upstreams);
        var start = Stopwatch.GetTimestamp();
        await using var gateway = await StandaloneProcess.StartAsync(Configuration(folder.Journal, upstream.Address));
        await LoadRun.RunAsync(new(gateway.Address.Port), folder.Clients, 1, seed, 1);
        FirstStarts.Add(Stopwatch.GetElapsedTime(start));
    }

    private void Look(RunFolder folder, bool isLast)
    {
        var verdict = folder.Check();
        Assert.True(verdict.IsConsistent, $"seed {seed}, after {Kills} kills, logs in {folder.Path}: {verdict}");
        Torn += verdict.HasTornTail ? 1 : 0;
        Unknown += isLast ? verdict.Unknown : 0;
    }

    private string Configuration(string journal, Uri upstream) => $$"""
        {
          "Gateway": {
            "DrainDelay": "00:00:00",
            "Journal": { "Directory": "{{journal}}", "Instance": "one", "MaxInFlight": 1024, "LogCheckpoints": true },
            "Clusters": { "up": { "Destinations": { "a": { "Address": "{{upstream}}" } } } },
            "Routes": { "all": { "Match": { "Path": "/{**rest}" }, "Cluster": "up", "Audit": { "Delivery": "{{delivery}}", "RequestHeaders": [ "x-test-id" ] } } }
          }
        }
        """;
}
