using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using GatewayKit.Benchmarks.Streaming;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Benchmarks.Rollout;

/// <summary>
/// How long requests take beside a mirror of all of them that hangs, refuses connections, or takes a second: clients, gateway and destination in one
/// process, a closed loop, the routes by turns in short rounds, so that what disturbs one disturbs all.
/// </summary>
internal static class SickMirrorRun
{
    private const int Clients = 8;

    private static readonly string[] Routes = ["none", "zero", "hangs", "refuses", "slow"];

    public static async Task<int> RunAsync(string[] arguments)
    {
        var (rounds, length) = (arguments is [var text] ? int.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : 20, TimeSpan.FromMilliseconds(500));
        await using var destination = await StartAsync(static app => app.Run(static context => context.Response.WriteAsync(new string('x', 1_000))));
        await using var slow = await StartAsync(static app => app.Run(static async context =>
        {
            await Task.Delay(1_000, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await context.Response.WriteAsync("x");
        }));
        using var hanging = new TcpListener(IPAddress.Loopback, 0);
        hanging.Start();
        using var refusing = new TcpListener(IPAddress.Loopback, 0);
        refusing.Start();
        var refused = refusing.LocalEndpoint.ToString();
        refusing.Stop();

        await using var gateway = await StartAsync(
            static app =>
            {
                foreach (var route in Routes)
                {
                    var mapped = app.MapGatewayRoute($"/{route}/{{**rest}}", cluster: "main");
                    if (route != "none")
                    {
                        mapped.WithMirror(route == "zero" ? "hangs" : route, percent: route == "zero" ? 0 : 100);
                    }
                }
            },
            services => services.AddApiGateway().AddCluster("main", AddressOf(destination)).AddCluster("slow", AddressOf(slow))
                .AddCluster("hangs", $"http://{hanging.LocalEndpoint}").AddCluster("refuses", $"http://{refused}"));

        var times = Routes.ToDictionary(static route => route, static _ => new List<double>());
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new(AddressOf(gateway)) };
        for (var round = -2; round < rounds; round++)
        {
            foreach (var route in round % 2 == 0 ? Routes : Routes.Reverse())
            {
                var taken = await LoadAsync(client, $"/{route}/x", length);
                if (round >= 0)
                {
                    times[route].AddRange(taken);
                }
            }
        }

        var none = Percentiles.Of(times["none"]);
        foreach (var route in Routes)
        {
            var one = Percentiles.Of(times[route]);
            Console.WriteLine(FormattableString.Invariant($"{route,-8} {one}; p99 {100 * ((one.P99 / none.P99) - 1):+0.0;-0.0} %"));
        }

        return 0;
    }

    private static async Task<List<double>> LoadAsync(HttpClient client, string path, TimeSpan length)
    {
        var end = Stopwatch.GetTimestamp() + (long)(length.TotalSeconds * Stopwatch.Frequency);
        var all = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(async () =>
        {
            var taken = new List<double>();
            while (Stopwatch.GetTimestamp() < end)
            {
                var start = Stopwatch.GetTimestamp();
                if ((await client.GetByteArrayAsync(path)).Length != 1_000)
                {
                    throw new InvalidOperationException("The answer is another one.");
                }

                taken.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }

            return taken;
        })));
        return [.. all.SelectMany(static taken => taken)];
    }

    private static async Task<WebApplication> StartAsync(Action<WebApplication> map, Action<IServiceCollection>? services = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static options => options.Listen(IPAddress.Loopback, 0));
        builder.Services.AddRoutingCore().AddLogging();
        services?.Invoke(builder.Services);
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return app;
    }

    private static string AddressOf(WebApplication app) => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
}
