using System.Net;
using System.Security.Claims;
using GatewayKit.Clusters;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Bulkheads;
using GatewayKit.Resilience.Priorities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>Which class requests belong to, and who gives way to whom.</summary>
public sealed class PriorityTests
{
    private static readonly Dictionary<string, string> Plans = new() { ["gold"] = PriorityClass.Critical, ["free"] = PriorityClass.BestEffort };

    [Theory]
    [InlineData("/none", null, "Standard")]
    [InlineData("/fixed", null, "Critical")]
    [InlineData("/claim", "X-Plan: gold", "Critical")]
    [InlineData("/claim", "X-Plan: GOLD", "Critical")]
    [InlineData("/claim", "X-Plan: free", "BestEffort")]
    [InlineData("/claim", "X-Plan: silver", "Standard")]
    [InlineData("/claim", null, "Standard")]
    [InlineData("/header", "X-Tier: gold", "Critical")]
    [InlineData("/header", "X-Tier: other", "Standard")]
    [InlineData("/code", "X-Batch: 1", "BestEffort")]
    [InlineData("/code", null, "Standard")]
    public async Task Class_is_what_the_policy_says(string path, string? header, string expected)
    {
        await using var gateway = await StartAsync();
        Assert.Equal(expected, await AskAsync(gateway, path, header));
    }

    // Whoever reaches the gateway past the proxy must not raise itself.
    [Theory]
    [InlineData("gold", "Standard")]
    [InlineData("free", "BestEffort")]
    [InlineData("other", "Standard")]
    public async Task Header_of_a_peer_that_is_not_trusted_only_lowers(string tier, string expected)
    {
        await using var gateway = await StartAsync("10.0.0.0/8");
        Assert.Equal(expected, await AskAsync(gateway, "/header", $"X-Tier: {tier}"));
    }

    [Fact]
    public async Task Header_that_only_lowers_needs_no_trusted_peer()
    {
        await using var gateway = await TestHost.GatewayAsync(
            """{ "Routes": { "a": { "Match": { "Path": "/" }, "Respond": {}, "RequestPriority": { "Class": "Critical", "Header": "X-Tier", "Classes": { "bulk": "BestEffort" } } } } }""");
        Assert.NotNull(gateway);
    }

    [Theory]
    [InlineData("BestEffort", "BestEffort")]
    [InlineData("besteffort", "BestEffort")]
    [InlineData("Standard", "Standard")]
    [InlineData("Critical", "Standard")]
    [InlineData("Vip", "Standard")]
    public async Task Client_may_lower_its_class_and_never_raise_it(string wanted, string expected)
    {
        await using var gateway = await StartAsync();
        Assert.Equal(expected, await AskAsync(gateway, "/lowered", $"X-Priority: {wanted}"));
    }

