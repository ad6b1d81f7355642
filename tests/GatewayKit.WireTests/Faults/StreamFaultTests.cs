using System.Text.Json;
using GatewayKit.Forwarding;
using GatewayKit.Resilience;
using GatewayKit.WireTests.Http2;
using GatewayKit.WireTests.Responses;
using GatewayKit.WireTests.Upstreams;

namespace GatewayKit.WireTests.Faults;

/// <summary>Faults of HTTP/2 at a destination: for the client, for the destination, and for a second one that could serve in its place.</summary>
public sealed class StreamFaultTests
{
    public static TheoryData<string, string> Cases() => new MatrixTheoryData<string, string>(StreamFaults.All.Select(static fault => fault.Name), ["GET", "POST"]);

    [Theory]
    [Trait("Fault", "U18")]
    [MemberData(nameof(Cases))]
    public async Task Client_and_record_are_told_and_the_breaker_counts(string name, string method)
    {
        var fault = StreamFaults.All.Single(fault => fault.Name == name);
        var error = method == "GET" ? fault.Get : fault.Post;
        await using var lab = await StreamLab.StartAsync(fault, withSecond: false);
        var answer = await AskAsync(lab, fault, method, error);
        MustBe(error, answer);
        var record = await lab.Gateway.Records.NextAsync();
        Assert.Equal((error, error is ForwardError.None ? null : ForwardFailure.Of(error).Reason), (record.Outcome?.Error, record.Reason));
        lab.Gateway.MustBecomeQuiet();
        Assert.Equal(error is ForwardError.None ? CircuitState.Closed : CircuitState.Open, lab.Circuit);
    }

    [Theory]
    [Trait("Fault", "U18")]
    [MemberData(nameof(Cases))]
    public async Task Stream_that_fails_goes_elsewhere_by_what_is_known_of_it(string name, string method)
    {
        var fault = StreamFaults.All.Single(fault => fault.Name == name);
        var (error, retries) = method == "GET" ? (fault.Get, fault.RetriesGet) : (fault.Post, fault.RetriesPost);
        await using var lab = await StreamLab.StartAsync(fault, withSecond: true);
        var answer = await AskAsync(lab, fault, method, error);
        if (retries)
        {
            Assert.Equal((200, "well"), (answer.Status, answer.Body));
            Assert.Equal([method == "GET" ? "GET " : "POST body"], lab.Served);
        }
        else
        {
            MustBe(error, answer);
            Assert.Empty(lab.Served);
        }

        Assert.Equal(error is ForwardError.None ? CircuitState.Closed : CircuitState.Open, lab.Circuit);
    }

    [Fact]
    [Trait("Fault", "U18")]
    public async Task Upload_that_is_refused_half_way_begins_anew_elsewhere_with_all_of_it()
    {
        var fault = StreamFaults.All.Single(static fault => fault.Name == "refused") with
        {
            Script = static async (connection, lab) =>
            {
                while (true)
                {
                    var request = await connection.TakeRequestHeadAsync();
                    while (request.Data.Length < 4)
                    {
                        await connection.TakeAsync(static frame => frame.Type is FrameType.Data);
                    }

                    await connection.SendAsync(Frames.Reset(request.Stream, ErrorCode.RefusedStream));
                    lab.Reach();
                }
            },
        };
        await using var lab = await StreamLab.StartAsync(fault, withSecond: true);
        lab.OnGoneElsewhere = lab.Reach;
        using var client = await AnswerReader.ConnectAsync(lab.Gateway.Address);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: gateway\r\nContent-Length: 8\r\n\r\nhalf");
        await lab.ReachedAsync();

        // The handler sends it to the same destination again, unless the upload met the refusal first: then it goes elsewhere at once. The rest comes when
        // somebody has it anew, since a write that meets the refusal itself may hide that there was one.
        await lab.ReachedAsync();
        await client.SendAsync("done");
        Assert.Equal("well", (await client.ReadAsync("POST")).Body);
        Assert.Equal(["POST halfdone"], lab.Served);
    }

