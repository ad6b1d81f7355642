using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using GatewayKit.Configuration;
using GatewayKit.Pipeline;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Quotas;
using GatewayKit.Throttling.Replay;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using static GatewayKit.Tests.Throttling.Replay.Replays;

namespace GatewayKit.Tests.Throttling.Replay;

/// <summary>What limits make of records.</summary>
public sealed class LimitReplayTests
{
    private const string OnePerSecond = """ "Throttle": { "RequestsPerSecond": 1, "Burst": 2 } """;

    [Fact]
    public async Task Requests_beyond_the_burst_are_refused_by_the_times_of_the_records()
    {
        var report = await RunAsync(Route(OnePerSecond), [At(0), At(0), At(0), At(1), At(1.5)]);
        Assert.Equal((5, 2, 3), (report.Total.Requests, report.Total.Refused, report.Total.Allowed));
        var key = Assert.Single(PolicyOf(report).Keys);
        Assert.Equal(new("192.0.2.1", 2, Start, Start.AddSeconds(1.5), LongestRun: 1), key);
        Assert.Equal([new("rate-limited", 2)], PolicyOf(report).Reasons);
    }

    // They are where the gateway runs, not where its limits are tried.
    [Fact]
    public async Task Secrets_need_not_be_there()
    {
        const string Server = """ "ClientId": "gw", "ClientSecret": "env:GATEWAYKIT_NO_SUCH_SECRET" """;
        var report = await RunAsync(
            Route($$"""
                {{OnePerSecond}}, "Introspection": { "Name": "p", "Endpoint": "https://login.example.com/", "Audiences": [ "orders" ], {{Server}} },
                "UpstreamCredentials": { "ClientCredentials": { "TokenEndpoint": "https://login.example.com/", {{Server}} } }
                """),
            [At(0), At(0), At(0)]);
        Assert.Equal((3, 1), (report.Total.Requests, report.Total.Refused));
    }

    [Fact]
    public async Task Longest_run_counts_refusals_without_a_request_between_them_that_passes()
    {
        var report = await RunAsync(Route(OnePerSecond), [At(0), At(0), At(0), At(0.1), At(0.2), At(5), At(5), At(5)]);
        var key = Assert.Single(PolicyOf(report).Keys);
        Assert.Equal((4, 3), (key.Refusals, key.LongestRun));
    }

    [Fact]
    public async Task Clients_have_allowances_of_their_own_and_a_network_of_IPv6_one()
    {
        var report = await RunAsync(
            Route(OnePerSecond), [At(0, "192.0.2.1"), At(0, "192.0.2.2"), At(0, "::ffff:192.0.2.1"), At(0, "192.0.2.1"), At(0, "2001:db8::1"), At(0, "2001:db8::2"), At(0, "2001:db8::3")]);
        Assert.Equal([("192.0.2.1", 1), ("2001:db8::/64", 1)], PolicyOf(report).Keys.Select(static key => (key.Key, key.Refusals)));
    }

    [Fact]
    public async Task Shadow_is_told_apart_from_what_is_in_force()
    {
        var report = await RunAsync(Route(""" "Throttle": { "RequestsPerSecond": 1, "Mode": "Shadow" } """), [At(0), At(0), At(0)]);
        Assert.Equal((3, 0, 2), (report.Total.Requests, report.Total.Refused, report.Total.WouldRefuse));
        Assert.Equal((PolicyMode.Shadow, 3, 1, 0, 2), PolicyOf(report) is var policy ? (policy.Mode, policy.Seen, policy.Allowed, policy.Refused, policy.WouldRefuse) : default);
    }

    [Fact]
    public async Task A_share_of_callers_is_refused_and_the_others_are_counted_in_shadow()
    {
        var records = Enumerable.Range(0, 200).SelectMany(static client => (AccessRecord[])[At(0, $"192.0.2.{client}"), At(0, $"192.0.2.{client}")]);
        var policy = PolicyOf(await RunAsync(Route(""" "Throttle": { "RequestsPerSecond": 1, "EnforcePercent": 50 } """), records));
        Assert.Equal(200, policy.Refused + policy.WouldRefuse);
        Assert.InRange(policy.Refused, 60, 140);
    }

