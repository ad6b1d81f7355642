using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using GatewayKit.Configuration;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Benchmarks.Routing;

/// <summary>The worst request on a real listener while ten thousand routes are reloaded, with one route changed and with all.</summary>
internal static class ReloadScale
{
    private const int Routes = 10_000;
    private const int Rounds = 5;

    public static async Task RunAsync(bool pace)
    {
        Console.WriteLine($"{"change",-20} {"reload ms",10} {"worst ms",9} {"p99.9 ms",9} {"requests",9} {"longest GC pause ms",20} {"all pauses ms",13} {"collections 0/1/2",17} {"MB promoted at once",20} {"MB allocated",13}   server GC: {System.Runtime.GCSettings.IsServerGC}, {Environment.ProcessorCount} cores");
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(static options => options.Listen(IPAddress.Loopback, 0));
        builder.Services.AddLogging();
        builder.Services.AddApiGateway(options => options.PaceReloads = pace).AddRouteSource<Source>();
        await using var app = builder.Build();
        app.MapGatewayRoutes();
        var source = app.Services.GetRequiredService<Source>();
        await app.StartAsync();
        var port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
        var configurator = app.Services.GetRequiredService<GatewayConfigurator>();

        // Warm: code compiled, heap grown.
        for (var i = 0; i < 3; i++)
        {
            source.Version++;
            await configurator.ReloadAsync();
        }

        await MeasureAsync("no reload", port, static () => Task.Delay(500));
        await MeasureAsync("nothing", port, () => configurator.ReloadAsync());
        await MeasureAsync("one route", port, () =>
        {
            source.One++;
            return configurator.ReloadAsync();
        });
        await MeasureAsync("all routes", port, () =>
        {
            source.Version++;
            return configurator.ReloadAsync();
        });
        await app.StopAsync();
    }

    private static async Task MeasureAsync(string change, int port, Func<Task> reload)
    {
        for (var round = 0; round < Rounds; round++)
        {
            GC.Collect();
            using var stop = new CancellationTokenSource();
            var clients = Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(() => Ask(port, stop.Token), TaskCreationOptions.LongRunning)).ToArray();
            await Task.Delay(100);
            var pauses = Task.Factory.StartNew(() => Longest(stop.Token), TaskCreationOptions.LongRunning);
            int[] collections = [GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2)];
            var (before, paused) = (GC.GetTotalAllocatedBytes(), GC.GetTotalPauseDuration());
            var watch = Stopwatch.StartNew();
            await reload();
            var (elapsed, allocated) = (watch.Elapsed, GC.GetTotalAllocatedBytes() - before);
            paused = GC.GetTotalPauseDuration() - paused;
            collections = [GC.CollectionCount(0) - collections[0], GC.CollectionCount(1) - collections[1], GC.CollectionCount(2) - collections[2]];

            // The first requests after the swap count too.
            await Task.Delay(200);
            await stop.CancelAsync();
            var times = (await Task.WhenAll(clients)).SelectMany(static times => times).Order().ToList();
            var (pause, promoted) = await pauses;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{change,-20} {elapsed.TotalMilliseconds,10:N0} {times[^1],9:N1} {times[(int)(times.Count * 0.999)],9:N1} {times.Count,9:N0} {pause.TotalMilliseconds,20:N1} {paused.TotalMilliseconds,13:N1} {string.Join('/', collections),17} {promoted / 1e6,20:N1} {allocated / 1e6,13:N0}"));
        }
    }

    // What the machine's other load cannot blur: how long the collector stopped the process at once, and how much it carried meanwhile.
    private static (TimeSpan Pause, long Promoted) Longest(CancellationToken stop)
    {
        var (longest, promoted, seen) = (TimeSpan.Zero, 0L, GC.GetGCMemoryInfo(GCKind.Any).Index);
        while (!stop.WaitHandle.WaitOne(1))
        {
            foreach (var kind in new[] { GCKind.Ephemeral, GCKind.FullBlocking, GCKind.Background })
            {
                var info = GC.GetGCMemoryInfo(kind);
                if (info.Index <= seen)
                {
                    continue;
                }

                promoted = Math.Max(promoted, kind is GCKind.Ephemeral ? info.PromotedBytes : 0);
                foreach (var pause in info.PauseDurations)
                {
                    longest = pause > longest ? pause : longest;
                }
            }
        }

        return (longest, promoted);
    }

    // A blocking client on a thread of its own: it waits for nothing but the gateway. A pause between requests leaves the cores some air.
    private static List<double> Ask(int port, CancellationToken stop)
    {
        using var client = new TcpClient { NoDelay = true };
        client.Connect(IPAddress.Loopback, port);
        var stream = client.GetStream();
        var request = Encoding.ASCII.GetBytes("GET /svc-77/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
        var buffer = new byte[4096];
        var times = new List<double>(100_000);
        while (!stop.IsCancellationRequested)
        {
            var start = Stopwatch.GetTimestamp();
            stream.Write(request);
            if (stream.Read(buffer) is 0 || !buffer.AsSpan().StartsWith("HTTP/1.1 200"u8))
            {
                throw new InvalidOperationException("The gateway failed a request.");
            }

            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            Thread.SpinWait(20_000);
        }

        return times;
    }

    private sealed class Source : IRouteSource
    {
        public int Version { get; set; }

        public int One { get; set; }

        public string Name => "benchmark";

        public ValueTask<RouteSet> LoadAsync(CancellationToken cancellationToken) => new(new RouteSet
        {
            Routes = [.. Enumerable.Range(0, Routes).Select(i => new GatewayRoute
            {
                Id = i.ToString(CultureInfo.InvariantCulture),
                Match = new() { Path = $"/svc-{i}/{{**rest}}" },
                Respond = new() { Body = string.Create(CultureInfo.InvariantCulture, $"{Version} {(i == 0 ? One : 0)}") },
            })],
        });

        public IChangeToken GetChangeToken() => new CancellationChangeToken(CancellationToken.None);
    }
}
