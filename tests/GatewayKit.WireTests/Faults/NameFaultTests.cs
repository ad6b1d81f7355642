using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using GatewayKit.Forwarding;
using GatewayKit.Resilience;
using GatewayKit.WireTests.Responses;
using GatewayKit.WireTests.Upstreams;

namespace GatewayKit.WireTests.Faults;

/// <summary>A resolver that fails takes no destination away for five minutes, and what a name says anew is seen by the next connection.</summary>
public sealed class NameFaultTests
{
    private const string Closing = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nwell";

    [Theory]
    [Trait("Fault", "U19")]
    [InlineData("not found", false)]
    [InlineData("not found", true)]
    [InlineData("server failure", false)]
    [InlineData("server failure", true)]
    [InlineData("empty", false)]
    [InlineData("empty", true)]
    [InlineData("silent", false)]
    [InlineData("silent", true)]
    public async Task Last_good_addresses_serve_for_five_minutes_and_not_longer(string failure, bool withSecond)
    {
        var failing = false;
        var fault = new UpstreamFault("U19", failure)
        {
            Status = 200,
            Script = static async (connection, _) =>
            {
                await connection.ReadRequestAsync();
                await connection.SendAsync(Closing);
            },
            Resolve = _ => Volatile.Read(ref failing) ? Fail(failure) : Task.FromResult<IPAddress[]>([IPAddress.Loopback]),
        };
        await using var lab = await FaultLab.StartAsync(fault, withSecond);
        using var client = await AnswerReader.ConnectAsync(lab.Gateway.Address);
        Assert.Equal("well", (await client.GetAsync("/before")).Body);
        Volatile.Write(ref failing, true);
        lab.Pass(TimeSpan.FromMinutes(4));
        Assert.Equal("well", (await AskAsync(lab, client)).Body);
        Assert.Equal((2, CircuitState.Closed), (lab.First!.Requests.Count, lab.Circuit));
        lab.Pass(TimeSpan.FromMinutes(1));
        var answer = await AskAsync(lab, client);
        if (withSecond)
        {
            // Nothing was sent, so any method goes on.
            Assert.Equal((200, 1), (answer.Status, lab.Second.Requests.Count));
        }
        else
        {
            var reason = ForwardFailure.Of(failure == "silent" ? ForwardError.UpstreamConnectTimeout : ForwardError.UpstreamResolveFailed).Reason;
            Assert.Equal((reason.Status, reason.Code), (answer.Status, JsonDocument.Parse(answer.Body).RootElement.GetProperty("code").GetString()));
        }

        Assert.Equal((2, CircuitState.Open), (lab.First.Requests.Count, lab.Circuit));
    }

    [Fact]
    [Trait("Fault", "U19")]
    public async Task Name_that_moves_away_from_a_dead_address_is_followed()
    {
        var addresses = IPAddress.Loopback;
        var fault = new UpstreamFault("U19", "moves")
        {
            Status = 200,
            Script = static async (connection, _) =>
            {
                await connection.ReadRequestAsync();
                await connection.SendAsync(Closing);
            },
            Resolve = _ => Task.FromResult<IPAddress[]>([addresses]),
            Cluster = static (cluster, _) => cluster with { CircuitBreaker = cluster.CircuitBreaker with { FailuresInARow = 2 } },
        };
        await using var lab = await FaultLab.StartAsync(fault, withSecond: false);
        using var client = await AnswerReader.ConnectAsync(lab.Gateway.Address);
        Assert.Equal(200, (await client.GetAsync("/")).Status);
        addresses = IPAddress.Parse("127.0.0.2");
        Assert.Equal(502, (await client.GetAsync("/")).Status);
        await using var other = ScriptedUpstream.Start(
            static async connection =>
            {
                await connection.ReadRequestAsync();
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother");
            },
            lab.First!.Port,
            addresses);
        Assert.Equal("other", (await client.GetAsync("/")).Body);
        Assert.Equal(CircuitState.Closed, lab.Circuit);
    }

    private static Task<IPAddress[]> Fail(string failure) => failure switch
    {
        "not found" => Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound)),
        "server failure" => Task.FromException<IPAddress[]>(new SocketException((int)SocketError.TryAgain)),
        "empty" => Task.FromResult<IPAddress[]>([]),
        _ => new TaskCompletionSource<IPAddress[]>().Task,
    };

    private static async Task<ReceivedAnswer> AskAsync(FaultLab lab, AnswerReader client)
    {
        await client.SendAsync("POST / HTTP/1.1\r\nHost: gateway\r\nContent-Length: 4\r\n\r\nbody");
        var reading = client.ReadAsync("POST");

        // How long a silent resolver is waited for is the gateway's clock, or the handler's own where there is no address to make do with.
        for (var passed = TimeSpan.Zero; passed < TimeSpan.FromSeconds(2) && await Task.WhenAny(reading, Task.Delay(20)) != reading; passed += TimeSpan.FromMilliseconds(250))
        {
            lab.Pass(TimeSpan.FromMilliseconds(250));
        }

        return await reading;
    }
}