    [Fact]
    public async Task Candidate_is_set_against_the_live_policy()
    {
        var report = await RunAsync(
            Route(""" "Throttle": { "RequestsPerSecond": 1, "Burst": 2, "Candidate": { "RequestsPerSecond": 1, "Burst": 1, "Mode": "Shadow" } } """), [At(0), At(0), At(0)]);
        Assert.Equal(new ReplayOutcomes(BothAllow: 1, OnlyFirstRefuses: 0, OnlySecondRefuses: 1, BothRefuse: 1), PolicyOf(report).Candidate);
    }

    [Fact]
    public async Task What_one_limit_refuses_has_taken_nothing_of_the_others()
    {
        var report = await RunAsync(
            Route(""" "Throttle": [{ "RequestsPerSecond": 0.001, "Burst": 3 }, { "RequestsPerSecond": 0.001, "Partition": "Header:X-Tenant" }] """),
            ((string[])["one", "one", "one", "two", "three", "four"]).Select(static tenant => At(0) with { Headers = new Dictionary<string, string> { ["x-tenant"] = tenant } }));
        Assert.Equal([("address", 6, 1), ("x-tenant", 5, 2)], report.Routes[0].Policies.Select(static policy => (policy.Name, policy.Seen, policy.Refused)));
    }

    [Fact]
    public async Task Defaults_and_routes_override_each_other_as_they_do_live()
    {
        var section = Section("""
            {
              "Defaults": { "Throttle": { "RequestsPerSecond": 1 } },
              "Routes": {
                "r": { "Match": { "Path": "/r" }, "Respond": { "Body": "" } },
                "off": { "Match": { "Path": "/off" }, "Respond": { "Body": "" }, "Throttle": { "RequestsPerSecond": 1, "Mode": "Off" } },
                "more": { "Match": { "Paths": [ "/more", "/most" ] }, "Respond": { "Body": "" }, "Throttle": { "RequestsPerSecond": 1, "Burst": 3 } }
              }
            }
            """);
        var report = await RunAsync(section, ((string[])["r", "off", "MORE"]).SelectMany(static route => Enumerable.Repeat(At(0, route: route), 5)));
        Assert.Equal([("more", 2), ("off", 0), ("r", 4)], report.Routes.Select(static route => (route.Route, route.Counts.Refused)));
    }

