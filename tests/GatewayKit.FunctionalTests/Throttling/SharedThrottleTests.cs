using System.Globalization;
using System.Net;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Tests.Throttling.Sharing;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Quotas;
using GatewayKit.Throttling.Sharing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using static GatewayKit.FunctionalTests.Throttling.ThrottledGateway;

namespace GatewayKit.FunctionalTests.Throttling;

/// <summary>Gateways that share a store of rates.</summary>
public sealed class SharedThrottleTests
{
    private static readonly ThrottlePolicy ByTenant = new()
    {
        Limit = 60,
        Window = TimeSpan.FromHours(1),
        Partition = ThrottlePartition.Header("X-Tenant"),
        Sharing = RateSharing.Synchronous,
    };

    private readonly FakeTimeProvider _time = new();
    private readonly InMemoryRateStore _store;

    public SharedThrottleTests() => _store = new(_time);

    public static TheoryData<string> Modes => ["Synchronous", "Asynchronous:00:00:00.1", "Leased:3"];

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Gateways_admit_together_what_one_may(string sharing)
    {
        var json = $$"""
            {
              "Routes": {
                "shared": {
                  "Match": { "Path": "/shared" }, "Respond": { "Status": 200 },
                  "Throttle": { "Limit": 60, "Window": "01:00:00", "Burst": 10, "Partition": "Header:X-Tenant", "Sharing": "{{sharing}}", "OnStoreFailure": "Deny" }
                }
              }
            }
            """;
        await using var one = await StartAsync(_time, static app => app.MapGatewayRoutes(), json, AddStore);
        await using var other = await StartAsync(_time, static app => app.MapGatewayRoutes(), json, AddStore);
        Assert.Equal(4, await one.PassedAsync("/shared", requests: 4, tenant: "alice"));
        _time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(1, await other.PassedAsync("/shared", requests: 1, tenant: "alice"));
        _time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(5, await other.PassedAsync("/shared", requests: 9, tenant: "alice"));
        _time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(sharing.StartsWith('A') ? 1 : 0, await one.PassedAsync("/shared", requests: 1, tenant: "alice"));
        _time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(0, await one.PassedAsync("/shared", requests: 9, tenant: "alice"));
        Assert.Equal(10, await one.PassedAsync("/shared", requests: 10, tenant: "bob"));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Client_is_told_the_same_in_each_mode(string sharing)
    {
        await using var gateway = await StartAsync(_time, app => app.MapGatewayRoute(Route("shared")).WithThrottling(ByTenant with { Sharing = RateSharing.Parse(sharing) }), services: AddStore);
        for (var left = 9; left >= 0; left--)
        {
            using var passed = await AskAsync(gateway);
            Assert.Equal($"\"x-tenant\";r={left};t=60", Assert.Single(passed.Headers.GetValues("RateLimit")));
            Assert.Equal("\"x-tenant\";q=10;w=600", Assert.Single(passed.Headers.GetValues("RateLimit-Policy")));
        }

        using var refused = await AskAsync(gateway);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal("\"x-tenant\";r=0;t=60", Assert.Single(refused.Headers.GetValues("RateLimit")));
        Assert.InRange(int.Parse(Assert.Single(refused.Headers.GetValues("Retry-After")), CultureInfo.InvariantCulture), 60, 66);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_request_that_another_limit_refuses_has_taken_nothing(string sharing)
    {
        await using var gateway = await StartAsync(
            _time,
            app =>
            {
                app.MapGatewayRoute(Route("throttled")).WithThrottling(ByTenant with { Sharing = RateSharing.Parse(sharing) }).WithThrottling(new() { RequestsPerSecond = 0.001, Burst = 3, Partition = ThrottlePartition.Route });
                app.MapGatewayRoute(Route("counted")).WithThrottling(ByTenant with { Sharing = RateSharing.Parse(sharing) }).WithQuota(new() { Limit = 3, Window = new LifetimeWindow(), Partition = ThrottlePartition.Route });
            },
            services: builder =>
            {
                AddStore(builder);
                builder.Services.AddSingleton<IQuotaStore>(new InMemoryQuotaStore(_time, Microsoft.Extensions.Options.Options.Create(new QuotaOptions())));
            });
        foreach (var path in (string[])["/throttled", "/counted"])
        {
            Assert.Equal(3, await gateway.PassedAsync(path, requests: 30, tenant: "alice"));
            using var refused = await AskAsync(gateway, path);
            Assert.Contains("\"x-tenant\";r=7", string.Join(',', refused.Headers.GetValues("RateLimit")), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Throttle_that_needs_its_store_refuses_without_it_and_says_when_to_come_back()
    {
        await using var gateway = await StartAsync(_time, static app => app.MapGatewayRoute(Route("shared")).WithThrottling(ByTenant with { OnStoreFailure = StoreFailureAction.Deny }), services: AddStore);
        _store.Failure = new TimeoutException();
        using var refused = await AskAsync(gateway);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.InRange(int.Parse(Assert.Single(refused.Headers.GetValues("Retry-After")), CultureInfo.InvariantCulture), 1, 5);
        Assert.False(refused.Headers.Contains("RateLimit"));
        Assert.Contains("\"code\":\"limiter-unavailable\"", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Store_that_hangs_holds_a_request_up_for_its_time_and_no_longer()
    {
        var gateway = await StartAsync(_time, static app => app.MapGatewayRoute(Route("shared")).WithThrottling(ByTenant), services: AddStore);
        try
        {
            _store.Delay = new TaskCompletionSource().Task;
            var asking = AskAsync(gateway);
            await PassTimeUntilAsync(asking);
            using var answer = await asking;
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
        finally
        {
            // What is told at the end waits for the store by the same clock.
            var stopping = gateway.DisposeAsync().AsTask();
            await PassTimeUntilAsync(stopping);
            await stopping;
        }
    }

    private async Task PassTimeUntilAsync(Task ended)
    {
        while (!ended.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Yield();
        }
    }

    [Fact]
    public async Task Shadow_and_candidate_count_in_the_store_and_not_on_the_live_key()
    {
        await using var gateway = await StartAsync(
            _time,
            static app =>
            {
                app.MapGatewayRoute(Route("shadow")).WithThrottling(ByTenant with { Burst = 1, Mode = PolicyMode.Shadow });
                app.MapGatewayRoute(Route("candidate")).WithThrottling(ByTenant with { Candidate = ByTenant with { Mode = PolicyMode.Shadow } });
                app.MapGatewayRoute(Route("candidate-of-all")).WithThrottling(ByTenant with { Partition = ThrottlePartition.Constant, Candidate = ByTenant with { Partition = ThrottlePartition.Constant, Mode = PolicyMode.Shadow } });
            },
            services: AddStore);
        Assert.Equal(5, await gateway.PassedAsync("/shadow", requests: 5, tenant: "alice"));
        Assert.Single(_store.Keys);
        Assert.Equal(10, await gateway.PassedAsync("/candidate", requests: 20, tenant: "alice"));
        Assert.Equal(3, _store.Keys.Distinct().Count());
        Assert.Equal(10, await gateway.PassedAsync("/candidate-of-all", requests: 20, tenant: "alice"));
        Assert.Equal(5, _store.Keys.Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Host_without_a_store_does_not_start_and_says_what_to_call(string sharing)
    {
        var error = await Assert.ThrowsAsync<GatewayConfigurationException>(() =>
            StartAsync(_time, app => app.MapGatewayRoute(Route("shared")).WithThrottling(ByTenant with { Sharing = RateSharing.Parse(sharing) })));
        Assert.Contains($"Sharing is {RateSharing.Parse(sharing)}, and this host has no store of rates. Call AddApiGateway().AddRedis(…)", error.Message, StringComparison.Ordinal);
        error = await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync(_time, static app => app.MapGatewayRoutes(), $$"""
            { "Routes": { "a": { "Match": { "Path": "/a" }, "Respond": { "Status": 200 }, "Throttle": { "RequestsPerSecond": 5, "Sharing": "{{(sharing.StartsWith('L') ? "Leased" : sharing)}}" } } } }
            """));
        Assert.Contains("Gateway:Routes:a:Throttle", error.Message, StringComparison.Ordinal);
    }

    private void AddStore(GatewayBuilder builder) => builder.Services.AddSingleton<IRateStore>(_store);

    private static async Task<HttpResponseMessage> AskAsync(TestHost gateway, string path = "/shared")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("X-Tenant", "alice");
        return await gateway.Client.SendAsync(request);
    }
}
