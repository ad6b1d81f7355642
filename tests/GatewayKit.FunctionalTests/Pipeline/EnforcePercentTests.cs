using System.Net;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Throttling;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using static GatewayKit.FunctionalTests.Pipeline.Trail;

namespace GatewayKit.FunctionalTests.Pipeline;

/// <summary>Policies that are in force for some callers.</summary>
public sealed class EnforcePercentTests
{
    private const string AddressField = "X-Test-Address";

    [Theory]
    [InlineData("/route")]
    [InlineData("/other")]
    [InlineData("/own")]
    public async Task A_caller_outside_of_the_share_meets_the_policy_in_shadow(string path)
    {
        var observer = new AwaitableObserver();
        var policy = new TrailPolicy("refusing") { Refuses = true, EnforcePercent = 30 };
        await using var gateway = await StartAsync(
            app =>
            {
                app.MapGatewayRoute(Route("route")).WithGatewayPolicy(policy);
                app.MapGatewayRoute(Route("other")).WithGatewayPolicy(policy);
                app.MapGet("/own", static () => "own").WithGatewayPolicy(policy);
            },
            builder => builder.Services.AddSingleton<IGatewayObserver>(observer));
        var share = new EnforcedShare("Trail", 30);

        Assert.Equal(HttpStatusCode.TooManyRequests, await StatusAsync(gateway, path, Caller(share, isIn: true)));
        Assert.Equal([new PolicyDecision("Trail", PolicyMode.Enforce, PolicyOutcome.Refused, RejectionReason.RateLimited, 30)], (await observer.NextAsync()).Decisions);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(gateway, path, Caller(share, isIn: false)));
        Assert.Equal([new PolicyDecision("Trail", PolicyMode.Shadow, PolicyOutcome.WouldRefuse, RejectionReason.RateLimited, 30)], (await observer.NextAsync()).Decisions);
    }

    [Fact]
    public async Task Both_groups_use_one_allowance()
    {
        var policy = new ThrottlePolicy { RequestsPerSecond = 0.001, Burst = 2, Partition = ThrottlePartition.Route, EnforcePercent = 30 };
        await using var gateway = await StartAsync(app => app.MapGatewayRoute(Route("route")).WithThrottling(policy));
        var share = new EnforcedShare("Throttle", 30);

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(gateway, "/route", Caller(share, isIn: false)));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(gateway, "/route", Caller(share, isIn: false)));
        Assert.Equal(HttpStatusCode.TooManyRequests, await StatusAsync(gateway, "/route", Caller(share, isIn: true)));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(gateway, "/route", Caller(share, isIn: false)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Limits_give_back_to_each_other_what_they_enforce_on_the_caller(bool isIn)
    {
        // The throttle by route refuses what the one by tenant has let through; that gets it back where it is in force, and only there.
        var byTenant = new ThrottlePolicy { RequestsPerSecond = 0.001, Burst = 2, Partition = ThrottlePartition.Header("X-Tenant"), EnforcePercent = 30 };
        var observer = new AwaitableObserver();
        await using var gateway = await StartAsync(
            app => app.MapGatewayRoute(Route("route"))
                .WithThrottling(byTenant)
                .WithThrottling(new() { RequestsPerSecond = 0.001, Partition = ThrottlePartition.Header("X-Key") }),
            builder => builder.Services.AddSingleton<IGatewayObserver>(observer));
        var tenant = Tenant(30, isIn);

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(gateway, "/route", "192.0.2.1", key: "a", tenant));
        Assert.Equal(HttpStatusCode.TooManyRequests, await StatusAsync(gateway, "/route", "192.0.2.1", key: "a", tenant));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(gateway, "/route", "192.0.2.1", key: "b", tenant));
        await observer.NextAsync();
        await observer.NextAsync();
        Assert.Equal(isIn ? PolicyOutcome.Allowed : PolicyOutcome.WouldRefuse, (await observer.NextAsync()).Decisions[0].Outcome);
    }

    [Fact]
    public async Task A_throttle_that_is_in_force_for_others_hides_nothing_from_the_next()
    {
        // Of three, the first is in shadow for the caller; the other two still take all or nothing.
        static ThrottlePolicy By(string header, int burst) => new() { RequestsPerSecond = 0.001, Burst = burst, Partition = ThrottlePartition.Header(header) };
        await using var gateway = await StartAsync(app => app.MapGatewayRoute(Route("route"))
            .WithThrottling(By("X-First", 1) with { EnforcePercent = 30, Partition = ThrottlePartition.Route }).WithThrottling(By("X-Tenant", 2)).WithThrottling(By("X-Key", 1)));
        var caller = Caller(new EnforcedShare("Throttle", 30), isIn: false);

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(gateway, "/route", caller, key: "a"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await StatusAsync(gateway, "/route", caller, key: "a"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(gateway, "/route", caller, key: "b"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await StatusAsync(gateway, "/route", caller, key: "c"));
    }

    // A tenant calls from several addresses: half of its requests in force would be a limit that nobody understands.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Those_who_share_an_allowance_are_in_or_out_together(bool isIn)
    {
        await using var gateway = await StartAsync(app => app.MapGatewayRoute(Route("route"))
            .WithThrottling(new() { RequestsPerSecond = 0.001, Partition = ThrottlePartition.Header("X-Tenant"), EnforcePercent = 50 }));
        var tenant = Tenant(50, isIn);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(gateway, "/route", "192.0.2.1", tenant: tenant));
        for (var last = 1; last <= 20; last++)
        {
            Assert.Equal(isIn ? HttpStatusCode.TooManyRequests : HttpStatusCode.OK, await StatusAsync(gateway, "/route", $"192.0.2.{last}", tenant: tenant));
        }
    }

    [Fact]
    public async Task A_percentage_is_shown_in_the_description_of_the_pipeline()
    {
        await using var gateway = await StartAsync(app =>
        {
            app.MapGatewayRoute(Route("route")).WithGatewayPolicy(new TrailPolicy("a") { EnforcePercent = 25 });
            app.MapGet("/own", static () => "own").WithGatewayPolicy(new TrailPolicy("a") { EnforcePercent = 25, Mode = PolicyMode.Shadow });
        });

        Assert.Equal(
            ["HTTP: GET /own /own: Limit Trail (Shadow) → host endpoint", "route /route: Limit Trail (Enforce 25 %) → answer 200"],
            gateway.App.Services.GetRequiredService<GatewayInspector>().Describe().Split(Environment.NewLine).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("""{ "Routes": { "a": { "Match": { "Path": "/a" }, "Respond": {}, "Throttle": { "RequestsPerSecond": 1, "EnforcePercent": 0 } } } }""", "Routes:a:Throttle:EnforcePercent", "EnforcePercent is 0; it must be from 1 to 100.")]
    [InlineData("""{ "Routes": { "a": { "Match": { "Path": "/a" }, "Respond": {}, "WebSockets": { "EnforcePercent": 101 } } } }""", "Routes:a:WebSockets:EnforcePercent", "EnforcePercent is 101; it must be from 1 to 100.")]
    [InlineData("""{ "Clusters": { "c": { "CircuitBreaker": { "EnforcePercent": 25 } } } }""", "Clusters:c:CircuitBreaker:EnforcePercent", "the circuit of a destination is open for all callers or none")]
    public async Task A_percentage_that_means_nothing_is_an_error_with_its_path(string json, string path, string message)
    {
        var failed = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(json, map: static app => app.MapGatewayRoutes()));
        Assert.Contains(failed.Errors, error => error.Path.EndsWith(path, StringComparison.Ordinal) && error.Message.Contains(message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_policy_that_does_not_say_what_it_is_in_shadow_cannot_be_in_force_for_some()
    {
        var failed = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            services: static builder => builder.AddPolicy<MutePolicy, MuteFilterFactory>("Mute"),
            map: static app => app.MapGet("/own", static () => "own").WithGatewayPolicy(new MutePolicy())));
        Assert.Contains("InShadow() of MutePolicy does not say what it is for other callers.", failed.Message);
    }

    private static Task<TestHost> StartAsync(Action<WebApplication> map, Action<GatewayBuilder>? services = null) => TestHost.GatewayAsync(
        services: builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(new FakeTimeProvider());
            builder.AddTrail();
            services?.Invoke(builder);
        },
        map: app =>
        {
            app.Use((context, next) =>
            {
                context.Connection.RemoteIpAddress = IPAddress.Parse(context.Request.Headers[AddressField].ToString());
                return next(context);
            });
            map(app);
        });

    private static string Caller(EnforcedShare share, bool isIn) => Enumerable.Range(1, 255).Select(static last => $"192.0.2.{last}").First(address =>
    {
        var request = new DefaultHttpContext();
        request.Connection.RemoteIpAddress = IPAddress.Parse(address);
        return share.Includes(request) == isIn;
    });

    private static string Tenant(int percent, bool isIn)
    {
        var share = new EnforcedShare("Throttle", percent, ThrottlePartition.Header("X-Tenant"));
        return Enumerable.Range(0, 255).Select(static number => $"tenant-{number}").First(tenant => share.Includes(new DefaultHttpContext { Request = { Headers = { ["X-Tenant"] = tenant } } }) == isIn);
    }

    private static async Task<HttpStatusCode> StatusAsync(TestHost gateway, string path, string caller, string? key = null, string tenant = "one")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { AddressField, caller }, { "X-Tenant", tenant }, { "X-First", "one" }, { "X-Key", key ?? "a" } } };
        using var response = await gateway.Client.SendAsync(request);
        return response.StatusCode;
    }

    private sealed record MutePolicy : IGatewayPolicy
    {
        public GatewayStage Stage => GatewayStage.Limit;

        public PolicyMode Mode => PolicyMode.Enforce;

        public int EnforcePercent => 25;
    }

    private sealed class MuteFilterFactory : GatewayFilterFactory<MutePolicy>
    {
        protected override EndpointFilterDelegate Create(MutePolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) => next;
    }
}
