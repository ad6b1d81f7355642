using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using GatewayKit.Chaos;
using GatewayKit.Clusters;
using GatewayKit.Resilience;
using GatewayKit.WireTests.Responses;
using GatewayKit.WireTests.Upstreams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.WireTests.Faults;

/// <summary>Faults of a fleet: all of it down, one of it coming and going.</summary>
public sealed class FleetFaultTests
{
    [Fact]
    [Trait("Fault", "U20")]
    public async Task All_down_is_told_without_asking_and_with_a_time_to_come_back()
    {
        using var nobody = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var address = new Uri($"http://{nobody.LocalEndPoint}");
        await using var gateway = await StartAsync(new FakeTimeProvider(), 1, address, address);
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        Assert.Equal(502, (await client.GetAsync("/")).Status);
        Assert.NotNull((await gateway.Records.NextAsync()).Outcome);
        var refused = await client.GetAsync("/");
        Assert.Equal((503, "circuit-open"), (refused.Status, JsonDocument.Parse(refused.Body).RootElement.GetProperty("code").GetString()));
        Assert.InRange(int.Parse(Assert.Single(refused["Retry-After"]), CultureInfo.InvariantCulture), 1, 6);
        Assert.Null((await gateway.Records.NextAsync()).Outcome);
    }

    [Theory]
    [Trait("Fault", "U21")]
    [InlineData("GET", 1_000)]
    [InlineData("POST", 1_000)]
    [InlineData("GET", 5)]
    public async Task One_of_three_that_flaps_fails_no_idempotent_request_and_doubles_none(string method, int failuresToOpen)
    {
        const int PerHalfSecond = 20;
        await using var first = ScriptedUpstream.Answering(FaultLab.Well);
        await using var second = ScriptedUpstream.Answering(FaultLab.Well);
        await using var third = ScriptedUpstream.Answering(FaultLab.Well);
        await using var proxy = ChaosProxy.Start(new(IPAddress.Loopback, first.Port));
        var time = new FakeTimeProvider();
        await using var gateway = await StartAsync(time, failuresToOpen, proxy.Address, second.Address, third.Address);
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        var (failed, opened) = (0, false);
        for (var request = 0; request < 20 * PerHalfSecond; request++)
        {
            if (request % PerHalfSecond == 0)
            {
                Flap(request / PerHalfSecond % 2 == 1);
            }

            await client.SendAsync($"{method} /{request} HTTP/1.1\r\nHost: gateway\r\n{(method == "POST" ? "Content-Length: 4\r\n\r\nbody" : "\r\n")}");
            failed += (await client.ReadAsync(method)).Status == 200 ? 0 : 1;
            opened |= gateway.Services.GetRequiredService<GatewayClusters>().Get("up").Destinations[0].Health.Breaker is not CircuitState.Closed;
            time.Advance(TimeSpan.FromMilliseconds(500.0 / PerHalfSecond));
        }

        var seen = first.Requests.Concat(second.Requests).Concat(third.Requests).GroupBy(static request => request.Target).ToArray();
        Assert.All(seen, static request => Assert.Single(request));
        Assert.NotEmpty(first.Requests);

        // Left alone where the breaker may; asked again and again where it may not.
        Assert.Equal(failuresToOpen == 5, opened);
        Assert.True(opened || proxy.Accepted > 5, proxy.Log.ToString());
        if (method == "GET")
        {
            Assert.Equal(0, failed);
        }
        else
        {
            // A connection that was reset before the request was on it, and one that was refused, are nothing's doing; what was sent may have been.
            Assert.InRange(failed, 0, 20);
        }

        void Flap(bool down)
        {
            if (down)
            {
                proxy.Down();
            }
            else
            {
                proxy.Up();
            }
        }
    }

    private static Task<RecordingGateway> StartAsync(FakeTimeProvider time, int failures, params Uri[] addresses) => RecordingGateway.StartAsync(
        addresses[0],
        cluster => cluster with
        {
            Destinations = addresses.Select(static (address, index) => ($"{index}", new Destination { Address = address })).ToDictionary(static one => one.Item1, static one => one.Item2),
            LoadBalancing = LoadBalancing.RoundRobin,
            Retry = new() { BaseDelay = TimeSpan.Zero, ReplayBufferBytes = 1_024, MaxRetries = 1 },
            CircuitBreaker = new() { FailuresInARow = failures, MinResults = 1_000 },
            Health = new() { Outliers = new() { Mode = GatewayKit.Pipeline.PolicyMode.Off } },
        },
        gateway => gateway.Services.AddSingleton<TimeProvider>(time));
}