    [Fact]
    public async Task Route_that_matters_less_gives_way_at_the_cluster()
    {
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var begun = new SemaphoreSlim(0);
        await using var upstream = await Upstream.StartAsync(async context =>
        {
            begun.Release();
            await released.Task;
            await context.Response.WriteAsync("done");
        });
        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder.AddClusters(new Cluster
            {
                Id = "up",
                Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = upstream.Address } },
                Limits = new() { MaxInFlight = 3, Queue = 0, Priorities = new() },
            }),
            map: app =>
            {
                app.MapGatewayRoute("/reports/{**rest}", cluster: "up").WithRequestPriority(PriorityClass.BestEffort);
                app.MapGatewayRoute("/pay/{**rest}", cluster: "up").WithRequestPriority(PriorityClass.Critical);
            });
        using var refusals = new CountedTags(gateway, "gatewaykit.bulkhead.refused");
        var served = Enumerable.Range(0, 2).Select(_ => gateway.Client.GetStringAsync("/reports/1", TestContext.Current.CancellationToken)).ToList();
        await begun.WaitAsync(TestContext.Current.CancellationToken);
        await begun.WaitAsync(TestContext.Current.CancellationToken);
        using var refused = await gateway.Client.GetAsync("/reports/2", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        served.Add(gateway.Client.GetStringAsync("/pay/1", TestContext.Current.CancellationToken));
        await begun.WaitAsync(TestContext.Current.CancellationToken);
        released.SetResult();
        Assert.All(await Task.WhenAll(served), static answer => Assert.Equal("done", answer));
        Assert.Equal([PriorityClass.BestEffort], refusals.Of("gatewaykit.priority"));
    }

    [Theory]
    [InlineData("""{ "Routes": { "a": { "Match": { "Path": "/" }, "Cluster": "c", "RequestPriority": { "Class": "Citical" } } } }""", "Routes:a:RequestPriority", "Did you mean 'Critical'?")]
    [InlineData("""{ "Routes": { "a": { "Match": { "Path": "/" }, "Cluster": "c", "RequestPriority": { "Claim": "plan" } } } }""", "Routes:a:RequestPriority:Classes", "one without the other")]
    [InlineData("""{ "Routes": { "a": { "Match": { "Path": "/" }, "Cluster": "c", "RequestPriority": { "ClientHeader": "a b" } } } }""", "Routes:a:RequestPriority:ClientHeader", "not a header name")]
    [InlineData("""{ "Routes": { "a": { "Match": { "Path": "/" }, "Cluster": "c", "Bulkhead": { "MaxInFlight": 5, "Priorities": { "Shares": { "Citical": 0.5 } } } } } }""", "Routes:a:Bulkhead", "Did you mean 'Critical'?")]
    [InlineData("""{ "Clusters": { "d": { "Limits": { "Priorities": { "Shares": { "Citical": 0.5 } } } } } }""", "Clusters:d:Limits:Priorities:Shares:Citical", "Did you mean 'Critical'?")]
    [InlineData("""{ "Clusters": { "d": { "Limits": { "Priorities": { "Shares": { "Standard": 1.5 } } } } } }""", "Clusters:d:Limits:Priorities:Shares", "more than 0 and at most 1")]
    [InlineData("""{ "Clusters": { "d": { "Limits": { "Priorities": { "Shares": { "Standard": 0.6, "Critical": 0.5 } } } } } }""", "Clusters:d:Limits:Priorities:Shares", "add up to 1.1")]
    [InlineData("""{ "Routes": { "a": { "Match": { "Path": "/" }, "Cluster": "c", "RequestPriority": { "Header": "X-Tier", "Classes": { "gold": "Critical" } } } } }""", "Routes:a:RequestPriority", "'gold' in 'X-Tier' raises the class from 'Standard' to 'Critical', and only peers of GatewayOptions.TrustedProxies may")]
    [InlineData("""{ "PriorityClasses": [ "Only" ] }""", "Gateway:PriorityClasses", "two names or more")]
    public async Task What_cannot_be_meant_stops_the_start(string json, string path, string words)
    {
        var error = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(json, static builder => builder.AddCluster("c", "http://localhost:1")));
        Assert.Contains(error.Errors, one => one.Path.EndsWith(path, StringComparison.Ordinal) && one.Message.Contains(words, StringComparison.Ordinal));
    }

    [Fact]
    public void Shares_add_up_to_one_at_most() =>
        Assert.Throws<Microsoft.Extensions.Options.OptionsValidationException>(() => WebApplication.CreateBuilder().Build().MapGet("/", static () => "x")
            .WithBulkhead(new BulkheadPolicy { MaxInFlight = 5, Priorities = new() { Shares = new Dictionary<string, double> { ["Critical"] = 0.6, ["Standard"] = 0.5 } } }));

    private static Task<TestHost> StartAsync(string trusted = "127.0.0.0/8") => TestHost.GatewayAsync($$"""{ "TrustedProxies": [ "{{trusted}}" ] }""", map: app =>
    {
        app.Use((context, next) =>
        {
            if (context.Request.Headers["X-Plan"] is [{ } plan])
            {
                context.User = new(new ClaimsIdentity([new("plan", plan)], "test"));
            }

            return next(context);
        });
        app.MapGet("/none", Tell).WithThrottling(1_000, 1_000);
        app.MapGet("/fixed", Tell).WithRequestPriority(PriorityClass.Critical);
        app.MapGet("/claim", Tell).WithRequestPriority(new RequestPriorityPolicy { Claim = "plan", Classes = Plans });
        app.MapGet("/header", Tell).WithRequestPriority(new RequestPriorityPolicy { Header = "X-Tier", Classes = Plans });
        app.MapGet("/code", Tell).WithRequestPriority(static context => context.Request.Headers.ContainsKey("X-Batch") ? PriorityClass.BestEffort : null);
        app.MapGet("/lowered", Tell).WithRequestPriority(new RequestPriorityPolicy { ClientHeader = "X-Priority" });
    });

    private static string Tell(HttpContext context) => context.Features.Get<GatewayContext>()!.Priority;

    private static async Task<string> AskAsync(TestHost gateway, string path, string? header)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (header?.Split(": ") is [var name, var value])
        {
            request.Headers.Add(name, value);
        }

        using var answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }
}