    [Fact]
    [Trait("Fault", "U18")]
    public async Task Request_waits_for_a_stream_where_one_connection_is_all_there_may_be()
    {
        var fault = new StreamFault("one stream at a time")
        {
            Settings = [(StreamFaults.MaxConcurrentStreams, 1)],
            Cluster = static cluster => cluster with { Http = cluster.Http with { MultipleHttp2Connections = false } },
            Script = static async (connection, lab) =>
            {
                Assert.Equal("/1", (await connection.TakeRequestAsync())[":path"]);
                lab.Reach();
                await lab.GoOnAsync();
                await connection.AnswerAsync(1, "one");
                Assert.Equal("/2", (await connection.TakeRequestAsync())[":path"]);
                await connection.AnswerAsync(3, "two");
                await connection.ReadToEndAsync();
            },
        };
        await using var lab = await StreamLab.StartAsync(fault, withSecond: false);
        using var first = await AnswerReader.ConnectAsync(lab.Gateway.Address);
        using var second = await AnswerReader.ConnectAsync(lab.Gateway.Address);
        await first.SendAsync("GET /1 HTTP/1.1\r\nHost: gateway\r\n\r\n");
        await lab.ReachedAsync();
        await second.SendAsync("GET /2 HTTP/1.1\r\nHost: gateway\r\n\r\n");
        Assert.True(SpinWait.SpinUntil(() => lab.Gateway.InFlight == 2, ScriptedUpstream.Limit));
        lab.GoOn();
        Assert.Equal("one", (await first.ReadAsync()).Body);
        Assert.Equal("two", (await second.ReadAsync()).Body);
        Assert.Equal((1, CircuitState.Closed), (lab.First.ConnectionCount, lab.Circuit));
    }

    // A new connection that allows none is another matter: the handler opens one after the other then, until the clock ends it.
    [Fact]
    [Trait("Fault", "U18")]
    public async Task Destination_that_allows_no_more_streams_is_a_timeout_that_counts()
    {
        var fault = new StreamFault("no more streams")
        {
            Cluster = static cluster => cluster with { Http = cluster.Http with { MultipleHttp2Connections = false } },
            Script = static async (connection, lab) =>
            {
                var request = await connection.TakeRequestAsync();
                await connection.SendAsync(Frames.Settings((StreamFaults.MaxConcurrentStreams, 0)));
                await connection.TakeAsync(static frame => frame is { Type: FrameType.Settings, IsAcknowledgement: true });
                await connection.AnswerAsync(request.Stream, "first");
                await connection.ReadToEndAsync();
            },
        };
        await using var lab = await StreamLab.StartAsync(fault, withSecond: false);
        using var client = await AnswerReader.ConnectAsync(lab.Gateway.Address);
        Assert.Equal("first", (await client.GetAsync("/")).Body);
        lab.Reach();
        var answer = await AskAsync(lab, fault with { IsClocked = true }, "GET", ForwardError.UpstreamHeadersTimeout);
        MustBe(ForwardError.UpstreamHeadersTimeout, answer);
        Assert.Equal((1, CircuitState.Open), (lab.First.ConnectionCount, lab.Circuit));
    }

    private static async Task<ReceivedAnswer> AskAsync(StreamLab lab, StreamFault fault, string method, ForwardError error)
    {
        using var client = await AnswerReader.ConnectAsync(lab.Gateway.Address);
        if (fault.IsReused)
        {
            Assert.Equal("first", (await client.GetAsync("/before")).Body);
            await lab.Gateway.Records.NextAsync();
        }

        await client.SendAsync($"{method} / HTTP/1.1\r\nHost: gateway\r\n{(method == "POST" ? "Content-Length: 4\r\n\r\nbody" : "\r\n")}");
        var reading = client.ReadAsync(method);
        if (fault.IsClocked && error is not ForwardError.None)
        {
            await lab.ReachedAsync();

            // Nothing outside tells when the gateway begins to wait.
            while (await Task.WhenAny(reading, Task.Delay(20)) != reading)
            {
                lab.Pass(TimeSpan.FromSeconds(1));
            }
        }

        return await reading;
    }

    private static void MustBe(ForwardError error, ReceivedAnswer answer)
    {
        if (error is ForwardError.None)
        {
            Assert.Equal((200, "first"), (answer.Status, answer.Body));
            return;
        }

        var reason = ForwardFailure.Of(error).Reason;
        Assert.Equal((reason.Status, reason.Code), (answer.Status, JsonDocument.Parse(answer.Body).RootElement.GetProperty("code").GetString()));
    }
}
