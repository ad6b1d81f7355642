using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Benchmarks.Routing;

/// <summary>Build time, time per match and bytes per match of one set of routes.</summary>
internal static class MatchScale
{
    private const int Matches = 100_000;
    private static readonly string Header = $"{"routes differ by",-44} {"routes",7} {"conflicts ms",13} {"endpoints ms",13} {"matcher ms",11} {"ns/match",9} {"B/match",8}";

    public static async Task RunAsync()
    {
        Console.WriteLine(Header);
        foreach (var count in (int[])[10, 1_000, 10_000])
        {
            await MeasureAsync("path", count, static i => new() { Path = $"/svc-{i}/{{**rest}}" }, static (request, i) => request.Path = $"/svc-{i}/a/b");
            await MeasureAsync("path, beside five catch-alls", count, static i => i < 5 ? new() { Path = "/{**rest}", Hosts = [$"h{i}.test"] } : new() { Path = $"/svc-{i}/{{**rest}}" }, static (request, i) => request.Path = $"/svc-{(i < 5 ? 5 : i)}/a/b");
            await MeasureAsync("path and method", count, static i => new() { Path = $"/svc-{i}/{{**rest}}", Methods = ["GET"] }, static (request, i) => request.Path = $"/svc-{i}/a/b");
            await MeasureAsync("host", count, static i => new() { Path = "/{**rest}", Hosts = [$"h{i}.example.com"] }, static (request, i) => request.Headers.Host = $"h{i}.example.com");
            await MeasureAsync("host, one path", count, static i => new() { Path = "/a", Hosts = [$"h{i}.example.com"] }, static (request, i) => (request.Headers.Host, request.Path) = ($"h{i}.example.com", "/a"));
            await MeasureAsync("wildcard host", count, static i => new() { Path = "/a", Hosts = [$"*.h{i}.example.com"] }, static (request, i) => (request.Headers.Host, request.Path) = ($"www.h{i}.example.com:8080", "/a"));
            await MeasureAsync("exact header", count, static i => new() { Path = "/a", Headers = [new() { Name = "X-Tenant", Values = [$"t{i}"] }] }, static (request, i) => (request.Headers["X-Tenant"], request.Path) = ($"t{i}", "/a"));
            await MeasureAsync("exact header, two values sent", count, static i => new() { Path = "/a", Headers = [new() { Name = "X-Tenant", Values = [$"t{i}"] }] }, static (request, i) => (request.Headers["X-Tenant"], request.Path) = ($"t{i}, t0", "/a"));
            await MeasureFrameworkHostsAsync(count);
        }
    }

    /// <summary>Where the framework's automaton costs the product of two numbers; takes minutes.</summary>
    public static async Task RunProductAsync()
    {
        Console.WriteLine(Header);
        await MeasureAsync("1,000 paths, 1,000 hosts", 2_000, static i => i < 1_000 ? new() { Hosts = [$"h{i}.test"] } : new() { Path = $"/svc-{i}/{{**rest}}" }, static (request, i) => request.Path = $"/svc-{(i < 1_000 ? 1_000 : i)}/a/b");
        await MeasureAsync("9,000 paths, 1,000 hosts", 10_000, static i => i < 1_000 ? new() { Hosts = [$"h{i}.test"] } : new() { Path = $"/svc-{i}/{{**rest}}" }, static (request, i) => request.Path = $"/svc-{(i < 1_000 ? 1_000 : i)}/a/b");
        await MeasureAsync("9,900 hosts, 100 paths for GET", 10_000, static i => i < 9_900 ? new() { Hosts = [$"h{i}.test"] } : new() { Path = $"/svc-{i}", Methods = ["GET"] }, static (request, i) => request.Headers.Host = $"h{Math.Min(i, 9_899)}.test");
    }

    private static async Task MeasureAsync(string kind, int count, Func<int, RouteMatch> match, Action<HttpRequest, int> ask)
    {
        var routes = Enumerable.Range(0, count).Select(i => new GatewayRoute { Id = i.ToString(CultureInfo.InvariantCulture), Match = match(i), Respond = new() }).ToArray();
        var conflicts = Stopwatch.StartNew();
        if (RouteConflicts.Find(routes).Any())
        {
            throw new InvalidOperationException($"{kind}: the routes are in conflict.");
        }

        conflicts.Stop();
        using var host = new RoutedPipeline(static services => services.AddApiGateway(), static app => { });
        var current = host.Services.GetRequiredService<CurrentSnapshot>();
        ((IEndpointRouteBuilder)host.App).MapGatewayRoutes();
        var watch = Stopwatch.StartNew();
        current.Swap(current.Prepare(new GatewaySnapshot(1, new(string.Empty), ValueMap<GatewayRoute>.From(routes.Select(static route => KeyValuePair.Create(route.Id, route))), [], GatewaySnapshot.Empty.ClusterStates, GatewaySnapshot.Empty.Catalog)));
        _ = ((IEndpointRouteBuilder)host.App).DataSources.SelectMany(static source => source.Endpoints).Count();
        await ReportAsync(kind, count, conflicts.Elapsed, watch, host, ask);
    }

    private static async Task MeasureFrameworkHostsAsync(int count)
    {
        var watch = Stopwatch.StartNew();
        using var host = new RoutedPipeline(static services => services.AddRouting(), app =>
        {
            for (var i = 0; i < count; i++)
            {
                app.Map(RoutePatternFactory.Parse("/{**rest}"), static _ => Task.CompletedTask).RequireHost($"h{i}.example.com");
            }
        });
        _ = ((IEndpointRouteBuilder)host.App).DataSources.SelectMany(static source => source.Endpoints).Count();
        await ReportAsync("host, by the framework's RequireHost", count, TimeSpan.Zero, watch, host, static (request, i) => request.Headers.Host = $"h{i}.example.com");
    }

    private static async Task ReportAsync(string kind, int count, TimeSpan conflicts, Stopwatch watch, RoutedPipeline host, Action<HttpRequest, int> ask)
    {
        var endpoints = watch.Elapsed;
        var random = new Random(1);
        var contexts = Enumerable.Range(0, Math.Min(count, 1_000)).Select(_ => host.CreateContext(request => ask(request, random.Next(count)))).ToArray();
        watch.Restart();
        await host.Match(contexts[0]);
        var matcher = watch.Elapsed;
        if (contexts[0].GetEndpoint() is null)
        {
            throw new InvalidOperationException($"{kind}: no route matched.");
        }

        var rounds = kind.Contains("framework", StringComparison.Ordinal) && count > 1_000 ? Matches / 20 : Matches;
        var best = double.MaxValue;
        var bytes = 0L;
        for (var attempt = 0; attempt < 4; attempt++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            watch.Restart();
            for (var i = 0; i < rounds; i++)
            {
                var context = contexts[i % contexts.Length];
                context.SetEndpoint(null);
                await host.Match(context);
            }

            best = Math.Min(best, watch.Elapsed.TotalNanoseconds / rounds);
            bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / rounds;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kind,-44} {count,7:N0} {conflicts.TotalMilliseconds,13:N0} {endpoints.TotalMilliseconds,13:N0} {matcher.TotalMilliseconds,11:N0} {best,9:N0} {bytes,8:N0}"));
    }
}
