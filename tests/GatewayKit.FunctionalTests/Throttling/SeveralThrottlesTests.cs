using GatewayKit.FunctionalTests.Pipeline;
using GatewayKit.Pipeline;
using GatewayKit.Throttling;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Time.Testing;
using static GatewayKit.FunctionalTests.Throttling.ThrottledGateway;

namespace GatewayKit.FunctionalTests.Throttling;

/// <summary>What is shared between endpoints, and what several throttles of one endpoint take.</summary>
public sealed class SeveralThrottlesTests
{
    private static readonly ThrottlePolicy ByAddress = new() { RequestsPerSecond = 0.001, Burst = 3 };
    private static readonly ThrottlePolicy ByTenant = new() { RequestsPerSecond = 0.001, Partition = ThrottlePartition.Header("X-Tenant") };
    private static readonly ThrottlePolicy ByRoute = new() { RequestsPerSecond = 0.001, Burst = 4, Partition = ThrottlePartition.Route };

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_request_that_a_later_throttle_refuses_has_taken_nothing_of_an_earlier_one(bool onRoute)
    {
        await using var gateway = await StartAsync(_time, app =>
            (onRoute ? app.MapGatewayRoute(Route("limited")) : app.MapGet("/limited", static () => "own")).WithThrottling(ByTenant).WithThrottling(ByAddress));
        Assert.Equal(1, await gateway.PassedAsync("/limited", requests: 9, tenant: "one"));
        Assert.Equal(1, await gateway.PassedAsync("/limited", requests: 9, tenant: "two"));
        Assert.Equal(1, await gateway.PassedAsync("/limited", requests: 9, tenant: "three"));
        Assert.Equal(0, await gateway.PassedAsync("/limited", requests: 1, tenant: "four"));
    }

    [Fact]
    public async Task Three_throttles_take_all_or_nothing()
    {
        await using var gateway = await StartAsync(_time, static app =>
            app.MapGatewayRoute(Route("limited")).WithThrottling(ByAddress with { Burst = 5 }).WithThrottling(ByRoute).WithThrottling(ByTenant));
        foreach (var (tenant, passed) in (ValueTuple<string, int>[])[("one", 1), ("two", 1), ("three", 1), ("four", 1), ("five", 0)])
        {
            Assert.Equal(passed, await gateway.PassedAsync("/limited", requests: 3, tenant));
        }
    }

    // What has come back by itself counts from the limit's own time, not from the first one's.
    [Fact]
    public async Task What_was_taken_after_a_slow_check_is_given_back_whole()
    {
        await using var gateway = await StartAsync(
            _time,
            static app => app.MapGatewayRoute(Route("limited")).WithThrottling(ByAddress).WithGatewayPolicy(new SlowPolicy())
                .WithThrottling(new() { RequestsPerSecond = 100, Burst = 10, Partition = ThrottlePartition.Header("X-Tenant") })
                .WithThrottling(ByRoute with { Burst = 1 }),
            services: static builder => builder.AddPolicy<SlowPolicy, SlowFilterFactory>("Slow"));
        Assert.Equal(1, await gateway.PassedAsync("/limited", requests: 1, tenant: "one"));
        gateway.Client.DefaultRequestHeaders.Add("X-Tenant", "one");
        using var refused = await gateway.Client.GetAsync("/limited");
        Assert.Contains("\"x-tenant\";r=10,", string.Join(", ", refused.Headers.GetValues("RateLimit")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_throttle_in_shadow_mode_gives_nothing_back_for_what_it_would_refuse()
    {
        await using var gateway = await StartAsync(_time, static app =>
            app.MapGatewayRoute(Route("limited")).WithThrottling(ByAddress).WithThrottling(ByTenant with { Mode = PolicyMode.Shadow }));
        Assert.Equal(3, await gateway.PassedAsync("/limited", requests: 9, tenant: "one"));
    }

    [Fact]
    public async Task Endpoints_with_one_display_name_have_allowances_of_their_own()
    {
        await using var gateway = await StartAsync(_time, static app =>
        {
            foreach (var host in (string[])["a.test", "b.test"])
            {
                app.MapGet("/hosts", static () => "own").RequireHost(host).WithThrottling(ByAddress);
            }

            foreach (var path in (string[])["/one", "/two"])
            {
                app.MapGet(path, static () => "own").WithDisplayName("the same").WithThrottling(ByAddress);
            }

            // The name of an endpoint is not the id of a route.
            app.MapGet("/own", static () => "own").WithName("named").WithThrottling(ByAddress);
            app.MapGatewayRoute(Route("named")).WithThrottling(ByAddress);
        });
        Assert.Equal(3, await gateway.PassedAsync("/one", requests: 4));
        Assert.Equal(3, await gateway.PassedAsync("/two", requests: 4));
        Assert.Equal(3, await gateway.PassedAsync("/own", requests: 4));
        Assert.Equal(3, await gateway.PassedAsync("/named", requests: 4));
        gateway.Client.DefaultRequestHeaders.Host = "a.test";
        Assert.Equal(3, await gateway.PassedAsync("/hosts", requests: 4));
        gateway.Client.DefaultRequestHeaders.Host = "b.test";
        Assert.Equal(3, await gateway.PassedAsync("/hosts", requests: 4));
    }

    [Fact]
    public async Task The_paths_of_one_route_share_its_allowance()
    {
        await using var gateway = await StartAsync(_time, static app =>
            app.MapGatewayRoute(Route("both") with { Match = new() { Paths = ["/first", "/second"] } }).WithThrottling(ByAddress));
        Assert.Equal(3, await gateway.PassedAsync("/first", requests: 4));
        Assert.Equal(0, await gateway.PassedAsync("/second", requests: 1));
    }

    /// <summary>Takes a second to find out who is calling.</summary>
    private sealed record SlowPolicy : IGatewayPolicy
    {
        public GatewayStage Stage => GatewayStage.Identify;

        public PolicyMode Mode => PolicyMode.Enforce;
    }

    private sealed class SlowFilterFactory(TimeProvider time) : GatewayFilterFactory<SlowPolicy>
    {
        protected override EndpointFilterDelegate Create(SlowPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) => context =>
        {
            ((FakeTimeProvider)time).Advance(TimeSpan.FromSeconds(1));
            return next(context);
        };
    }
}
