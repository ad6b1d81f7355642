using System.Net;
using System.Security.Claims;
using System.Threading.Channels;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Pipeline;
using GatewayKit.Pipeline;
using GatewayKit.Throttling;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using static GatewayKit.FunctionalTests.Throttling.ThrottledGateway;

namespace GatewayKit.FunctionalTests.Throttling;

/// <summary>Rates of what requests have used when they are done.</summary>
public sealed class ThrottleSettlementTests
{
    private static readonly ThrottlePolicy Rows = new() { Limit = 100, Window = TimeSpan.FromSeconds(100), Burst = 100, Cost = RequestCost.Of(10), CostName = "rows", CostHeader = "X-Rows" };

    private readonly FakeTimeProvider _time = new();
    private readonly Channel<bool> _done = Channel.CreateUnbounded<bool>();

    [Theory]
    [InlineData(RateAlgorithm.TokenBucket)]
    [InlineData(RateAlgorithm.SlidingWindow)]
    public async Task What_was_reported_is_what_was_taken(RateAlgorithm algorithm)
    {
        var policy = Rows with { Algorithm = algorithm, Burst = algorithm is RateAlgorithm.TokenBucket ? 100 : null };
        await using var destination = await TestHost.StartAsync(map: static app => app.MapGet("/field", static (HttpContext context) =>
        {
            context.Response.Headers["X-Rows"] = "60";
            return "field";
        }));
        await using var gateway = await StartAsync(
            app =>
            {
                app.MapGatewayRoute("/field", cluster: "field").WithThrottling(policy);
                app.MapGet("/code", static (HttpContext context) =>
                {
                    context.ReportCost("Rows", 2);
                    context.ReportCost("rows", 1);
                    context.ReportCost("tokens", 1_000);
                    return "own";
                }).WithThrottling(policy);
                app.MapGet("/silent", static () => "own").WithThrottling(policy);
            },
            destination);
        Assert.Equal(10, await PassedAsync(gateway, "/silent"));
        Assert.Equal(31, await PassedAsync(gateway, "/code")); // Of 7 that are left after 31 times 3, none has the 10 that are asked for.
        Assert.Equal(2, await PassedAsync(gateway, "/field")); // The second had 40, and owes 20.
    }

    [Fact]
    public async Task What_never_got_to_a_destination_has_cost_nothing()
    {
        await using var destination = await TestHost.StartAsync(map: static app => app.MapGet("/{**any}", static () => "own"));
        await using var gateway = await StartAsync(
            static app =>
            {
                app.MapGatewayRoute("/full", cluster: "field").WithThrottling(Rows).AddEndpointFilter(static (context, next) =>
                    new(new GatewayProblem(RejectionReason.Overloaded)));
                app.MapGet("/a", static () => "own").WithThrottling(Rows).WithThrottling(new() { RequestsPerSecond = 0.001, Partition = ThrottlePartition.Header("X-Tenant") });
            },
            destination);
        for (var i = 0; i < 20; i++)
        {
            using var full = await gateway.Client.GetAsync("/full");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, full.StatusCode);
            await _done.Reader.ReadAsync();
        }

        // What another throttle refuses is given back once: nine of ten are left for others.
        Assert.Equal(1, await gateway.PassedAsync("/a", requests: 20, tenant: "one"));
        for (var i = 0; i < 9; i++)
        {
            Assert.Equal(1, await gateway.PassedAsync("/a", requests: 1, tenant: $"other {i}"));
        }

        Assert.Equal(0, await gateway.PassedAsync("/a", requests: 1, tenant: "last"));
    }

    // A candidate that got everything back of what the live one refuses would never refuse anything.
    [Fact]
    public async Task What_the_live_throttle_refuses_stays_taken_of_its_candidate()
    {
        await using var gateway = await ThrottledGateway.StartAsync(_time, app =>
        {
            app.Use((context, next) =>
            {
                context.Response.OnCompleted(() => _done.Writer.WriteAsync(true).AsTask());
                return next(context);
            });
            app.MapGet("/a", static () => "own").WithThrottling(Rows with { Burst = 10, Candidate = Rows with { Burst = 30, Mode = PolicyMode.Shadow } });
        });
        using var table = new CandidateTable(gateway);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(i == 0 ? 1 : 0, await gateway.PassedAsync("/a", requests: 1));
            await _done.Reader.ReadAsync();
        }

        Assert.Equal(["HTTP: GET /a Throttle allowed/allowed 1", "HTTP: GET /a Throttle refused/allowed 2", "HTTP: GET /a Throttle refused/refused 2"], table.Rows);
    }

    [Fact]
    public async Task Users_are_told_apart_by_a_claim()
    {
        await using var gateway = await ThrottledGateway.StartAsync(_time, static app =>
        {
            app.Use(static (context, next) =>
            {
                var tenant = context.Request.Headers["X-Tenant"].ToString();
                context.User = new(new ClaimsIdentity([new("sub", tenant)], tenant.Length > 0 ? "test" : null));
                return next(context);
            });
            app.MapGatewayRoute(Route("a")).WithThrottling(new() { RequestsPerSecond = 0.001, Burst = 2, Partition = ThrottlePartition.Claim("sub") });
        });
        Assert.Equal(2, await gateway.PassedAsync("/a", requests: 3, tenant: "one"));
        Assert.Equal(2, await gateway.PassedAsync("/a", requests: 3, tenant: "two"));
        Assert.Equal(2, await gateway.PassedAsync("/a", requests: 3));
    }

    // What was registered first runs last: by then the request is settled.
    private Task<TestHost> StartAsync(Action<WebApplication> map, TestHost destination) => ThrottledGateway.StartAsync(
        _time,
        app =>
        {
            app.Use((context, next) =>
            {
                context.Response.OnCompleted(() => _done.Writer.WriteAsync(true).AsTask());
                return next(context);
            });
            map(app);
        },
        services: builder => builder.AddCluster("field", destination.Address.ToString()));

    private async Task<int> PassedAsync(TestHost gateway, string path)
    {
        var passed = 0;
        while (await gateway.PassedAsync(path, requests: 1) == 1)
        {
            await _done.Reader.ReadAsync();
            passed++;
        }

        await _done.Reader.ReadAsync();
        return passed;
    }
}
