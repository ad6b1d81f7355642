using System.Net;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using GatewayKit.Resilience.Faults;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>Faults around single attempts: the gateway's own resilience takes them for the destination's doing.</summary>
public sealed class DestinationFaultTests
{
    private static readonly RetryPolicy AtOnce = new() { BaseDelay = TimeSpan.Zero };
    private static readonly FaultPolicy Faults = new() { Position = FaultPosition.Destination, Until = new(2030, 2, 1, 0, 0, 0, TimeSpan.Zero) };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false, HttpStatusCode.ServiceUnavailable, null)]
    [InlineData(true, HttpStatusCode.BadGateway, "upstream-reset")]
    public async Task Abort_is_retried_and_then_told_as_the_destinations_own(bool reset, HttpStatusCode status, string? reason)
    {
        await using var gateway = await FaultyGateway.StartAsync(Faults with { Abort = new() { Reset = reset } }, AtOnce);
        using var answer = await gateway.Client.GetAsync("/", Cancel);
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal("gatewaykit; details=\"injected abort\"", answer.Headers.GetValues("Proxy-Status").Single());
        var record = await gateway.Observer.NextAsync();
        Assert.Equal((InjectedFaults.Abort, reason, 2), (record.Faults, record.Reason, record.Attempts));
        Assert.Equal("abort injected, abort injected", gateway.Counts.Take());
        Assert.Equal(0, gateway.Seen);
    }

    [Fact]
    public async Task Attempts_draw_for_themselves_so_that_a_retry_helps()
    {
        const int Requests = 200;
        await using var gateway = await FaultyGateway.StartAsync(Faults with { Abort = new() { Percent = 30 }, Seed = 3 }, AtOnce with { Budget = new() { Ratio = 1 } });
        var (failed, retried) = await AskAsync(gateway, Requests);
        Assert.InRange(retried, Requests * 20 / 100, Requests * 40 / 100);
        Assert.InRange(failed, Requests * 4 / 100, Requests * 16 / 100);
        Assert.Equal(Requests - failed, gateway.Seen);
    }

    [Fact]
    public async Task Request_may_meet_the_same_in_each_attempt()
    {
        const int Requests = 200;
        await using var gateway = await FaultyGateway.StartAsync(
            Faults with { Abort = new() { Percent = 30 }, Draw = FaultDraw.PerRequest, Seed = 3 },
            AtOnce with { Budget = new() { Ratio = 1 } },

            // Nearly half of the attempts fail, and half would open it.
            circuit: new() { Mode = PolicyMode.Off });
        var (failed, retried) = await AskAsync(gateway, Requests);
        Assert.InRange(failed, Requests * 20 / 100, Requests * 40 / 100);
        Assert.Equal(failed, retried);
    }

    [Fact]
    public async Task Delay_runs_against_the_clock_of_the_attempt()
    {
        var wait = TimeSpan.FromSeconds(7);
        await using var gateway = await FaultyGateway.StartAsync(Faults with { Delay = new() { Time = wait } });
        var asking = gateway.Client.GetAsync("/", Cancel);
        await gateway.Time.PassAsync(wait);
        using (var answer = await asking)
        {
            Assert.Equal("served by a destination", await answer.Content.ReadAsStringAsync(Cancel));
            Assert.Equal("gatewaykit; details=\"injected delay\"", answer.Headers.GetValues("Proxy-Status").Single());
        }

        await using var slower = await FaultyGateway.StartAsync(Faults with { Delay = new() { Time = TimeSpan.FromMinutes(4) } });
        asking = slower.Client.GetAsync("/", Cancel);
        await slower.Time.PassAsync(TimeSpan.FromMinutes(4));
        using var late = await asking;
        Assert.Equal(HttpStatusCode.GatewayTimeout, late.StatusCode);
        Assert.Equal((0, "upstream-timeout"), (slower.Seen, (await slower.Observer.NextAsync()).Reason));
    }

    [Fact]
    public async Task Slow_body_is_whole_and_takes_its_time()
    {
        const string Body = "served by a destination";
        await using var gateway = await FaultyGateway.StartAsync(Faults with { BodyRate = new() { BytesPerSecond = 10 } });
        var asking = gateway.Client.GetAsync("/", Cancel);
        for (var i = 0; i < Body.Length; i++)
        {
            Assert.False(asking.IsCompleted);
            await gateway.Time.PassAsync(TimeSpan.FromSeconds(0.1));
        }

        using var answer = await asking;
        Assert.Equal(Body, await answer.Content.ReadAsStringAsync(Cancel));
        Assert.Equal(InjectedFaults.BodyRate, (await gateway.Observer.NextAsync()).Faults);
    }

    [Fact]
    public async Task Call_of_gRPC_gets_the_status_of_gRPC()
    {
        await using var gateway = await FaultyGateway.StartAsync(Faults with { Abort = new() { GrpcStatus = 10 } }, protocols: HttpProtocols.Http2);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/service/Method") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Content = new ByteArrayContent([]) { Headers = { { "Content-Type", "application/grpc" } } };
        using var answer = await gateway.Client.SendAsync(request, Cancel);
        Assert.Equal((HttpStatusCode.OK, "10"), (answer.StatusCode, answer.Headers.GetValues("grpc-status").Single()));
    }

    [Fact]
    public async Task Shadow_counts_and_bites_nobody()
    {
        await using var gateway = await FaultyGateway.StartAsync(Faults with { Delay = new() { Time = TimeSpan.FromMinutes(1) }, Abort = new(), Mode = PolicyMode.Shadow });
        using var answer = await gateway.Client.GetAsync("/", Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("delay would-inject, abort would-inject", gateway.Counts.Take());
    }

    private static async Task<(int Failed, int Retried)> AskAsync(FaultyGateway gateway, int requests)
    {
        var (failed, retried) = (0, 0);
        for (var i = 0; i < requests; i++)
        {
            using var answer = await gateway.Client.GetAsync("/", Cancel);
            failed += answer.IsSuccessStatusCode ? 0 : 1;
            retried += (await gateway.Observer.NextAsync()).Attempts - 1;
        }

        return (failed, retried);
    }
}
