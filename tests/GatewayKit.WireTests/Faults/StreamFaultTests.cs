using System.Net;
using GatewayKit.Clusters;
using GatewayKit.Forwarding;
using GatewayKit.Resilience;
using GatewayKit.WireTests.Http2;
using GatewayKit.WireTests.Responses;
using GatewayKit.WireTests.Upstreams;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.WireTests.Faults;

/// <summary>Faults of HTTP/2 at a destination: what is surely unprocessed goes elsewhere whatever its method, the rest by its class (RFC 9113 §8.7).</summary>
public sealed class StreamFaultTests
{
    [Theory]
    [Trait("Fault", "U18")]
    [InlineData("refused", "GET", true)]

    // The handler itself tries first, with a body that is gone: what comes of that no longer says that nothing was processed.
    [InlineData("refused", "POST", false)]
    [InlineData("internal", "GET", true)]
    [InlineData("internal", "POST", false)]
    [InlineData("calm", "GET", true)]
    [InlineData("calm", "POST", false)]
    [InlineData("connection", "GET", true)]
    [InlineData("connection", "POST", false)]
    public async Task Stream_that_fails_goes_elsewhere_by_what_is_known_of_it(string fault, string method, bool retries)
    {
        await using var first = Http2UpstreamConnection.Start(async connection =>
        {
            while (true)
            {
                var request = await connection.TakeRequestAsync();
                if (fault == "connection")
                {
                    connection.Abort();
                    return;
                }

                await connection.SendAsync(Frames.Reset(request.Stream, fault switch { "refused" => ErrorCode.RefusedStream, "calm" => ErrorCode.EnhanceYourCalm, _ => ErrorCode.InternalError }));
            }
        });
        var served = 0;
        await using var second = Http2UpstreamConnection.Start(async connection =>
        {
            while (true)
            {
                var request = await connection.TakeRequestAsync();
                Interlocked.Increment(ref served);
                await connection.AnswerAsync(request.Stream, "well");
            }
        });
        await using var gateway = await RecordingGateway.StartAsync(first.Address, cluster => cluster with
        {
            Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = first.Address }, ["b"] = new() { Address = second.Address } },
            Http = new() { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact },
            LoadBalancing = LoadBalancing.First,
            Retry = new() { BaseDelay = TimeSpan.Zero, ReplayBufferBytes = 1_024 },
            CircuitBreaker = new() { FailuresInARow = 1 },
        });
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        await client.SendAsync($"{method} / HTTP/1.1\r\nHost: gateway\r\n{(method == "POST" ? "Content-Length: 4\r\n\r\nbody" : "\r\n")}");
        var answer = await client.ReadAsync(method);
        Assert.Equal(retries ? ForwardError.None : ForwardError.UpstreamReset, (await gateway.Records.NextAsync()).Outcome?.Error);
        Assert.Equal((retries ? 200 : 502, retries ? 1 : 0), (answer.Status, served));
        gateway.MustBecomeQuiet();
        Assert.Equal(CircuitState.Open, gateway.Services.GetRequiredService<GatewayClusters>().Get("up").Destinations[0].Health.Breaker);
    }
}
