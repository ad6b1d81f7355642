using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using GatewayKit.Chaos;
using GatewayKit.Clusters;
using GatewayKit.Clusters.Health;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using GatewayKit.WireTests.Responses;
using GatewayKit.WireTests.Upstreams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.WireTests.Faults;

/// <summary>Faults of a fleet: all of it down, one of it coming and going, slow, or failing now and then.</summary>
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
        Assert.Equal((503, "circuit-open"), (refused.Status, Code(refused)));
        Assert.InRange(int.Parse(Assert.Single(refused["Retry-After"]), CultureInfo.InvariantCulture), 1, 6);
        Assert.Null((await gateway.Records.NextAsync()).Outcome);
    }

    [Fact]
    [Trait("Fault", "U20")]
    public async Task Destinations_that_are_down_are_tried_again_by_themselves_and_come_back()
    {
        var (time, isDown) = (new FakeTimeProvider(), true);
        await using var first = Start();
        await using var other = Start();
        await using var gateway = await StartAsync(time, 1, first.Address, other.Address);
        using var client = await AnswerReader.ConnectAsync(gateway.Address);

        // The first request goes on to the other one, and both circuits are open.
        Assert.Equal(503, (await client.GetAsync("/")).Status);
        Assert.Equal("circuit-open", Code(await client.GetAsync("/")));
        Assert.Equal(2, first.Requests.Count + other.Requests.Count);

        // Each time longer than the one before, but never for ever.
        for (var round = 0; round < 4; round++)
        {
            var asked = first.Requests.Count + other.Requests.Count;
            Pass(time, TimeSpan.FromSeconds(72));
            Assert.Equal(503, (await client.GetAsync("/")).Status);
            Assert.InRange(first.Requests.Count + other.Requests.Count - asked, 1, 2);
        }

        // What they get grows little by little; where both recover there is nobody to take the rest.
        isDown = false;
        Pass(time, TimeSpan.FromSeconds(72));
        Assert.Equal(200, (await client.GetAsync("/")).Status);
        for (var second = 0; second < 60; second++)
        {
            await client.GetAsync("/");
            Pass(time, TimeSpan.FromSeconds(1));
        }

        Assert.All(Breakers(gateway), static state => Assert.Equal(CircuitState.Closed, state));
        Assert.Equal(200, (await client.GetAsync("/")).Status);

        ScriptedUpstream Start() => ScriptedUpstream.Start(async connection =>
        {
            while (true)
            {
                await connection.ReadRequestAsync();
                await connection.SendAsync(isDown ? "HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n" : FaultLab.Well);
            }
        });
    }

    [Theory]
    [Trait("Fault", "U20")]
    [InlineData(50, 200, null)]
    [InlineData(0, 503, "no-healthy-upstream")]
    public async Task Checks_that_fail_everywhere_are_believed_only_if_that_is_wanted(int threshold, int status, string? code)
    {
        var time = new FakeTimeProvider();
        await using var first = Start();
        await using var second = Start();
        await using var gateway = await StartAsync(time, [first.Address, second.Address], cluster => cluster with
        {
            Health = new() { Active = new() { Path = "/health", Interval = TimeSpan.FromSeconds(1), IdleInterval = TimeSpan.FromSeconds(1), UnhealthyAfter = 1 }, PanicThreshold = threshold },
        });
        var clusters = gateway.Services.GetRequiredService<GatewayClusters>();
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        while (clusters.Get("up").Destinations.Any(static destination => destination.Health.Active is not HealthState.Unhealthy))
        {
            time.Advance(TimeSpan.FromMilliseconds(250));
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        var answer = await client.GetAsync("/");
        Assert.Equal(status, answer.Status);
        Assert.Equal(code, code is null ? null : Code(answer));

        // It goes on asking all the same.
        var asked = Checks();
        while (Checks() == asked)
        {
            time.Advance(TimeSpan.FromMilliseconds(250));
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        int Checks() => first.Requests.Concat(second.Requests).Count(static request => request.Target == "/health");

        static ScriptedUpstream Start() => ScriptedUpstream.Start(static async connection =>
        {
            while (true)
            {
                var request = await connection.ReadRequestAsync();
                await connection.SendAsync(request.Target == "/health" ? "HTTP/1.1 500 Ill\r\nContent-Length: 0\r\n\r\n" : FaultLab.Well);
            }
        });
    }

    [Theory]
    [Trait("Fault", "U21")]

    // Twenty points are a clear difference, and ten are none: it stays, and retries make good what it fails.
    [InlineData(20, 10, false)]
    [InlineData(5, 10, true)]
    [InlineData(20, 40, true)]
    public async Task One_of_three_that_fails_now_and_then_fails_no_idempotent_request_and_goes_if_it_is_clearly_worse(double distance, int percent, bool goes)
    {
        var (time, turn) = (new FakeTimeProvider(), 0);
        await using var first = ScriptedUpstream.Start(async connection =>
        {
            while (true)
            {
                await connection.ReadRequestAsync();

                // Evenly spread, so that each window has its share of them.
                var failures = ++turn * percent / 100;
                await connection.SendAsync(failures > (turn - 1) * percent / 100 ? "HTTP/1.1 503 Ill\r\nContent-Length: 0\r\n\r\n" : FaultLab.Well);
            }
        });
        await using var second = ScriptedUpstream.Answering(FaultLab.Well);
        await using var third = ScriptedUpstream.Answering(FaultLab.Well);
        await using var gateway = await StartAsync(time, [first.Address, second.Address, third.Address], cluster => cluster with
        {
            Health = new() { Outliers = new() { Distance = distance } },
        });
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        TimeSpan? gone = null;
        for (var at = TimeSpan.Zero; at < TimeSpan.FromSeconds(25) && gone is null; at += TimeSpan.FromMilliseconds(50))
        {
            Assert.Equal(200, (await client.GetAsync("/")).Status);
            gone = Breakers(gateway)[0] is CircuitState.Closed ? null : at;
            time.Advance(TimeSpan.FromMilliseconds(50));
        }

        Assert.Equal(goes, gone is not null);
        Assert.InRange(gone ?? TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromSeconds(20));
        Assert.All(Breakers(gateway)[1..], static state => Assert.Equal(CircuitState.Closed, state));
        if (goes)
        {
            // Left alone while its circuit is open.
            var asked = first.Requests.Count;
            for (var request = 0; request < 20; request++)
            {
                Assert.Equal(200, (await client.GetAsync("/")).Status);
            }

            Assert.Equal(asked, first.Requests.Count);
        }
    }

    [Theory]
    [Trait("Fault", "U21")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_of_three_that_is_slow_fails_no_idempotent_request_and_is_left_alone(bool answers)
    {
        var time = new FakeTimeProvider();

        // Slower than a call may be, or than an attempt may be: the second is a failure, and another destination answers.
        var slow = answers ? TimeSpan.FromSeconds(1.5) : TimeSpan.FromSeconds(2.5);
        await using var first = ScriptedUpstream.Start(async connection =>
        {
            while (true)
            {
                await connection.ReadRequestAsync();
                Pass(time, slow);
                await connection.SendAsync(FaultLab.Well);
            }
        });
        await using var second = ScriptedUpstream.Answering(FaultLab.Well);
        await using var third = ScriptedUpstream.Answering(FaultLab.Well);
        await using var gateway = await StartAsync(time, [first.Address, second.Address, third.Address], static cluster => cluster with
        {
            CircuitBreaker = new() { SlowCall = TimeSpan.FromSeconds(1), MinResults = 5, FailuresInARow = 5 },
            Timeouts = new() { Attempt = TimeSpan.FromSeconds(2), Total = TimeSpan.FromMinutes(1) },
        });
        using var client = await AnswerReader.ConnectAsync(gateway.Address);
        var began = time.GetTimestamp();
        while (Breakers(gateway)[0] is CircuitState.Closed)
        {
            Assert.Equal(200, (await client.GetAsync("/")).Status);
            Assert.InRange(time.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(20));
        }

        var asked = first.Requests.Count;
        Assert.InRange(asked, 5, 6);
        for (var request = 0; request < 20; request++)
        {
            Assert.Equal(200, (await client.GetAsync("/")).Status);
        }

        Assert.Equal(asked, first.Requests.Count);
        Assert.All(Breakers(gateway)[1..], static state => Assert.Equal(CircuitState.Closed, state));
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
            opened |= Breakers(gateway)[0] is not CircuitState.Closed;
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

    private static string? Code(ReceivedAnswer answer) => JsonDocument.Parse(answer.Body).RootElement.GetProperty("code").GetString();

    private static CircuitState[] Breakers(RecordingGateway gateway) =>
        [.. gateway.Services.GetRequiredService<GatewayClusters>().Get("up").Destinations.Select(static destination => destination.Health.Breaker)];

    // In steps: one long jump is a process that stood still.
    private static void Pass(FakeTimeProvider time, TimeSpan span)
    {
        for (var passed = TimeSpan.Zero; passed < span; passed += TimeSpan.FromMilliseconds(250))
        {
            time.Advance(TimeSpan.FromMilliseconds(250));
        }
    }

    private static Task<RecordingGateway> StartAsync(FakeTimeProvider time, int failures, params Uri[] addresses) => StartAsync(time, addresses, cluster => cluster with
    {
        CircuitBreaker = new() { FailuresInARow = failures, MinResults = 1_000 },
    });

    private static Task<RecordingGateway> StartAsync(FakeTimeProvider time, Uri[] addresses, Func<Cluster, Cluster> change) => RecordingGateway.StartAsync(
        addresses[0],
        cluster => change(cluster with
        {
            Destinations = addresses.Select(static (address, index) => ($"{index}", new Destination { Address = address })).ToDictionary(static one => one.Item1, static one => one.Item2),
            LoadBalancing = LoadBalancing.RoundRobin,
            Retry = new() { BaseDelay = TimeSpan.Zero, ReplayBufferBytes = 1_024, MaxRetries = 1 },
            CircuitBreaker = new(),
            Health = new() { Outliers = new() { Mode = PolicyMode.Off } },
        }),
        gateway => gateway.Services.AddSingleton<TimeProvider>(time));
}
