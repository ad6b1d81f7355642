using System.Net;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Configuration;

public sealed class ReloadTests
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_route_added_by_a_reload_is_served_and_the_diff_names_it()
    {
        await using var gateway = await StartAsync(out var values, out _);
        var configurator = gateway.App.Services.GetRequiredService<GatewayConfigurator>();
        var before = configurator.Current;
        values["Gateway:Routes:new:Match:Path"] = "/new";
        values["Gateway:Routes:new:Respond:Body"] = "new";
        values["Gateway:Routes:alive:Respond:Body"] = "again";
        var result = await configurator.ReloadAsync();
        Assert.True(result.Accepted);
        Assert.Equal("new", await gateway.Client.GetStringAsync("/new"));
        Assert.Equal("again", await gateway.Client.GetStringAsync("/alive"));
        Assert.Equal("+route new, ~route alive (Respond)", result.Changes.ToString());
        Assert.Equal(result.Changes, GatewaySnapshot.Diff(before, configurator.Current));
        Assert.Equal((before.Revision + 1, true), (result.Snapshot.Revision, before.Hash != result.Snapshot.Hash));
    }

    [Fact]
    public async Task A_bad_reload_keeps_the_last_good_one_and_shows_in_log_metric_and_event()
    {
        await using var gateway = await StartAsync(out var values, out var log);
        using var metrics = new ReloadMeasurements(gateway);
        var configurator = gateway.App.Services.GetRequiredService<GatewayConfigurator>();
        var events = new List<string>();
        configurator.Rejected += (_, result) => events.Add($"rejected {string.Join(", ", result.Errors.Select(static error => error.Path))}");
        configurator.Applied += (_, _) => events.Add("applied");
        configurator.Applied += static (_, _) => throw new InvalidOperationException("A listener's own mistake.");
        values["Gateway:Routes:alive:Cluster"] = "nowhere";
        values["Gateway:Routes:alive:Mach"] = "x";
        var before = configurator.Current;

        var result = await configurator.ReloadAsync();

        Assert.False(result.Accepted);
        Assert.Same(before, result.Snapshot);
        Assert.Same(before, configurator.Current);
        Assert.Equal("yes", await gateway.Client.GetStringAsync("/alive"));
        Assert.Equal(["rejected " + string.Join(", ", result.Errors.Select(static error => error.Path))], events);
        var line = Assert.Single(log.Take(1101));
        Assert.Equal(LogLevel.Error, line.Level);
        Assert.All(result.Errors, error => Assert.Contains(error.ToString(), line.Message, StringComparison.Ordinal));
        Assert.Equal(1, metrics["rejected"]);

        values.Remove("Gateway:Routes:alive:Cluster");
        values.Remove("Gateway:Routes:alive:Mach");
        values["Gateway:Routes:alive:Priority"] = "1";
        Assert.True((await configurator.ReloadAsync()).Accepted);
        Assert.Equal("applied", events[^1]);
        Assert.Equal((1, 2), (metrics["applied"], metrics.Revision));
    }

    [Fact]
    public async Task The_same_content_is_accepted_and_changes_nothing()
    {
        await using var gateway = await StartAsync(out _, out _);
        using var metrics = new ReloadMeasurements(gateway);
        var configurator = gateway.App.Services.GetRequiredService<GatewayConfigurator>();
        var before = configurator.Current;
        var result = await configurator.ReloadAsync();
        Assert.True(result.Accepted);
        Assert.Same(before, result.Snapshot);
        Assert.Equal((1, 0), (metrics["unchanged"], metrics["applied"]));
    }

    [Fact]
    public async Task What_is_put_right_by_taking_it_back_is_told_once()
    {
        await using var gateway = await StartAsync(out var values, out var log);
        var configurator = gateway.App.Services.GetRequiredService<GatewayConfigurator>();
        Assert.True((await configurator.ReloadAsync()).Accepted);
        Assert.Empty(log.Take(1110));
        values["Gateway:Routes:alive:Cluster"] = "nowhere";
        Assert.False((await configurator.ReloadAsync()).Accepted);
        Assert.False((await configurator.ReloadAsync()).Accepted);
        values.Remove("Gateway:Routes:alive:Cluster");
        Assert.True((await configurator.ReloadAsync()).Accepted);
        Assert.True((await configurator.ReloadAsync()).Accepted);
        var line = Assert.Single(log.Take(1110));
        Assert.Equal((LogLevel.Information, "The configuration is valid again. It says what revision 1 says, which is in force."), (line.Level, line.Message));

        // One that changes something has its line as ever.
        values["Gateway:Routes:alive:Cluster"] = "nowhere";
        Assert.False((await configurator.ReloadAsync()).Accepted);
        values.Remove("Gateway:Routes:alive:Cluster");
        values["Gateway:Routes:alive:Priority"] = "1";
        Assert.True((await configurator.ReloadAsync()).Accepted);
        Assert.True((await configurator.ReloadAsync()).Accepted);
        Assert.Empty(log.Take(1110));
    }

    [Fact]
    public async Task Push_of_one_source_puts_nothing_right_that_another_one_says()
    {
        var (configuration, log, source) = (new ChangingConfiguration { ["Gateway:Routes:alive:Match:Path"] = "/alive", ["Gateway:Routes:alive:Respond:Body"] = "yes" }, new LogRecorder(), new DynamicRouteSource());
        await using var gateway = await TestHost.StartAsync(
            builder =>
            {
                ((IConfigurationBuilder)builder.Configuration).Add(configuration);
                builder.Services.AddApiGateway();
                builder.Services.AddSingleton<IRouteSource>(source);
                builder.Logging.AddProvider(log).SetMinimumLevel(LogLevel.Information);
            },
            static app => app.MapGatewayRoutes());
        var configurator = gateway.App.Services.GetRequiredService<GatewayConfigurator>();
        configuration["Gateway:Routes:alive:Cluster"] = "nowhere";
        Assert.False((await configurator.ReloadAsync()).Accepted);
        Assert.True((await source.ApplyAsync(new())).Accepted);
        Assert.Empty(log.Take(1110));
        configuration.Remove("Gateway:Routes:alive:Cluster");
        Assert.True((await configurator.ReloadAsync()).Accepted);
        Assert.Single(log.Take(1110));
    }

    [Fact]
    public async Task A_section_that_vanishes_is_an_accident_and_refused()
    {
        await using var gateway = await StartAsync(out var values, out _);
        values.Clear();
        var result = await gateway.App.Services.GetRequiredService<GatewayConfigurator>().ReloadAsync();
        Assert.Equal("Gateway: The section is gone. To remove all routes on purpose, keep the section with \"Routes\": {}.", Assert.Single(result.Errors).ToString());
        Assert.Equal("yes", await gateway.Client.GetStringAsync("/alive"));

        // On purpose: this is what a provider makes of "Routes": {}.
        values["Gateway:Routes"] = null;
        Assert.True((await gateway.App.Services.GetRequiredService<GatewayConfigurator>().ReloadAsync()).Accepted);
        using var gone = await gateway.Client.GetAsync("/alive");
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task Changes_close_together_are_one_reload_and_the_last_one_is_applied()
    {
        var time = new FakeTimeProvider();
        var source = new CountingSource();
        await using var gateway = await TestHost.GatewayAsync(services: builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(time);
            builder.Services.AddSingleton<IRouteSource>(source);
        });
        var configurator = gateway.App.Services.GetRequiredService<GatewayConfigurator>();
        Assert.Equal(1, source.Loads);
        for (var i = 1; i <= 5; i++)
        {
            source.Change(i);
        }

        Assert.Equal(1, source.Loads);
        var applied = NextApplied(configurator);
        time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal("5", (await applied).Snapshot.Routes["counted"].Respond!.Body);
        Assert.Equal(2, source.Loads);

        applied = NextApplied(configurator);
        source.Change(6);
        time.Advance(TimeSpan.FromMilliseconds(100));
        await applied;
        Assert.Equal("6", await gateway.Client.GetStringAsync("/counted"));
    }

    [Fact]
    public async Task A_change_that_the_configuration_tells_of_is_applied_by_itself()
    {
        await using var gateway = await StartAsync(out var values, out _);
        var applied = NextApplied(gateway.App.Services.GetRequiredService<GatewayConfigurator>());
        values["Gateway:Routes:alive:Respond:Body"] = "told";
        values.Tell();
        await applied;
        Assert.Equal("told", await gateway.Client.GetStringAsync("/alive"));
    }

    [Fact]
    public async Task A_source_that_throws_is_a_rejection()
    {
        var source = new CountingSource();
        await using var gateway = await TestHost.GatewayAsync(services: builder => builder.Services.AddSingleton<IRouteSource>(source));
        source.Failure = new TimeoutException("The database is away.");
        var result = await gateway.App.Services.GetRequiredService<GatewayConfigurator>().ReloadAsync();
        Assert.Equal(new ConfigurationError("counting", "The source could not be read: The database is away."), Assert.Single(result.Errors));
        Assert.Equal("0", await gateway.Client.GetStringAsync("/counted"));
    }

    [Fact]
    public async Task A_request_in_flight_keeps_the_snapshot_it_started_with()
    {
        using var arrived = new SemaphoreSlim(0);
        var release = new TaskCompletionSource();
        await using var destination = await TestHost.StartAsync(map: app => app.MapGet("/{**path}", async (string path) =>
        {
            arrived.Release();
            await release.Task;
            return path;
        }));
        await using var gateway = await TestHost.GatewayAsync(services: static builder => builder.AddRouteSource<DynamicRouteSource>());
        var source = gateway.App.Services.GetRequiredService<DynamicRouteSource>();
        await source.ApplyAsync(new()
        {
            Clusters = [new() { Id = "c", Destinations = new Dictionary<string, GatewayKit.Clusters.Destination> { ["a"] = new() { Address = destination.Address } } }],
            Routes = [new() { Id = "r", Match = new() { Path = "/{**rest}" }, Cluster = "c" }],
        });
        var inFlight = gateway.Client.GetStringAsync("/before");
        Assert.True(await arrived.WaitAsync(Generous));

        Assert.True((await source.ApplyAsync(new())).Accepted);
        using var gone = await gateway.Client.GetAsync("/after");
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        release.SetResult();
        Assert.Equal("before", await inFlight.WaitAsync(Generous));
    }

    [Fact]
    public async Task A_pushed_set_that_is_rejected_leaves_the_old_one_in_force()
    {
        await using var gateway = await TestHost.GatewayAsync("""{ "Clusters": { "shared": {} } }""", static builder => builder.AddRouteSource<DynamicRouteSource>());
        var source = gateway.App.Services.GetRequiredService<DynamicRouteSource>();
        var good = new RouteSet { Routes = [new() { Id = "r", Match = new() { Path = "/r" }, Respond = new() { Body = "1" } }, new() { Id = "s", Match = new() { Path = "/s" }, Cluster = "shared" }] };
        var bad = new RouteSet { Routes = [new() { Id = "r", Match = new() { Path = "/r" }, Cluster = "nowhere" }] };
        Assert.True((await source.ApplyAsync(good)).Accepted);
        Assert.Equal("dynamic:Routes:r:Cluster", Assert.Single(await source.ValidateAsync(bad)).Path);

        var result = await source.ApplyAsync(bad);

        Assert.Equal(new ConfigurationError("dynamic:Routes:r:Cluster", "There is no cluster 'nowhere'. Add it under Clusters, or correct the name."), Assert.Single(result.Errors));
        Assert.Throws<GatewayConfigurationException>(result.ThrowIfRejected);
        Assert.Equal(good, source.Current);
        Assert.Equal("1", await gateway.Client.GetStringAsync("/r"));

        // A reload for another reason reads the source again: it still says what was applied.
        Assert.True((await gateway.App.Services.GetRequiredService<GatewayConfigurator>().ReloadAsync()).Accepted);
        Assert.Equal("1", await gateway.Client.GetStringAsync("/r"));
    }

    [Fact]
    public async Task A_reload_that_takes_the_cluster_of_a_mapped_route_away_is_rejected()
    {
        await using var gateway = await TestHost.GatewayAsync(
            services: static builder => builder.Services.AddSingleton<IRouteSource>(new DynamicRouteSource("plane", new() { Clusters = [new() { Id = "c" }] })),
            map: static app => app.MapGatewayRoute("/mapped", "c"));
        var source = gateway.App.Services.GetServices<IRouteSource>().OfType<DynamicRouteSource>().Single();
        Assert.Equal("MapGatewayRoute(\"/mapped\"):Cluster", Assert.Single((await source.ApplyAsync(new())).Errors).Path);
    }

    private static Task<ApplyResult> NextApplied(GatewayConfigurator configurator)
    {
        var next = new TaskCompletionSource<ApplyResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        configurator.Applied += (_, result) => next.TrySetResult(result);
        return next.Task.WaitAsync(Generous);
    }

    private static Task<TestHost> StartAsync(out ChangingConfiguration values, out LogRecorder log)
    {
        var (configuration, recorder) = (new ChangingConfiguration { ["Gateway:Routes:alive:Match:Path"] = "/alive", ["Gateway:Routes:alive:Respond:Body"] = "yes" }, new LogRecorder());
        (values, log) = (configuration, recorder);
        return TestHost.StartAsync(
            builder =>
            {
                ((IConfigurationBuilder)builder.Configuration).Add(configuration);
                builder.Services.AddApiGateway();
                builder.Logging.AddProvider(recorder).SetMinimumLevel(LogLevel.Information);
            },
            static app => app.MapGatewayRoutes());
    }
}
