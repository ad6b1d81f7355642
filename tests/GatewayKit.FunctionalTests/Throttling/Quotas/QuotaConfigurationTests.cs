using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Quotas;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using static GatewayKit.FunctionalTests.Throttling.Quotas.QuotaGateway;

namespace GatewayKit.FunctionalTests.Throttling.Quotas;

/// <summary>Quotas from JSON, what is said against impossible ones, and the embedded store in a host.</summary>
public sealed class QuotaConfigurationTests
{
    private readonly FakeTimeProvider _time = Clock();

    [Fact]
    public async Task Route_from_json_has_the_quotas_that_it_says()
    {
        await using var gateway = await QuotaGateway.StartAsync(_time, json: """
            {
              "Routes": {
                "a": {
                  "Match": { "Path": "/a" }, "Respond": { "Status": 200 },
                  "Quota": [
                    { "Limit": 2, "Window": { "Calendar": "Day", "TimeZone": "Asia/Tokyo" }, "Partition": "Route" },
                    { "Limit": 5, "Window": { "Anniversary": "2026-01-31", "Every": "Month" }, "Partition": "Route", "WarnAtPercent": 90 },
                    { "Limit": 9, "Window": { "Rolling": "30.00:00:00", "Buckets": 30 }, "Partition": "Header:X-Tenant", "Name": "tenant" }
                  ]
                },
                "b": { "Match": { "Path": "/b" }, "Respond": { "Status": 200 }, "Quota": { "Limit": 1, "Window": { "Lifetime": true } } },
                "c": { "Match": { "Path": "/c" }, "Respond": { "Status": 200 }, "Quota": { "Limit": 10, "Unit": "Cost:tokens", "Cost": 5, "Window": { "FirstUse": "01:00:00" } } }
              }
            }
            """);
        Assert.Equal(2, await gateway.PassedAsync("/a", requests: 3));
        _time.Advance(TimeSpan.FromHours(3)); // Midnight in Tokyo.
        Assert.Equal(2, await gateway.PassedAsync("/a", requests: 3));
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(1, await gateway.PassedAsync("/a", requests: 3));
        Assert.Equal(1, await gateway.PassedAsync("/b", requests: 3));
        Assert.Equal(2, await gateway.PassedAsync("/c", requests: 3));
    }

