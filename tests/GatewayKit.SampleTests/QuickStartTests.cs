extern alias QuickStartApp;

using System.Net;
using GatewayKit.Pipeline;
using GatewayKit.Testing;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.SampleTests;

/// <summary>The rules of QuickStart, in process: upstreams in memory, time that moves when told to.</summary>
public sealed class QuickStartTests : IDisposable
{
    private readonly UpstreamInMemory _catalog = new();
    private readonly UpstreamInMemory _orders = new();
    private readonly FakeTimeProvider _time = new();
    private readonly WebApplicationFactory<QuickStartApp::Program> _app;
    private readonly HttpClient _client;
    private GatewayRecorder _recorder = null!;

    public QuickStartTests()
    {
        _app = new WebApplicationFactory<QuickStartApp::Program>().WithWebHostBuilder(host => host.ConfigureTestServices(services =>
        {
            // The services that the sample starts at real ports.
            services.Remove(services.Single(static service => service.ImplementationFactory?.Method.Module == typeof(QuickStartApp::Program).Module));
            services.AddSingleton<TimeProvider>(_time);
            _recorder = services.AddApiGateway()
                .UseUpstreamHandler("catalog", () => _catalog)
                .UseUpstreamHandler("orders", () => _orders)
                .RecordDecisions();
        }));
        _client = _app.CreateClient();
    }

    public void Dispose()
    {
        _client.Dispose();
        _app.Dispose();
        _catalog.Dispose();
        _orders.Dispose();
    }

    [Fact]
    public async Task Own_endpoint_is_served_by_the_app()
    {
        Assert.Contains("own page", await _client.GetStringAsync("/"));
        Assert.Empty(_catalog.Requests);
    }

    [Fact]
    public async Task Catalog_is_asked_without_the_prefix_and_with_the_header_of_the_gateway()
    {
        Assert.Equal("/items/1?color=red", await _client.GetStringAsync("/catalog/items/1?color=red"));
        Assert.Equal(["quick-start"], Assert.Single(_catalog.Requests).Headers.GetValues("X-Gateway"));
    }

    [Fact]
    public async Task Route_in_code_leads_to_the_catalog()
    {
        Assert.Equal("/stock/lamp", await _client.GetStringAsync("/stock/lamp"));
        var request = await _recorder.NextAsync();
        Assert.Equal(("catalog", 1), (request.ClusterId, request.Attempts));
        Assert.Contains(request.DestinationId, new[] { "a", "b", "c" });
        Assert.Equal(PolicyOutcome.Allowed, request.DecisionOf("Throttle").Outcome);
    }

    [Fact]
    public async Task Orders_are_throttled_after_three_and_again_served_a_second_later()
    {
        for (var i = 1; i <= 3; i++)
        {
            Assert.Equal(HttpStatusCode.OK, await StatusAsync($"/orders/{i}"));
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, await StatusAsync("/orders/4"));
        Assert.Equal(3, _orders.Requests.Count);
        var refused = (await _recorder.NextAsync(4))[3];
        Assert.Equal(("orders", RejectionReason.RateLimited), (refused.RouteId, refused.Reason));

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/orders/5"));
    }

    [Fact]
    public async Task New_orders_are_not_throttled()
    {
        for (var i = 0; i < 10; i++)
        {
            using var answer = await _client.PostAsync("/orders", new StringContent("{}"));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Own_endpoint_is_throttled_too_and_says_when_to_come_again()
    {
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/report"));
        using var refused = await _client.GetAsync("/report");
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 2);
    }

    private async Task<HttpStatusCode> StatusAsync(string path)
    {
        using var answer = await _client.GetAsync(path);
        return answer.StatusCode;
    }
}
