using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using GatewayKit.Clusters;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Routing;
using GatewayKit.Transforms;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Configuration;

public sealed class ReloadUnderLoadTests(ITestOutputHelper output)
{
    private const int Reloads = 3_000;
    private const int Clients = 4;

    // Every revision says its number four times: in the header and the body of a static answer, in a transform of a route and in the
    // path of the destination it goes to. An answer with two numbers is a request that saw two revisions.
    [Fact]
    public async Task Reload_under_load_fails_no_request()
    {
        await using var destination = await TestHost.StartAsync(map: static app =>
            app.MapGet("/{revision}/{**rest}", (HttpRequest request, string revision) => $"{request.Headers["X-Revision"]} {revision}"));

        // Every revision leaves a destination behind, whose limit is over while its connections are those of the next one.
        await using var gateway = await TestHost.GatewayAsync(services: static builder => builder.AddRouteSource<DynamicRouteSource>()
            .Services.Configure<GatewayOptions>(static options => options.DestinationDrainLimit = TimeSpan.FromMilliseconds(10)));
        var source = gateway.App.Services.GetRequiredService<DynamicRouteSource>();
        var inForce = 1;
        Assert.True((await source.ApplyAsync(Revision(1, destination.Address))).Accepted);
        using var stop = new CancellationTokenSource();
        var wrong = new ConcurrentQueue<string>();
        var served = 0;
        var clients = Enumerable.Range(0, Clients).Select(client => Task.Run(() => RequestAsync(client))).ToArray();

        var (started, rejected) = (Stopwatch.GetTimestamp(), 0);
        for (var revision = 2; revision <= Reloads + 1; revision++)
        {
            var isBad = revision % 5 == 0;
            var result = await source.ApplyAsync(isBad ? Bad(revision, destination.Address) : Revision(revision, destination.Address));
            Assert.Equal(!isBad, result.Accepted);
            rejected += isBad ? 1 : 0;
            Volatile.Write(ref inForce, isBad ? inForce : revision);
        }

        var took = Stopwatch.GetElapsedTime(started);
        await stop.CancelAsync();
        await Task.WhenAll(clients);
        output.WriteLine($"{Reloads} reloads, {rejected} of them rejected, in {took.TotalSeconds:F1} s; {served} requests meanwhile.");
        Assert.Empty(wrong.Take(10));
        Assert.Equal(Reloads / 5, rejected);
        Assert.True(served > Reloads, $"Only {served} requests were served: that is no load.");

        async Task RequestAsync(int client)
        {
            using var http = new HttpClient { BaseAddress = gateway.Address };
            for (var path = client % 2 == 0 ? "/static" : "/forwarded/x"; !stop.IsCancellationRequested; Interlocked.Increment(ref served))
            {
                var atLeast = Volatile.Read(ref inForce);
                try
                {
                    using var response = await http.GetAsync(path);
                    var body = await response.Content.ReadAsStringAsync();
                    var numbers = body.Split(' ').Concat(response.Headers.TryGetValues("X-Revision", out var header) ? header : []).Distinct().ToArray();
                    if (!response.IsSuccessStatusCode || numbers.Length != 1 || !int.TryParse(numbers[0], CultureInfo.InvariantCulture, out var seen) || seen < atLeast)
                    {
                        wrong.Enqueue($"{path} {(int)response.StatusCode}: {body} {string.Join(' ', numbers)} (in force before: {atLeast})");
                    }
                }
                catch (HttpRequestException exception)
                {
                    wrong.Enqueue($"{path}: {exception.Message}");
                }
            }
        }
    }

    private static RouteSet Revision(int number, Uri address)
    {
        var text = number.ToString(CultureInfo.InvariantCulture);
        return new()
        {
            Clusters = [new() { Id = "c", Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = new Uri(address, text) } } }],
            Routes =
            [
                new() { Id = "static", Match = new() { Path = "/static" }, Respond = new() { Body = text, Headers = new Dictionary<string, string> { ["X-Revision"] = text } } },
                new()
                {
                    Id = "forwarded",
                    Match = new() { Path = "/forwarded/{**rest}" },
                    Cluster = "c",
                    Policies = [new TransformPolicy { Steps = [new RequestHeaderTransform { RequestHeader = "X-Revision", Set = text }] }],
                },
            ],
        };
    }

    private static RouteSet Bad(int number, Uri address)
    {
        var good = Revision(number, address);
        return good with { Routes = [.. good.Routes, new() { Id = "bad", Match = new(), Cluster = "nowhere" }] };
    }
}
