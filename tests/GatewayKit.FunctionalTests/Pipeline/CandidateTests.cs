using System.Net;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Throttling;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using GatewayKit.Resilience.Bulkheads;
using GatewayKit.Resilience.Timeouts;
using GatewayKit.Routing;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Quotas;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using static GatewayKit.FunctionalTests.Pipeline.Trail;

namespace GatewayKit.FunctionalTests.Pipeline;

/// <summary>Policies that have a candidate beside them.</summary>
public sealed class CandidateTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    public static TheoryData<string, string> Partitions() => new()
    {
        { "ClientAddress", "route" }, { "Route", "route" }, { "Constant", "route" }, { "Header:X-Tenant", "route" },
        { "ClientAddress", "own" }, { "Route", "own" }, { "Constant", "own" }, { "Header:X-Tenant", "own" },
    };

    [Theory]
    [MemberData(nameof(Partitions))]
    public async Task A_throttle_and_its_candidate_are_compared_on_every_request(string partition, string route)
    {
        var (strict, lax) = (Throttle(partition, burst: 1), Throttle(partition, burst: 3));
        await using (var gateway = await StartAsync(strict with { Candidate = lax with { Mode = PolicyMode.Shadow } }))
        {
            using var table = new CandidateTable(gateway);
            Assert.Equal(1, await gateway.PassedAsync($"/{route}", requests: 5, tenant: "one"));
            Assert.Equal([$"{route} Throttle allowed/allowed 1", $"{route} Throttle refused/allowed 2", $"{route} Throttle refused/refused 2"], table.Rows);
        }

        await using (var gateway = await StartAsync(lax with { Candidate = strict with { Mode = PolicyMode.Shadow } }))
        {
            using var table = new CandidateTable(gateway);
            Assert.Equal(3, await gateway.PassedAsync($"/{route}", requests: 5, tenant: "one"));
            Assert.Equal([$"{route} Throttle allowed/allowed 1", $"{route} Throttle allowed/refused 2", $"{route} Throttle refused/refused 2"], table.Rows);
        }
    }

    [Theory]
    [MemberData(nameof(Partitions))]
    public async Task A_candidate_with_equal_numbers_takes_nothing_of_the_live_allowance(string partition, string route)
    {
        var policy = Throttle(partition, burst: 3);
        await using var gateway = await StartAsync(policy with { Candidate = policy with { Mode = PolicyMode.Shadow } });
        using var table = new CandidateTable(gateway);
        Assert.Equal(3, await gateway.PassedAsync($"/{route}", requests: 5, tenant: "one"));
        Assert.Equal([$"{route} Throttle allowed/allowed 3", $"{route} Throttle refused/refused 2"], table.Rows);
    }

    [Theory]
    [InlineData("Route", QuotaCountWhen.Served)]
    [InlineData("Constant", QuotaCountWhen.Served)]
    [InlineData("ClientAddress", QuotaCountWhen.Succeeded)]
    public async Task A_quota_that_is_tried_counts_what_it_would_admit_also_where_the_live_one_refuses(string partition, QuotaCountWhen countWhen)
    {
        var policy = new QuotaPolicy { Limit = 1, Window = new CalendarWindow(CalendarUnit.Day), Partition = ThrottlePartition.Parse(partition, null), CountWhen = countWhen };
        await using var gateway = await StartAsync(policy with { Candidate = policy with { Limit = 3, Mode = PolicyMode.Shadow } });
        using var table = new CandidateTable(gateway);
        Assert.Equal(1, await gateway.PassedAsync("/route", requests: 1));
        for (var i = 0; i < 4; i++)
        {
            // One after the other, as each is settled when its response is complete.
            Assert.Equal(0, await gateway.PassedAsync("/route", requests: 1));
        }

        Assert.Equal(["route Quota allowed/allowed 1", "route Quota refused/allowed 2", "route Quota refused/refused 2"], table.Rows);
    }

    [Fact]
    public async Task A_bulkhead_that_is_tried_holds_places_for_those_it_would_let_in()
    {
        var (entered, released) = (new SemaphoreSlim(0), new TaskCompletionSource());
        await using var gateway = await StartAsync(new BulkheadPolicy { MaxInFlight = 3, Candidate = new() { MaxInFlight = 1, Mode = PolicyMode.Shadow } }, async () =>
        {
            entered.Release();
            await released.Task;
        });
        using var table = new CandidateTable(gateway);
        var held = new List<Task<HttpResponseMessage>>();
        for (var i = 0; i < 3; i++)
        {
            held.Add(gateway.Client.GetAsync("/own"));
            Assert.True(await entered.WaitAsync(TimeSpan.FromSeconds(30)));
        }

        using (var refused = await gateway.Client.GetAsync("/own"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        }

        released.SetResult();
        foreach (var one in await Task.WhenAll(held))
        {
            one.Dispose();
        }

        Assert.Equal(["own Bulkhead allowed/allowed 1", "own Bulkhead allowed/refused 2", "own Bulkhead refused/refused 1"], table.Rows);
    }

    [Fact]
    public async Task A_circuit_that_is_tried_opens_by_itself()
    {
        var rules = new CircuitBreakerPolicy { MinResults = 100, FailuresInARow = 10 };
        await using var gateway = await StartAsync(rules with { Candidate = rules with { FailuresInARow = 2, Mode = PolicyMode.Shadow } }, respond: StatusCodes.Status503ServiceUnavailable);
        using var table = new CandidateTable(gateway);
        for (var i = 0; i < 12; i++)
        {
            using var answer = await gateway.Client.GetAsync("/route");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        }

        Assert.Equal(["route CircuitBreaker allowed/allowed 2", "route CircuitBreaker allowed/refused 8", "route CircuitBreaker refused/refused 2"], table.Rows);
        Assert.Equal(CircuitState.Open, gateway.App.Services.GetRequiredService<GatewayCircuits>().GetAll()["route (candidate)"]);
    }

    [Fact]
    public async Task A_deadline_that_is_tried_ends_nothing()
    {
        await using var gateway = await StartAsync(new TimeoutPolicy { Total = TimeSpan.FromSeconds(30), Candidate = new() { Total = TimeSpan.FromSeconds(10), Mode = PolicyMode.Shadow } }, () =>
        {
            _time.Advance(TimeSpan.FromSeconds(11));
            return Task.CompletedTask;
        });
        using var table = new CandidateTable(gateway);
        Assert.Equal("own", await gateway.Client.GetStringAsync("/own"));
        Assert.Equal(["own Timeout allowed/refused 1"], table.Rows);
    }

    [Theory]
    [InlineData(PolicyMode.Enforce, true, HttpStatusCode.TooManyRequests, "refused/allowed")]
    [InlineData(PolicyMode.Enforce, false, HttpStatusCode.OK, "allowed/refused")]
    [InlineData(PolicyMode.Shadow, true, HttpStatusCode.OK, "refused/allowed")]
    [InlineData(PolicyMode.Shadow, false, HttpStatusCode.OK, "allowed/refused")]
    public async Task Both_are_in_the_decisions_whatever_the_mode_of_the_live_one(PolicyMode mode, bool liveRefuses, HttpStatusCode status, string row)
    {
        var observer = new AwaitableObserver();
        var policy = new TrailPolicy("tried") { Mode = mode, Refuses = liveRefuses, Candidate = new("tried") { Mode = PolicyMode.Shadow, Refuses = !liveRefuses } };
        await using var gateway = await StartAsync(policy, services: builder => builder.Services.AddSingleton<IGatewayObserver>(observer));
        using var table = new CandidateTable(gateway);
        foreach (var path in (string[])["route", "own"])
        {
            using var answer = await gateway.Client.GetAsync($"/{path}");
            Assert.Equal(status, answer.StatusCode);
            var decision = Assert.Single((await observer.NextAsync()).Decisions);
            Assert.Equal(
                (mode, liveRefuses ? mode is PolicyMode.Enforce ? PolicyOutcome.Refused : PolicyOutcome.WouldRefuse : PolicyOutcome.Allowed, liveRefuses ? PolicyOutcome.Allowed : PolicyOutcome.WouldRefuse),
                (decision.Mode, decision.Outcome, decision.Candidate));
        }

        Assert.Equal([$"own Trail {row} 1", $"route Trail {row} 1"], table.Rows);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_candidate_that_fails_hurts_nobody(bool late)
    {
        var log = new LogRecorder();
        await using var gateway = await StartAsync(
            new BrokenPolicy { Candidate = new() { Mode = PolicyMode.Shadow, Fails = true, Late = late } },
            services: builder => builder.AddPolicy<BrokenPolicy, BrokenFilterFactory>("Broken").Services.AddLogging(logging => logging.AddProvider(log)));
        using var table = new CandidateTable(gateway);
        Assert.Equal("route", await gateway.Client.GetStringAsync("/route"));
        Assert.Equal("own", await gateway.Client.GetStringAsync("/own"));
        Assert.Equal(["own Broken allowed/refused 1", "route Broken allowed/refused 1"], table.Rows);
        Assert.Equal(2, log.Take(eventId: 1007).Count(static entry => entry.Level is LogLevel.Error));
    }

    [Theory]
    [InlineData(true, false, 100, HttpStatusCode.TooManyRequests, "refused/allowed")]
    [InlineData(false, true, 100, HttpStatusCode.OK, "allowed/refused")]
    [InlineData(true, true, 100, HttpStatusCode.TooManyRequests, "refused/refused")]
    [InlineData(true, false, 1, HttpStatusCode.OK, "refused/allowed")]
    public async Task Refusals_of_answers_are_compared_too(bool liveRefuses, bool candidateRefuses, int percent, HttpStatusCode status, string row)
    {
        var request = new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Loopback } };
        Assert.Equal(percent == 100, new EnforcedShare("Late", percent).Includes(request));
        await using var gateway = await StartAsync(
            new LatePolicy { Refuses = liveRefuses, EnforcePercent = percent, Candidate = new() { Mode = PolicyMode.Shadow, Refuses = candidateRefuses } },
            services: static builder => builder.AddPolicy<LatePolicy, LateFilterFactory>("Late"));
        using var table = new CandidateTable(gateway);
        foreach (var path in (string[])["route", "own"])
        {
            using var answer = await gateway.Client.GetAsync($"/{path}");
            Assert.Equal(status, answer.StatusCode);
        }

        Assert.Equal([$"own Late {row} 1", $"route Late {row} 1"], table.Rows);
    }

    [Fact]
    public async Task What_fails_behind_a_candidate_is_no_decision_of_it()
    {
        var policy = new TrailPolicy("tried") { Candidate = new("tried") { Mode = PolicyMode.Shadow } };
        await using var gateway = await StartAsync(policy, static () => throw new BadHttpRequestException("broken", StatusCodes.Status418ImATeapot));
        using var table = new CandidateTable(gateway);
        using var answer = await gateway.Client.GetAsync("/own");
        Assert.False(answer.IsSuccessStatusCode);
        Assert.Equal(["own Trail allowed/allowed 1"], table.Rows);
    }

    [Fact]
    public async Task Candidates_are_shown_and_those_who_differ_are_logged()
    {
        var log = new LogRecorder();
        var policy = new TrailPolicy("tried") { EnforcePercent = 100, Candidate = new("tried") { Mode = PolicyMode.Shadow, Refuses = true } };
        await using var gateway = await StartAsync(policy, services: builder => builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(log)));
        Assert.Equal(
            ["own /own: Limit Trail (with candidate) → host endpoint", "route /route: Limit Trail (with candidate) → answer 200"],
            gateway.App.Services.GetRequiredService<GatewayInspector>().Describe().Split(Environment.NewLine).Order(StringComparer.Ordinal));
        Assert.Equal("route", await gateway.Client.GetStringAsync("/route"));
        Assert.Equal("Trail and its candidate differ about a request on route: live allowed, candidate refused.", Assert.Single(log.Take(eventId: 1006)).Message);
    }

    [Theory]
    [InlineData("""{ "RequestsPerSecond": 1, "Candidate": { "RequestsPerSecond": 2 } }""", "Throttle:Candidate:Mode", "Mode is Enforce; a candidate decides and refuses nobody.")]
    [InlineData("""{ "RequestsPerSecond": 1, "Candidate": { "RequestsPerSecond": 2, "Mode": "Off" } }""", "Throttle:Candidate:Mode", "Mode is Off; a candidate decides and refuses nobody.")]
    [InlineData("""{ "RequestsPerSecond": 1, "Candidate": { "RequestsPerSecond": 0, "Mode": "Shadow" } }""", "Throttle:Candidate:RequestsPerSecond", "RequestsPerSecond is 0")]
    [InlineData("""{ "RequestsPerSecond": 1, "Candidate": { "Mode": "Shadow" } }""", "Throttle:Candidate:RequestsPerSecond", "")]
    [InlineData("""{ "RequestsPerSecond": 1, "Candidate": { "RequestsPerSecond": 2, "Mode": "Shadow", "EnforcePercent": 50 } }""", "Throttle:Candidate:EnforcePercent", "the requests of all callers")]
    [InlineData("""{ "RequestsPerSecond": 1, "Candidate": { "RequestsPerSecond": 2, "Mode": "Shadow", "Candidate": { "RequestsPerSecond": 3, "Mode": "Shadow" } } }""", "Throttle:Candidate:Candidate", "A candidate has none of its own.")]
    [InlineData("""{ "RequestsPerSecond": 1, "Candidate": { "RequestsPerSecond": 2, "Mode": "Shadow", "Partition": "Route" } }""", "Throttle:Candidate", "another purpose than its policy")]
    public async Task A_candidate_that_cannot_be_one_is_an_error_with_its_path(string throttle, string path, string message)
    {
        var failed = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            $$"""{ "Routes": { "r": { "Match": { "Path": "/" }, "Respond": {}, "Throttle": {{throttle}} } } }"""));
        var only = Assert.Single(failed.Errors);
        Assert.Equal($"Gateway:Routes:r:{path}", only.Path);
        Assert.Contains(message, only.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Transforms", """{ "Steps": [], "Candidate": { "Mode": "Shadow" } }""")]
    [InlineData("Mirror", """{ "Cluster": "c", "Candidate": { "Cluster": "c", "Mode": "Shadow" } }""")]
    [InlineData("Fault", """{ "Abort": { "Status": 503 }, "Candidate": { "Mode": "Shadow" } }""")]
    [InlineData("Fallback", """{ "Cluster": "c", "Candidate": { "Cluster": "c", "Mode": "Shadow" } }""")]
    public async Task A_policy_without_decisions_to_compare_says_why_it_has_no_candidates(string policy, string json)
    {
        var failed = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            $$"""{ "Clusters": { "c": { "Destinations": { "a": { "Address": "http://127.0.0.1:9" } } } }, "Routes": { "r": { "Match": { "Path": "/" }, "Respond": {}, "{{policy}}": {{json}} } } }"""));
        Assert.Contains(failed.Errors, error => error.Path == $"Gateway:Routes:r:{policy}:Candidate" && error.Message.Contains($"{policy} has no candidates, because", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Circuits_of_destinations_have_no_candidates()
    {
        var failed = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync("""{ "Clusters": { "c": { "CircuitBreaker": { "Candidate": { "Mode": "Shadow" } } } } }"""));
        Assert.Contains(failed.Errors, static error => error.Path == "Gateway:Clusters:c:CircuitBreaker:Candidate");
    }

    [Fact]
    public async Task A_candidate_in_code_is_checked_at_the_start()
    {
        var failed = await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync(Throttle("Route", burst: 1) with { Candidate = Throttle("Route", burst: 2) }));
        Assert.Contains("Throttle:Candidate:Mode: Mode is Enforce; a candidate decides and refuses nobody.", failed.Message, StringComparison.Ordinal);
    }

    private static ThrottlePolicy Throttle(string partition, int burst) => new() { RequestsPerSecond = 0.001, Burst = burst, Partition = ThrottlePartition.Parse(partition, null) };

    private Task<TestHost> StartAsync(IGatewayPolicy policy, Func<Task>? handler = null, Action<GatewayBuilder>? services = null, int respond = StatusCodes.Status200OK) => TestHost.GatewayAsync(
        services: builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(_time);
            builder.Services.AddSingleton<IQuotaStore, InMemoryQuotaStore>();
            builder.AddTrail();
            services?.Invoke(builder);
        },
        map: app =>
        {
            app.MapGatewayRoute(new GatewayRoute { Id = "route", Match = new() { Path = "/route" }, Respond = new() { Body = "route", Status = respond } }).WithGatewayPolicy(policy);
            app.MapGet("/own", async () =>
            {
                await (handler?.Invoke() ?? Task.CompletedTask);
                return "own";
            }).WithName("own").WithGatewayPolicy(policy);
        });

    private sealed record LatePolicy : IGatewayPolicy
    {
        public GatewayStage Stage => GatewayStage.Limit;

        public PolicyMode Mode { get; init; }

        public int EnforcePercent { get; init; } = 100;

        public bool Refuses { get; init; }

        public LatePolicy? Candidate { get; init; }

        IGatewayPolicy? IGatewayPolicy.Candidate => Candidate;

        IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };
    }

    private sealed class LateFilterFactory : GatewayFilterFactory<LatePolicy>
    {
        protected override EndpointFilterDelegate Create(LatePolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) => async context =>
        {
            var answer = await next(context);
            return policy.Refuses ? GatewayContext.From(context).RefuseAnswer(policy, new(RejectionReason.RateLimited)) : answer;
        };
    }

    private sealed record BrokenPolicy : IGatewayPolicy
    {
        public GatewayStage Stage => GatewayStage.Limit;

        public PolicyMode Mode { get; init; }

        public bool Fails { get; init; }

        public bool Late { get; init; }

        public BrokenPolicy? Candidate { get; init; }

        IGatewayPolicy? IGatewayPolicy.Candidate => Candidate;
    }

    private sealed class BrokenFilterFactory : GatewayFilterFactory<BrokenPolicy>
    {
        protected override EndpointFilterDelegate Create(BrokenPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) => !policy.Fails ? next : async context =>
        {
            if (policy.Late)
            {
                _ = await next(context);
            }

            throw new InvalidOperationException("broken");
        };
    }
}