    [Theory]
    [InlineData("UTC", 2, "23:30")]
    [InlineData("Europe/Berlin", 2, "00:30")]
    [InlineData("America/New_York", 3, "00:30")]
    public async Task Calendar_quotas_start_anew_at_midnight_of_their_zone(string zone, int refused, string last)
    {
        // Midnight is at 00:00 in UTC, at 23:00 of it in Berlin, and at none of these times in New York. Where a record was written makes no difference.
        string[] times = ["2026-03-01T21:00:00Z", "2026-03-01T22:30:00Z", "2026-03-02T01:30:00+02:00", "2026-03-02T00:30:00Z"];
        var report = await RunAsync(
            Route($$""" "Quota": { "Limit": 1, "Window": { "Calendar": "Day", "TimeZone": "{{zone}}" } } """),
            times.Select(static time => At(0) with { Time = DateTimeOffset.Parse(time, CultureInfo.InvariantCulture) }));
        Assert.Equal(refused, report.Total.Refused);
        Assert.Equal(last, Assert.Single(PolicyOf(report).Keys).Last.UtcDateTime.ToString("HH:mm", CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Quota_of_bytes_is_settled_when_the_request_is_done()
    {
        const string quota = """ "Quota": { "Limit": 1000, "Unit": "ContentBytes", "Window": { "Lifetime": true } } """;
        var large = At(0) with { RequestBytes = 400, ResponseBytes = 5_000_000_000, Duration = TimeSpan.FromSeconds(10) };
        var report = await RunAsync(Route(quota), [large, At(9) with { RequestBytes = 600 }, At(10) with { RequestBytes = 1 }]);
        Assert.Equal((3, 1), (report.Total.Requests, report.Total.Refused));
        Assert.Equal(Start.AddSeconds(10), Assert.Single(PolicyOf(report).Keys).First);
    }

    [Fact]
    public async Task Named_costs_are_settled_by_what_the_record_says()
    {
        const string quota = """ "Quota": { "Limit": 100, "Unit": "Cost:tokens", "Cost": 10, "Window": { "Lifetime": true } } """;
        var cheap = At(0) with { Costs = new Dictionary<string, long> { ["tokens"] = 1 } };
        var dear = At(1) with { Costs = new Dictionary<string, long> { ["Tokens"] = 99 } };
        var report = await RunAsync(Route(quota), [cheap, dear, At(2)]);
        Assert.Equal(1, report.Total.Refused);
    }

    [Theory]
    [InlineData("CostName", "tokens")]
    [InlineData("CostHeader", "X-Tokens")]
    public async Task Rates_of_costs_are_settled_when_the_request_is_done(string setting, string name)
    {
        var dear = At(0) with { Costs = new Dictionary<string, long> { [name] = 90 }, Duration = TimeSpan.FromSeconds(2) };
        var report = await RunAsync(
            Route($$""" "Throttle": { "RequestsPerSecond": 1, "Burst": 100, "Cost": 20, "{{setting}}": "{{name}}" } """), [dear, At(1), At(3), At(30)]);
        Assert.Equal(Start.AddSeconds(3), Assert.Single(PolicyOf(report).Keys).First);
        Assert.Equal(1, report.Total.Refused);
    }

    [Theory]
    [InlineData("upstream-timeout", 504, 0)]
    [InlineData("client-aborted", 499, 1)]
    [InlineData(null, 500, 1)]
    [InlineData("quota-exceeded", 429, 1)]
    public async Task Quota_counts_what_was_served_and_those_who_were_refused_as_if_they_had_been(string? reason, int status, int refused)
    {
        var first = At(0) with { Reason = reason, Status = status };
        var report = await RunAsync(Route(""" "Quota": { "Limit": 1, "Window": { "Lifetime": true } } """), [first, At(1)]);
        Assert.Equal(refused, report.Total.Refused);
        Assert.Equal(reason is "quota-exceeded" ? 1 : 0, report.Total.RefusedThen);
    }

    [Fact]
    public async Task Those_who_were_refused_are_left_out_if_only_the_served_are_asked_for()
    {
        var report = await RunAsync(Route(OnePerSecond), [At(0) with { Reason = "rate-limited" }, At(0) with { Status = 429 }, At(0), At(0)], new() { OnlyServed = true });
        Assert.Equal((2, 0, 2), (report.Total.Requests, report.Total.Refused, report.LeftOut));
    }

    [Fact]
    public async Task Places_are_held_for_as_long_as_requests_took()
    {
        var held = At(0) with { Duration = TimeSpan.FromSeconds(5) };
        var report = await RunAsync(Route(""" "Bulkhead": { "MaxInFlight": 2 } """), [held, held, At(4.9), At(5), held with { Time = Start.AddSeconds(6) }]);
        Assert.Equal(1, report.Total.Refused);
        Assert.Equal([new("overloaded", 1)], PolicyOf(report).Reasons);
        Assert.Empty(PolicyOf(report).Keys);
    }

    [Fact]
    public async Task Requests_of_one_caller_are_in_flight_for_as_long_as_they_took()
    {
        var held = At(0) with { Duration = TimeSpan.FromSeconds(5) };
        var report = await RunAsync(Route(""" "Concurrency": { "MaxInFlight": 1 } """), [held, At(4.9), At(4.9, "192.0.2.2"), At(5)]);
        Assert.Equal([new("concurrency-limited", 1)], PolicyOf(report).Reasons);
        Assert.Equal(("inflight", "192.0.2.1"), (PolicyOf(report).Name, Assert.Single(PolicyOf(report).Keys).Key));
    }

    [Fact]
    public async Task Classes_of_requests_have_the_places_that_are_kept_for_them()
    {
        var held = At(0) with { Duration = TimeSpan.FromSeconds(5) };
        var report = await RunAsync(
            Route(""" "Bulkhead": { "MaxInFlight": 2, "Priorities": { "Shares": { "Critical": 1 } } } """), [held, held, held with { Priority = "Critical" }, held with { Priority = "Critical" }]);
        Assert.Equal(2, report.Total.Refused);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("acme")]
    public async Task Claims_and_several_things_at_once_tell_keys_apart(string? consumer)
    {
        var report = await RunAsync(
            Route($$""" {{(consumer is null ? "" : "\"ApiKey\": {},")}} "Throttle": { "RequestsPerSecond": 1, "Partition": "Claim:sub+ClientAddress" } """),
            ((string?[])["a", "a", "b", null, null]).Select(sub => At(0) with { Consumer = consumer, Claims = sub is null ? null : new Dictionary<string, string> { ["sub"] = sub } }));
        var throttle = Assert.Single(report.Routes[0].Policies, static policy => policy.Policy is "Throttle");
        Assert.Equal([("(none)", 1), ("192.0.2.1 + a", 1)], throttle.Keys.Select(static key => (key.Key, key.Refusals)));
    }

    [Theory]
    [InlineData("""{ "MaxInFlight": 1, "Queue": 1 }""", "Queue")]
    [InlineData("""{ "MaxInFlight": 1, "Adaptive": {} }""", "Adaptive")]
    public async Task Places_that_records_cannot_answer_for_are_named_and_left_out(string bulkhead, string why)
    {
        var held = At(0) with { Duration = TimeSpan.FromSeconds(5) };
        var report = await RunAsync(Route($""" "Bulkhead": {bulkhead} """), [held, held, held]);
        Assert.Equal(0, report.Total.Refused);
        Assert.Contains(why, Assert.Single(report.Routes[0].NotReplayed));
    }

    [Fact]
    public async Task Requests_wait_for_their_turn_on_the_clock_of_the_records()
    {
        // The second waits for a second, the third would for two.
        var report = await RunAsync(Route(""" "Throttle": { "RequestsPerSecond": 1, "Burst": 1, "MaxDelay": "00:00:01" }, "Bulkhead": { "MaxInFlight": 1 } """), [
            At(0), At(0), At(0), At(0.5), At(0.9) with { Duration = TimeSpan.FromSeconds(9) }, At(2.5)]);
        Assert.Equal([("Throttle", 6, 3), ("Bulkhead", 3, 0)], report.Routes[0].Policies.Select(static policy => (policy.Policy, policy.Seen, policy.Refused)));
    }

    [Theory]
    [InlineData("ContentLength")]
    [InlineData("Header:X-Cost")]
    public async Task Costs_are_read_from_the_record(string cost)
    {
        var report = await RunAsync(
            Route($$""" "Throttle": { "RequestsPerSecond": 1, "Burst": 100, "Cost": "{{cost}}" } """),
            ((int[])[60, 50, 40, 101]).Select(static units => At(0) with { RequestBytes = units, Headers = new Dictionary<string, string> { ["X-Cost"] = $"{units}" } }));
        Assert.Equal([new("cost-exceeds-limit", 1), new("rate-limited", 1)], PolicyOf(report).Reasons);
    }

    [Fact]
    public async Task Routes_that_the_configuration_does_not_have_are_counted_by_name()
    {
        var report = await RunAsync(Route(OnePerSecond), [At(0, route: "gone"), At(0, route: "GONE"), At(0) with { Route = null }, At(0)]);
        Assert.Equal([new("gone", 2), new("(none)", 1)], report.UnknownRoutes);
        Assert.Equal(1, report.Total.Requests);
    }

    [Fact]
    public async Task Disorder_within_the_span_changes_nothing_and_beyond_it_is_counted()
    {
        AccessRecord[] records = [At(0), At(5), At(10), At(20), At(30), At(31), At(100)];
        AccessRecord[] shuffled = [At(10), At(0), At(5), At(30), At(20), At(31), At(100)];
        var options = new LimitReplayOptions { MaxDisorder = TimeSpan.FromSeconds(15) };
        var (sorted, disordered) = (await RunAsync(Route(OnePerSecond), records, options), await RunAsync(Route(OnePerSecond), shuffled, options));
        Assert.Equal(sorted.ToJson(), disordered.ToJson());
        Assert.Equal(0, disordered.Late);

        var late = await RunAsync(Route(OnePerSecond), [At(0), At(100), At(50), At(200)], options);
        Assert.Equal((4, 0), (late.Total.Requests, late.Late));
        late = await RunAsync(Route(OnePerSecond), [At(0), At(100), At(200), At(50), At(50), At(50)], options);
        Assert.Equal((6, 3, 2), (late.Total.Requests, late.Late, late.Total.Refused));
    }

    [Fact]
    public async Task Records_that_the_clock_cannot_reach_are_left_out_and_counted()
    {
        var report = await RunAsync(Route(OnePerSecond), [At(0), At(1), At(0) with { Time = Start.AddYears(11) }]);
        Assert.Equal((2, 1), (report.Total.Requests, report.OutOfRange));
    }

    [Theory]
    [InlineData(36)]
    [InlineData(-36)]
    public async Task A_time_that_is_far_off_does_not_end_putting_records_in_order(int years)
    {
        var wrong = At(0) with { Time = Start.AddYears(years) };
        var report = await RunAsync(Route(OnePerSecond), [At(0), wrong, At(5), At(2), At(9), At(7)]);
        Assert.Equal((5, 0, 1), (report.Total.Requests, report.Late, report.OutOfRange));
    }

    [Fact]
    public async Task A_replay_is_neither_measured_nor_told()
    {
        var (measured, told) = (new ConcurrentBag<string>(), new ObservedQuotas());
        using var listener = new MeterListener { InstrumentPublished = static (instrument, listener) => listener.EnableMeasurementEvents(instrument) };
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Note(instrument, tags));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Note(instrument, tags));
        listener.Start();
        var section = Section("""{ "Routes": { "only-replayed": { "Match": { "Path": "/r" }, "Respond": { "Body": "" }, "Quota": { "Limit": 2, "Window": { "Lifetime": true } } } } }""");
        var options = new LimitReplayOptions { Configure = gateway => gateway.Services.AddSingleton<IQuotaObserver>(told) };
        var report = await RunAsync(section, [At(0, route: "only-replayed"), At(0, route: "only-replayed"), At(0, route: "only-replayed")], options);
        Assert.Equal((1, 0), (report.Total.Refused, told.Crossings));
        Assert.Empty(measured);

        // Other tests measure meanwhile, and not of this route.
        void Note(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            foreach (var tag in tags)
            {
                if (tag.Value is "only-replayed")
                {
                    measured.Add(instrument.Name);
                }
            }
        }
    }

    [Fact]
    public async Task Callers_that_a_policy_is_in_force_for_are_those_that_it_is_live()
    {
        // Live they are told apart by their addresses.
        var records = Enumerable.Range(0, 50).Select(static consumer => At(0) with { Consumer = $"{consumer}" });
        var policy = PolicyOf(await RunAsync(Route(""" "Throttle": { "RequestsPerSecond": 1, "EnforcePercent": 50 } """), records));
        Assert.Equal((49, 49), (policy.Refused + policy.WouldRefuse, Math.Max(policy.Refused, policy.WouldRefuse)));
    }

    [Fact]
    public async Task All_errors_of_a_configuration_are_told_at_once()
    {
        var exception = await Assert.ThrowsAsync<GatewayConfigurationException>(() => RunAsync(
            Section("""{ "Routes": { "a": { "Match": { "Path": "/a" }, "Cluster": "nowhere", "Throttle": { "RequestsPerSecond": 0 } }, "b": { "Match": { "Path": "/b" }, "Respond": { "Body": "" }, "Thortle": {} } } }"""), []));
        Assert.Equal(
            ["Gateway:Routes:a:Cluster", "Gateway:Routes:a:Throttle:RequestsPerSecond", "Gateway:Routes:b:Thortle"],
            exception.Errors.Select(static error => error.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Quotas_that_contradict_each_other_are_errors_as_they_are_live()
    {
        var exception = await Assert.ThrowsAsync<GatewayConfigurationException>(() => RunAsync(
            Route(""" "Quota": [{ "Limit": 10, "Window": { "Calendar": "Month" } }, { "Limit": 20, "Window": { "Calendar": "Day" } }] """), []));
        Assert.Equal("Gateway:Routes:r:Quota", Assert.Single(exception.Errors).Path);
    }

    [Fact]
    public async Task A_section_that_is_not_there_is_an_error()
    {
        var exception = await Assert.ThrowsAsync<GatewayConfigurationException>(() => RunAsync(Section("{}").GetSection("Nothing"), []));
        Assert.Contains("Nothing", Assert.Single(exception.Errors).ToString());
    }

    [Fact]
    public async Task Start_up_code_of_a_host_takes_part()
    {
        var options = new LimitReplayOptions { Configure = static gateway => gateway.AddDefaults(new ThrottlePolicy { RequestsPerSecond = 1 }) };
        var report = await RunAsync(Section("""{ "Routes": { "r": { "Match": { "Path": "/r" }, "Respond": { "Body": "" } } } }"""), [At(0), At(0)], options);
        Assert.Equal(1, report.Total.Refused);
    }

    [Fact]
    public async Task Redacted_keys_are_hashes_that_tell_them_apart()
    {
        var keys = PolicyOf(await RunAsync(Route(""" "Throttle": { "RequestsPerSecond": 0.001 } """), [At(0), At(0), At(0, "192.0.2.2"), At(0, "192.0.2.2"), At(0, "192.0.2.2")], new() { Redact = true })).Keys;
        Assert.Equal([2, 1], keys.Select(static key => key.Refusals));
        Assert.All(keys, static key => Assert.Matches("^[0-9a-f]{32}$", key.Key));
        Assert.NotEqual(keys[0].Key, keys[1].Key);
    }

    [Fact]
    public async Task Two_configurations_are_compared_request_by_request()
    {
        var comparison = await LimitReplay.CompareAsync(
            Route(""" "Throttle": { "RequestsPerSecond": 1, "Burst": 3 } """),
            Route(""" "Throttle": { "RequestsPerSecond": 1, "Burst": 1 } """),
            ((AccessRecord[])[At(0), At(0), At(0), At(0), At(9), At(0, route: "gone")]).ToAsyncEnumerable(),
            cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(new(BothAllow: 2, OnlyFirstRefuses: 0, OnlySecondRefuses: 2, BothRefuse: 1), comparison.Total);
        Assert.Equal([new("r", comparison.Total)], comparison.Routes);
        Assert.Equal((1, 3, 0), (comparison.First.Total.Refused, comparison.Second.Total.Refused, comparison.NotCompared));
    }

    [Theory]
    [InlineData(-1, 10, 100_000)]
    [InlineData(0, 1_001, 100_000)]
    [InlineData(0, 10, 63)]
    public Task Options_out_of_range_are_refused(int seconds, int topKeys, int maxKeys) => Assert.ThrowsAsync<ArgumentOutOfRangeException>(
        () => RunAsync(Route(OnePerSecond), [], new() { MaxDisorder = TimeSpan.FromSeconds(seconds), TopKeys = topKeys, MaxKeys = maxKeys }));

    private static ReplayPolicyReport PolicyOf(ReplayReport report) => Assert.Single(Assert.Single(report.Routes).Policies);

    private sealed class ObservedQuotas : IQuotaObserver
    {
        public int Crossings { get; private set; }

        public void ThresholdCrossed(QuotaCrossing crossing, HttpContext httpContext) => Crossings++;
    }
}