    [Theory]
    [InlineData("""{ "Window": { "Calendar": "Day" } }""", "Gateway:Routes:a:Quota", "Limit")]
    [InlineData("""{ "Limit": 1 }""", "Gateway:Routes:a:Quota", "Window")]
    [InlineData("""{ "Limit": 1, "Window": { "Calendar": "Fortnight" } }""", "Gateway:Routes:a:Quota:Window:Calendar", "one of Day, Week, Month, Year")]
    [InlineData("""{ "Limit": 1, "Window": { "Calendar": "Day", "TimeZone": "Europe/Atlantis" } }""", "Gateway:Routes:a:Quota:Window", "knows no time zone 'Europe/Atlantis'")]
    [InlineData("""{ "Limit": 1, "Window": { "Anniversary": "31.1.2026" } }""", "Gateway:Routes:a:Quota:Window:Anniversary", "a date such as")]
    [InlineData("""{ "Limit": 1, "Window": { "TimeZone": "UTC" } }""", "Gateway:Routes:a:Quota:Window", "needs one of: Calendar, Anniversary, Rolling, FirstUse, Lifetime")]
    [InlineData("""{ "Limit": 1, "Window": { "Lifetime": true }, "Unit": "Bytes" }""", "Gateway:Routes:a:Quota:Unit", "Known are Requests")]
    [InlineData("""{ "Limit": 1, "Window": { "Lifetime": true }, "Partition": "Moon" }""", "Gateway:Routes:a:Quota:Partition", "Known are")]
    [InlineData("""[ { "Limit": 9, "Window": { "Calendar": "Day" } }, { "Limit": 8, "Window": { "Calendar": "Month" } } ]""", "Gateway:Routes:a:Quota", "Limit is 8 for 'month', and 9 for the shorter 'day'")]
    [InlineData("""[ { "Limit": 9, "Window": { "Rolling": "01:00:00" } }, { "Limit": 8, "Window": { "Lifetime": true } } ]""", "Gateway:Routes:a:Quota", "the shorter one would never be reached")]
    [InlineData("""[ { "Limit": 9, "Window": { "Calendar": "Day" } }, { "Limit": 8, "Window": { "Calendar": "Day" } } ]""", "Gateway:Routes:a:Quota", "is there twice")]
    public async Task Impossible_quota_stops_the_start_and_names_its_path(string quota, string path, string words)
    {
        var error = await Assert.ThrowsAsync<GatewayConfigurationException>(() => QuotaGateway.StartAsync(
            _time, json: $$"""{ "Routes": { "a": { "Match": { "Path": "/a" }, "Respond": { "Status": 200 }, "Quota": {{quota}} } } }"""));
        Assert.Contains(error.Errors, one => one.Path.StartsWith(path, StringComparison.Ordinal) && one.ToString().Contains(words, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Longer_window_with_a_smaller_limit_is_found_across_group_and_endpoint()
    {
        var error = await Assert.ThrowsAsync<GatewayConfigurationException>(() => QuotaGateway.StartAsync(_time, static app =>
            app.MapGroup("/g").WithQuota(100, new CalendarWindow(CalendarUnit.Year)).MapGet("/a", static () => "own").WithName("own").WithQuota(200, new CalendarWindow(CalendarUnit.Month))));
        Assert.Contains("Limit is 100 for 'year', and 200 for the shorter 'month'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Embedded_store_survives_the_host_and_is_not_opened_without_a_quota()
    {
        var directory = Directory.CreateTempSubdirectory("gatewaykit-quotas");
        try
        {
            for (var run = 0; run < 3; run++)
            {
                await using var gateway = await StartAsync(directory.FullName, static app =>
                    app.MapGet("/a", static () => "own").WithQuota(new() { Limit = 5, Window = new LifetimeWindow(), Partition = ThrottlePartition.Header("X-Tenant") }));
                Assert.Equal(run < 2 ? 2 : 1, await gateway.PassedAsync("/a", requests: run < 2 ? 2 : 3, tenant: "one"));
            }

            // Neither the name of the tenant nor its like is in the file.
            Assert.DoesNotContain("one", System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(Path.Combine(directory.FullName, "quotas.data"))), StringComparison.Ordinal);
            directory.Delete(recursive: true);
            await using var without = await StartAsync(directory.FullName, static app => app.MapGet("/a", static () => "own").WithThrottling(1));
            Assert.False(Directory.Exists(directory.FullName));
        }
        finally
        {
            Directory.CreateDirectory(directory.FullName).Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Second_host_at_one_directory_does_not_start_and_says_why()
    {
        var directory = Directory.CreateTempSubdirectory("gatewaykit-quotas");
        try
        {
            await using var gateway = await StartAsync(directory.FullName, Map);
            var error = await Assert.ThrowsAnyAsync<Exception>(() => StartAsync(directory.FullName, Map));
            Assert.Contains("Another gateway may be using them", error.ToString(), StringComparison.Ordinal);
            Assert.Equal(1, await gateway.PassedAsync("/a", requests: 2));
        }
        finally
        {
            directory.Delete(recursive: true);
        }

        static void Map(WebApplication app)
        {
            app.MapGatewayRoute(ThrottledGateway.Route("a")).WithQuota(1, new LifetimeWindow());
            app.MapGet("/b", static () => "own").WithQuota(1, new LifetimeWindow());
        }
    }

    [Fact]
    public async Task Options_outside_their_range_stop_the_start()
    {
        var error = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => QuotaGateway.StartAsync(
            _time, static _ => { }, services: static builder => builder.Services.Configure<QuotaOptions>(static options => options.CommitInterval = TimeSpan.Zero)));
        Assert.Contains("CommitInterval is 00:00:00; it must be from", error.Message, StringComparison.Ordinal);
    }

    private Task<TestHost> StartAsync(string directory, Action<WebApplication> map) => TestHost.GatewayAsync(
        services: builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(_time);
            builder.Services.Configure<QuotaOptions>(options => options.Directory = directory);
        },
        map: map);
}
