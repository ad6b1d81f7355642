using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using GatewayKit.Pipeline;
using GatewayKit.Testing;

namespace GatewayKit.ExtensionTests.Testing;

/// <summary>The rules of a gateway, tested in process: the snippets of docs/testing.md.</summary>
public sealed class InProcessTests
{
    [Fact]
    public async Task Orders_are_forwarded_to_the_cluster()
    {
        await using var gateway = new OrdersGateway();
        using var client = gateway.CreateClient();

        Assert.Equal("GET http://10.0.0.5:8080/orders/42?full=1", await client.GetStringAsync("/orders/42?full=1"));

        var request = await gateway.Recorder!.NextAsync();
        Assert.Equal("/orders/{**rest}", request.RouteId);
        Assert.Equal(("orders", "1", new Uri("http://10.0.0.5:8080"), 1), (request.ClusterId, request.DestinationId, request.DestinationAddress, request.Attempts));
        Assert.Equal(PolicyOutcome.Allowed, request.DecisionOf("Throttle").Outcome);
    }

    [Fact]
    public async Task Third_request_of_a_second_is_refused_and_does_not_reach_the_upstream()
    {
        await using var gateway = new OrdersGateway();
        using var client = gateway.CreateClient();

        for (var i = 0; i < 3; i++)
        {
            using var response = await client.GetAsync("/orders");
        }

        var requests = await gateway.Recorder!.NextAsync(count: 3);
        Assert.Equal([200, 200, 429], requests.Select(static request => request.Status));
        Assert.Equal(RejectionReason.RateLimited, requests[2].Reason);
        Assert.Equal(PolicyOutcome.Refused, requests[2].DecisionOf("Throttle").Outcome);
        Assert.Null(requests[2].DestinationId);
        Assert.Equal(2, gateway.Upstream.Requests);
    }

    [Fact]
    public async Task Time_brings_the_allowance_back()
    {
        await using var gateway = new OrdersGateway();
        using var client = gateway.CreateClient();
        Assert.Equal("report", await client.GetStringAsync("/report"));
        using var early = await client.GetAsync("/report");
        Assert.Equal(HttpStatusCode.TooManyRequests, early.StatusCode);

        gateway.Time.Advance(early.Headers.RetryAfter!.Delta!.Value);

        Assert.Equal("report", await client.GetStringAsync("/report"));
        Assert.All(await gateway.Recorder!.NextAsync(count: 3), static request => Assert.Equal("report", request.RouteId));
    }

    [Fact]
    public async Task Unreachable_upstream_gives_502_with_its_reason()
    {
        await using var gateway = new OrdersGateway();
        gateway.Upstream.Answer = static _ => throw new HttpRequestException(HttpRequestError.ConnectionError);
        using var client = gateway.CreateClient();

        using var response = await client.GetAsync("/orders");

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Equal("upstream-connect", (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString());
        var request = await gateway.Recorder!.NextAsync();
        Assert.Equal(RejectionReason.UpstreamConnect, request.Reason);
        Assert.Equal("GET /orders on /orders/{**rest}: 502 upstream-connect, forwarded to 1, decided: Throttle Allowed", request.ToString());
    }

    [Fact]
    public async Task Waiting_for_a_request_that_does_not_come_ends()
    {
        await using var gateway = new OrdersGateway();
        using var client = gateway.CreateClient();

        await Assert.ThrowsAsync<TimeoutException>(() => gateway.Recorder!.NextAsync(timeout: TimeSpan.FromMilliseconds(1)));
    }
}
