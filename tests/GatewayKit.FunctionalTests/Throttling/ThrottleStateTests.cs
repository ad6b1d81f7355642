using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using GatewayKit.Diagnostics;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Throttling;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using static GatewayKit.FunctionalTests.Throttling.ThrottledGateway;

namespace GatewayKit.FunctionalTests.Throttling;

/// <summary>How long the state of throttles lives, and what is told of it.</summary>
public sealed class ThrottleStateTests
{
    private static readonly ThrottlePolicy TwoAtOnce = new() { RequestsPerSecond = 0.01, Burst = 2 };

    private readonly FakeTimeProvider _time = new();

    // A7: every read of Endpoints builds the host's endpoints anew.
    [Fact]
    public async Task Allowance_survives_rebuilding_the_endpoint()
    {
        var source = new MemoryRouteSource();
        await using var gateway = await StartAsync(
            _time,
            static app =>
            {
                app.MapGatewayRoutes();
                app.MapGet("/own", static () => "own").WithThrottling(TwoAtOnce);
                app.MapGatewayRoute(Route("route")).WithThrottling(TwoAtOnce);
            },
            services: builder => builder.AddSource(source));
        Assert.Equal(1, await gateway.PassedAsync("/own", requests: 1));
        Assert.Equal(1, await gateway.PassedAsync("/route", requests: 1));

        var before = Own();
        source.Set = new() { Routes = [Route("other")] };
        await gateway.ReloadAsync();
        Assert.NotSame(before, Own());

        Assert.Equal(1, await gateway.PassedAsync("/own", requests: 3));
        Assert.Equal(1, await gateway.PassedAsync("/route", requests: 3));

        Endpoint Own() => gateway.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.Single(static endpoint => endpoint.DisplayName!.Contains("/own", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Reload_keeps_the_allowance_of_a_route_that_changed_otherwise()
    {
        var route = Route("route") with { Policies = [TwoAtOnce] };
        var source = new MemoryRouteSource { Set = new() { Routes = [route] } };
        await using var gateway = await StartAsync(_time, static app => app.MapGatewayRoutes(), services: builder => builder.AddSource(source));
        Assert.Equal(2, await gateway.PassedAsync("/route", requests: 3));

        source.Set = new() { Routes = [route with { Respond = new() { Body = "changed" } }] };
        await gateway.ReloadAsync();
        Assert.Equal(0, await gateway.PassedAsync("/route", requests: 2));

        source.Set = new() { Routes = [route with { Policies = [TwoAtOnce with { Burst = 3 }] }] };
        await gateway.ReloadAsync();
        Assert.Equal(3, await gateway.PassedAsync("/route", requests: 5));
    }

    [Fact]
    public async Task Removed_route_leaves_nothing_behind()
    {
        var source = new MemoryRouteSource { Set = new() { Routes = [Route("kept")] } };
        await using var gateway = await StartAsync(_time, static app => app.MapGatewayRoutes(), services: builder => builder.AddSource(source));
        var allowances = gateway.App.Services.GetRequiredService<ThrottleAllowances>();
        for (var revision = 0; revision < 300; revision++)
        {
            source.Set = new() { Routes = [Route($"route-{revision}") with { Policies = [TwoAtOnce] }] };
            await gateway.ReloadAsync();
            if (revision % 50 == 0)
            {
                GC.Collect();
            }
        }

        Assert.InRange(allowances.Count, 1, 250);
    }

    [Fact]
    public async Task Overflow_and_anonymous_requests_are_counted()
    {
        await using var gateway = await StartAsync(
            _time,
            static app => app.MapGatewayRoute(Route("route"))
                .WithThrottling(new() { RequestsPerSecond = 0.001, Partition = ThrottlePartition.Header("X-Tenant") }),
            services: static builder => builder.Services.Configure<ThrottlingOptions>(static options => options.MaxKeys = 64));
        using var counted = new Counted(gateway.App.Services.GetRequiredService<GatewayMeter>().Meter);

        await gateway.PassedAsync("/route", requests: 2);
        for (var tenant = 0; tenant < 200; tenant++)
        {
            await gateway.PassedAsync("/route", requests: 1, tenant: $"tenant-{tenant}");
        }

        Assert.Equal(2, counted["gatewaykit.throttle.anonymous", "route", "Header:X-Tenant"]);
        Assert.InRange(counted["gatewaykit.throttle.overflow", "route", "Header:X-Tenant"], 200 - 128, 200 - 32);
    }

    [Fact]
    public async Task Host_wide_setting_outside_its_range_stops_the_start()
    {
        var error = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => StartAsync(
            _time, static _ => { }, services: static builder => builder.Services.Configure<ThrottlingOptions>(static options => options.MaxKeys = 63)));
        Assert.Contains("MaxKeys", error.Message, StringComparison.Ordinal);
    }

    // F3: the framework's middleware never disposes its limiter, so that stopped hosts stay alive.
    [Fact]
    public async Task Disposed_gateways_are_collected()
    {
        var gone = new List<WeakReference>();
        for (var i = 0; i < 3; i++)
        {
            gone.AddRange(await ServeAndDisposeAsync());
        }

        for (var attempt = 0; attempt < 100 && gone.Exists(static reference => reference.IsAlive); attempt++)
        {
            await Task.Yield();
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.All(gone, static reference => Assert.False(reference.IsAlive, $"{reference.Target} is still there."));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference[]> ServeAndDisposeAsync()
    {
        await using var gateway = await TestHost.GatewayAsync(map: static app =>
        {
            app.MapGet("/own", static () => "own").WithThrottling(TwoAtOnce);
            app.MapGatewayRoute(Route("route")).WithThrottling(TwoAtOnce with { Partition = ThrottlePartition.Route });
        });
        Assert.Equal(2, await gateway.PassedAsync("/own", requests: 3));
        Assert.Equal(2, await gateway.PassedAsync("/route", requests: 3));
        return [new(gateway.App.Services.GetRequiredService<ThrottleAllowances>()), new(gateway.App.Services.GetRequiredService<EndpointDataSource>())];
    }

    private sealed class Counted : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Dictionary<(string, string, string), long> _sums = [];

        public Counted(Meter meter)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (ReferenceEquals(instrument.Meter, meter))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, measurement, tags, _) =>
            {
                var values = tags.ToArray().ToDictionary();
                var key = (instrument.Name, values[TelemetryTags.Route] as string ?? "", values.GetValueOrDefault("gatewaykit.throttle.partition") as string ?? "");
                lock (_sums)
                {
                    _sums[key] = _sums.GetValueOrDefault(key) + measurement;
                }
            });
            _listener.Start();
        }

        public long this[string instrument, string route, string partition]
        {
            get
            {
                lock (_sums)
                {
                    return _sums.GetValueOrDefault((instrument, route, partition));
                }
            }
        }

        public void Dispose() => _listener.Dispose();
    }
}
