using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Concurrency;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Throttling.Concurrency;

/// <summary>How much of one caller is in flight.</summary>
public sealed class ConcurrencyTests : IDisposable
{
    private static readonly ConcurrencyPolicy TwoOfEach = new() { MaxInFlight = 2, Partition = ThrottlePartition.Header("X-Tenant") };

    private readonly SemaphoreSlim _begun = new(0);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose() => _begun.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Caller_with_too_many_in_flight_is_told_and_others_are_served(bool onRoute)
    {
        await using var upstream = await Upstream.StartAsync(HoldAsync);
        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder.AddCluster("up", upstream.Address.ToString()),
            map: app => (onRoute ? app.MapGatewayRoute("/held", cluster: "up") : (IEndpointConventionBuilder)app.MapGet("/held", HoldAsync)).WithConcurrencyLimit(TwoOfEach));
        var held = new[] { AskAsync(gateway, "a"), AskAsync(gateway, "a") };
        await _begun.WaitAsync(TestContext.Current.CancellationToken);
        await _begun.WaitAsync(TestContext.Current.CancellationToken);
        using var refused = await AskAsync(gateway, "a");
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter?.Delta);
        Assert.Equal(["\"inflight\";q=2;qu=\"concurrent-requests\""], refused.Headers.GetValues("RateLimit-Policy"));
        Assert.Equal(["\"inflight\";r=0"], refused.Headers.GetValues("RateLimit"));
        var problem = await refused.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        Assert.Equal(
            ("concurrency-limited", "https://iana.org/assignments/http-problem-types#quota-exceeded"),
            (problem.GetProperty("code").GetString(), problem.GetProperty("type").GetString()));
        var other = AskAsync(gateway, "b");
        await _begun.WaitAsync(TestContext.Current.CancellationToken);
        _released.SetResult();
        using var served = await other;
        Assert.Equal(["\"inflight\";r=1"], served.Headers.GetValues("RateLimit"));
        foreach (var answer in await Task.WhenAll(held))
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            answer.Dispose();
        }

        await PassesAsync(gateway, "a");
    }

    [Fact]
    public async Task Requests_that_nothing_tells_apart_are_of_one_caller()
    {
        await using var gateway = await TestHost.GatewayAsync(map: app => app.MapGet("/held", HoldAsync).WithConcurrencyLimit(TwoOfEach with { MaxInFlight = 1 }));
        var held = AskAsync(gateway, tenant: null);
        await _begun.WaitAsync(TestContext.Current.CancellationToken);
        using var refused = await AskAsync(gateway, tenant: null);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        _released.SetResult();
        (await held).Dispose();
    }

    // Partitions are the same if their names and their functions are.
    [Fact]
    public async Task Functions_of_one_name_count_apart()
    {
        await using var gateway = await TestHost.GatewayAsync(map: static app => app.MapGet("/held", static () => "served")
            .WithConcurrencyLimit(new ConcurrencyPolicy { MaxInFlight = 1, Name = "first", Partition = ThrottlePartition.From("caller", static _ => "somebody") })
            .WithConcurrencyLimit(new ConcurrencyPolicy { MaxInFlight = 1, Name = "second", Partition = ThrottlePartition.From("caller", static context => context.Request.Headers["X-Tenant"]) }));
        using var served = await AskAsync(gateway, "somebody");
        Assert.Equal(HttpStatusCode.OK, served.StatusCode);
    }

    [Fact]
    public async Task Shadow_refuses_nobody_and_tells_clients_nothing()
    {
        await using var gateway = await TestHost.GatewayAsync(
            map: app => app.MapGet("/held", HoldAsync).WithConcurrencyLimit(TwoOfEach with { MaxInFlight = 1, Mode = PolicyMode.Shadow }));
        var held = new[] { AskAsync(gateway, "a"), AskAsync(gateway, "a") };
        await _begun.WaitAsync(TestContext.Current.CancellationToken);
        await _begun.WaitAsync(TestContext.Current.CancellationToken);
        _released.SetResult();
        foreach (var answer in await Task.WhenAll(held))
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.False(answer.Headers.Contains("RateLimit"));
            answer.Dispose();
        }
    }

    private static async Task<HttpResponseMessage> AskAsync(TestHost gateway, string? tenant)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/held");
        if (tenant is not null)
        {
            request.Headers.Add("X-Tenant", tenant);
        }

        return await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    // The place comes back when the response is done, which the client may know before the server does.
    private static async Task PassesAsync(TestHost gateway, string tenant)
    {
        var status = HttpStatusCode.TooManyRequests;
        for (var tries = 0; tries < 1_000 && status is not HttpStatusCode.OK; tries++)
        {
            using var answer = await AskAsync(gateway, tenant);
            status = answer.StatusCode;
        }

        Assert.Equal(HttpStatusCode.OK, status);
    }

    private async Task HoldAsync(HttpContext context)
    {
        _begun.Release();
        await _released.Task;
        await context.Response.WriteAsync("held");
    }
}
