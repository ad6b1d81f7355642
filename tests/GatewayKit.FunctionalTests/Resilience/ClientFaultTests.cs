using System.Net;
using System.Text.Json;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Faults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>Faults in front of the pipeline's end, with real sockets.</summary>
public sealed class ClientFaultTests
{
    private static readonly DateTimeOffset Later = new(2030, 2, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(3);
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;


    [Fact]
    public async Task Abort_is_a_problem_that_says_what_it_is_and_no_destination_is_asked()
    {
        await using var gateway = await FaultyGateway.StartAsync(new() { Abort = new() { Status = 429 }, Until = Later });
        using var answer = await gateway.Client.GetAsync("/", Cancel);
        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        Assert.Equal("fault-injected", JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel)).RootElement.GetProperty("code").GetString());
        Assert.Equal("gatewaykit; details=\"injected abort\"", answer.Headers.GetValues("Proxy-Status").Single());
        var record = await gateway.Observer.NextAsync();
        Assert.Equal((InjectedFaults.Abort, "fault-injected", 0), (record.Faults, record.Reason, record.Attempts));
        Assert.Equal(("Fault", PolicyOutcome.Refused), (Assert.Single(record.Decisions).Policy, record.Decisions[0].Outcome));
        Assert.Equal("abort injected", gateway.Counts.Take());
        Assert.Equal(0, gateway.Seen);
    }

    [Fact]
    public async Task Delay_comes_first_and_the_request_goes_on()
    {
        await using var gateway = await FaultyGateway.StartAsync(new() { Delay = new() { Time = Wait }, Until = Later });
        var asking = gateway.Client.GetAsync("/", Cancel);
        await gateway.Time.PassAsync(Wait);
        using var answer = await asking;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("gatewaykit; details=\"injected delay\"", answer.Headers.GetValues("Proxy-Status").Single());
        Assert.Equal(1, gateway.Seen);
    }

    [Fact]
    public async Task Delay_and_abort_are_one_after_the_other()
    {
        await using var gateway = await FaultyGateway.StartAsync(new() { Delay = new() { Time = Wait }, Abort = new(), Until = Later });
        var asking = gateway.Client.GetAsync("/", Cancel);
        await gateway.Time.PassAsync(Wait);
        using var answer = await asking;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal("gatewaykit; details=\"injected delay, abort\"", answer.Headers.GetValues("Proxy-Status").Single());
    }

    [Fact]
    public async Task Percentages_are_drawn_for_each_request_under_the_seed()
    {
        const int Requests = 200;
        List<string> runs = [];
        for (var run = 0; run < 2; run++)
        {
            await using var gateway = await FaultyGateway.StartAsync(new() { Abort = new() { Percent = 30 }, Seed = 11, Until = Later });
            var statuses = "";
            for (var i = 0; i < Requests; i++)
            {
                using var answer = await gateway.Client.GetAsync("/", Cancel);
                statuses += answer.IsSuccessStatusCode ? '.' : 'x';
            }

            Assert.Equal(statuses.Count('.'.Equals), gateway.Seen);
            runs.Add(statuses);
        }

        Assert.Equal(runs[0], runs[1]);
        Assert.InRange(runs[0].Count('x'.Equals), Requests * 20 / 100, Requests * 40 / 100);
    }

    [Theory]
    [InlineData(HttpProtocols.Http1)]
    [InlineData(HttpProtocols.Http2)]
    public async Task Reset_is_an_end_without_an_answer(HttpProtocols protocols)
    {
        await using var gateway = await FaultyGateway.StartAsync(new() { Abort = new() { Reset = true }, Until = Later }, protocols: protocols);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/")
        {
            Version = protocols is HttpProtocols.Http2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => gateway.Client.SendAsync(request, Cancel));
        if (protocols is HttpProtocols.Http2)
        {
            Assert.Equal(2, Assert.IsType<HttpProtocolException>(failure.InnerException).ErrorCode);
        }

        Assert.Null(failure.StatusCode);

        var record = await gateway.Observer.NextAsync();
        Assert.Equal((InjectedFaults.Abort, "fault-injected"), (record.Faults, record.Reason));
        Assert.Equal(0, gateway.Seen);
    }

    [Fact]
    public async Task Call_of_gRPC_gets_the_status_of_gRPC()
    {
        await using var gateway = await FaultyGateway.StartAsync(new() { Abort = new() { GrpcStatus = 10 }, Until = Later }, protocols: HttpProtocols.Http2);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/service/Method") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Content = new ByteArrayContent([]) { Headers = { { "Content-Type", "application/grpc" } } };
        using var answer = await gateway.Client.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("10", answer.Headers.GetValues("grpc-status").Single());
    }

    [Theory]
    [InlineData("/forwarded", "served by a destination")]
    [InlineData("/own", "written by the host")]
    public async Task Slow_body_is_whole_and_takes_its_time(string path, string body)
    {
        var policy = new FaultPolicy { BodyRate = new() { BytesPerSecond = 10 }, Until = Later };
        await using var gateway = await FaultyGateway.StartAsync(policy, map: app => app.MapGet("/own", static () => "written by the host").WithFaultInjection(policy));
        var asking = gateway.Client.GetAsync(path, Cancel);
        for (var i = 0; i < body.Length; i++)
        {
            Assert.False(asking.IsCompleted);
            await gateway.Time.PassAsync(TimeSpan.FromSeconds(0.1));
        }

        using var answer = await asking;
        Assert.Equal(body, await answer.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("gatewaykit; details=\"injected body-rate\"", answer.Headers.GetValues("Proxy-Status").Single());
    }

    [Fact]
    public async Task No_more_suffer_at_once_than_may_and_places_come_back()
    {
        await using var gateway = await FaultyGateway.StartAsync(new() { Delay = new() { Time = Wait }, MaxActive = 1, Until = Later });
        var delayed = gateway.Client.GetAsync("/", Cancel);
        await gateway.Time.AwaitedAsync(Wait);
        using (var spared = await gateway.Client.GetAsync("/", Cancel))
        {
            Assert.Equal(HttpStatusCode.OK, spared.StatusCode);
            Assert.False(spared.Headers.Contains("Proxy-Status"));
            Assert.Equal("delay injected, delay spared", gateway.Counts.Take());
        }

        gateway.Time.Advance(Wait);
        using var first = await delayed;
        Assert.True(first.Headers.Contains("Proxy-Status"));
        var again = gateway.Client.GetAsync("/", Cancel);
        await gateway.Time.PassAsync(Wait);
        using var second = await again;
        Assert.True(second.Headers.Contains("Proxy-Status"));
    }

    [Fact]
    public async Task Faults_end_at_their_date_without_a_reload()
    {
        await using var gateway = await FaultyGateway.StartAsync(new() { Abort = new(), Until = Later });
        using var before = await gateway.Client.GetAsync("/", Cancel);
        gateway.Time.Advance(TimeSpan.FromDays(1));
        using var after = await gateway.Client.GetAsync("/", Cancel);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (before.StatusCode, after.StatusCode));
    }

    [Fact]
    public async Task Header_of_a_stranger_asks_for_nothing()
    {
        var policy = new FaultPolicy { Abort = new(), Match = new Dictionary<string, string> { ["X-Chaos"] = "1" }, Until = Later };
        await using var strict = await FaultyGateway.StartAsync(policy);
        await using var open = await FaultyGateway.StartAsync(policy with { From = [IPNetwork.Parse("127.0.0.0/8")] });
        Assert.Equal(HttpStatusCode.OK, await AskAsync(strict, "1"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(open, "2"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await AskAsync(open, "1"));
    }

    [Fact]
    public async Task Shadow_counts_and_bites_nobody()
    {
        await using var gateway = await FaultyGateway.StartAsync(new() { Delay = new() { Time = TimeSpan.FromMinutes(1) }, Abort = new(), Mode = PolicyMode.Shadow, Until = Later });
        using var answer = await gateway.Client.GetAsync("/", Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Proxy-Status"));
        Assert.Equal(InjectedFaults.None, (await gateway.Observer.NextAsync()).Faults);
        Assert.Equal("delay would-inject, abort would-inject", gateway.Counts.Take());
    }

    [Fact]
    public async Task Client_that_leaves_while_it_is_delayed_gives_its_place_back()
    {
        await using var gateway = await FaultyGateway.StartAsync(new() { Delay = new() { Time = Wait }, MaxActive = 1, Until = Later });
        using (var leaving = new CancellationTokenSource())
        {
            var asking = gateway.Client.GetAsync("/", leaving.Token);
            await gateway.Time.AwaitedAsync(Wait);
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        }

        Assert.Equal("client-aborted", (await gateway.Observer.NextAsync()).Reason);
        Assert.Equal(0, gateway.Seen);

        // The place comes back when the response is over for the server, which observers are not told of: until then a request is spared.
        var delayed = gateway.Time.AwaitedAsync(Wait);
        var next = gateway.Client.GetAsync("/", Cancel);
        while (await Task.WhenAny(delayed, next) == next)
        {
            using var spared = await next;
            Assert.False(spared.Headers.Contains("Proxy-Status"));
            next = gateway.Client.GetAsync("/", Cancel);
        }

        await delayed;
        gateway.Time.Advance(Wait);
        using var answer = await next;
        Assert.True(answer.Headers.Contains("Proxy-Status"));
    }

    private static async Task<HttpStatusCode> AskAsync(FaultyGateway gateway, string chaos)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("X-Chaos", chaos);
        using var answer = await gateway.Client.SendAsync(request, Cancel);
        return answer.StatusCode;
    }
}
