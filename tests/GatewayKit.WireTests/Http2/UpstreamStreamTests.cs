using System.Collections.Concurrent;
using System.Net.Http;
using GatewayKit.Clusters;
using GatewayKit.WireTests.Grpc;
using GatewayKit.WireTests.Upstreams;

namespace GatewayKit.WireTests.Http2;

/// <summary>What the handler does by itself with streams at a destination, and that nothing is delivered twice by it.</summary>
public sealed class UpstreamStreamTests
{
    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public async Task Refused_stream_without_a_body_is_sent_again(string method)
    {
        var streams = 0;
        await using var upstream = Http2UpstreamConnection.Start(async connection =>
        {
            while (true)
            {
                var request = await connection.TakeRequestAsync();
                if (Interlocked.Increment(ref streams) == 1)
                {
                    // RFC 9113 §8.7: surely not processed, so any method may be sent again.
                    await connection.SendAsync(Frames.Reset(request.Stream, ErrorCode.RefusedStream));
                    continue;
                }

                await connection.AnswerAsync(request.Stream, "done");
            }
        });
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address);
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        Assert.Equal("done", (await client.AskAsync(1, Http2Client.Request(method, "/"))).Data);
        Assert.Equal(2, streams);
    }

    [Fact]
    public async Task Refused_stream_is_sent_again_three_times_at_most()
    {
        var streams = 0;
        await using var upstream = Http2UpstreamConnection.Start(async connection =>
        {
            while (true)
            {
                var request = await connection.TakeRequestAsync();
                Interlocked.Increment(ref streams);
                await connection.SendAsync(Frames.Reset(request.Stream, ErrorCode.RefusedStream));
            }
        });
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address);
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        var answer = await client.AskAsync(1, Http2Client.Get("/"));
        Assert.Equal(502, answer.Status);
        Assert.InRange(streams, 2, 4);
    }

    [Fact]
    public async Task Refused_upload_is_not_sent_again_because_its_body_is_gone()
    {
        var streams = 0;
        await using var upstream = Http2UpstreamConnection.Start(async connection =>
        {
            while (true)
            {
                var request = await connection.TakeRequestAsync();
                if (!request.IsComplete)
                {
                    continue;
                }

                Interlocked.Increment(ref streams);
                await connection.SendAsync(Frames.Reset(request.Stream, ErrorCode.RefusedStream));
            }
        });
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address);
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        await client.SendAsync(Frames.Headers(1, Http2Client.Post("/")) + Frames.Data(1, "once", end: true));
        Assert.Equal(502, (await client.TakeAnswerAsync(1)).Status);
        Assert.Equal(1, streams);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Refused_upload_is_sent_again_whole_from_what_was_kept(bool isComplete)
    {
        // A flush that meets the refusal hides that there was one, which is a matter of microseconds and no answer to the question.
        var tries = 0;
        while (!await IsSentAgainWholeAsync(isComplete))
        {
            Assert.InRange(++tries, 1, 5);
        }
    }

    private static async Task<bool> IsSentAgainWholeAsync(bool isComplete)
    {
        var (streams, again) = (0, new TaskCompletionSource());
        await using var upstream = Http2UpstreamConnection.Start(async connection =>
        {
            while (true)
            {
                var request = await connection.TakeRequestHeadAsync();
                var isFirst = Interlocked.Increment(ref streams) == 1;
                if (!isFirst)
                {
                    again.TrySetResult();
                }

                await connection.TakeAsync(_ => request.IsOver || (isFirst && !isComplete && request.Data.Length == 5));
                if (isFirst)
                {
                    await connection.SendAsync(Frames.Reset(request.Stream, ErrorCode.RefusedStream));
                    continue;
                }

                await connection.AnswerAsync(request.Stream, request.Data);
            }
        });
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address, static up => up with { Retry = new() { ReplayBufferBytes = 1_024 } });
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        await client.SendAsync(Frames.Headers(1, Http2Client.Post("/")) + Frames.Data(1, "first") + (isComplete ? Frames.Data(1, " and last", end: true) : string.Empty));
        var answering = client.TakeAnswerAsync(1);
        if (!isComplete)
        {
            if (await Task.WhenAny(again.Task, answering) == answering)
            {
                Assert.Equal((502, 1), ((await answering).Status, streams));
                return false;
            }

            await client.SendAsync(Frames.Data(1, " and last", end: true));
        }

        Assert.Equal("first and last", (await answering).Data);
        Assert.Equal(2, streams);
        return true;
    }

    [Fact]
    public async Task Upload_that_one_destination_refuses_for_good_goes_to_another()
    {
        await using var upstream = Http2UpstreamConnection.Start(static async connection =>
        {
            while (true)
            {
                await connection.SendAsync(Frames.Reset((await connection.TakeRequestAsync()).Stream, ErrorCode.RefusedStream));
            }
        });
        await using var other = Http2UpstreamConnection.Start(static async connection =>
        {
            var request = await connection.TakeRequestAsync();
            await connection.AnswerAsync(request.Stream, request.Data);
            await connection.ReadToEndAsync();
        });
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address, up => up with
        {
            Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = upstream.Address }, ["b"] = new() { Address = other.Address } },
            LoadBalancing = LoadBalancing.First,
            Retry = new() { ReplayBufferBytes = 1_024 },
        });
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        await client.SendAsync(Frames.Headers(1, Http2Client.Post("/")) + Frames.Data(1, "once", end: true));
        Assert.Equal("once", (await client.TakeAnswerAsync(1)).Data);
    }

    [Fact]
    [Trait("Fault", "U18")]
    public async Task Streams_above_a_goaway_go_to_another_connection_and_those_below_end_here()
    {
        var delivered = new ConcurrentQueue<string>();
        await using var upstream = Http2UpstreamConnection.Start(async connection =>
        {
            if (connection.Number == 1)
            {
                var first = await connection.TakeRequestAsync();
                await connection.TakeRequestAsync();
                await connection.SendAsync(Frames.GoAway(first.Stream, ErrorCode.NoError));
                delivered.Enqueue($"1 {first[":path"]}");
                await connection.AnswerAsync(first.Stream, "old");
                await connection.ReadToEndAsync();
                return;
            }

            while (true)
            {
                var request = await connection.TakeRequestAsync();
                delivered.Enqueue($"{connection.Number} {request[":path"]}");
                await connection.AnswerAsync(request.Stream, "new");
            }
        });
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address);
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        await client.SendAsync(Frames.Headers(1, Http2Client.Request("POST", "/1"), end: true));
        await client.SendAsync(Frames.Headers(3, Http2Client.Request("POST", "/3"), end: true));
        var (one, three) = (await client.TakeAnswerAsync(1), await client.TakeAnswerAsync(3));
        Assert.Equal(["new", "old"], ((string[])[one.Data, three.Data]).Order());
        Assert.Equal(2, delivered.Count);
        Assert.Equal(2, delivered.Select(static line => line[2..]).Distinct().Count());
    }

    [Theory]
    [Trait("Fault", "U18")]
    [InlineData("POST", "connection")]
    [InlineData("POST", "stream")]
    [InlineData("POST", "goaway")]
    [InlineData("GET", "connection")]
    [InlineData("GET", "stream")]
    [InlineData("GET", "goaway")]
    public async Task Request_that_may_have_been_processed_is_delivered_once(string method, string how)
    {
        var delivered = 0;
        await using var upstream = Http2UpstreamConnection.Start(async connection =>
        {
            while (true)
            {
                var request = await connection.TakeRequestAsync();
                if (request[":path"] == "/warm")
                {
                    await connection.AnswerAsync(request.Stream, "warm");
                    continue;
                }

                Interlocked.Increment(ref delivered);
                switch (how)
                {
                    case "connection":
                        connection.Abort();
                        return;
                    case "stream":
                        await connection.SendAsync(Frames.Reset(request.Stream, ErrorCode.InternalError));
                        break;
                    default:
                        await connection.SendAsync(Frames.GoAway(request.Stream, ErrorCode.InternalError));
                        connection.Abort();
                        return;
                }
            }
        });
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address);
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        await client.AskAsync(1, Http2Client.Get("/warm"));
        var answer = await client.AskAsync(3, Http2Client.Request(method, "/once"));
        Assert.Equal(502, answer.Status);
        Assert.Equal("warm", (await client.AskAsync(5, Http2Client.Get("/warm"))).Data);
        Assert.Equal(1, delivered);
    }

    [Fact]
    [Trait("Fault", "U18")]
    public async Task Further_connections_are_opened_when_the_streams_of_one_are_used_up()
    {
        var both = new TaskCompletionSource();
        var asked = 0;
        await using var upstream = Http2UpstreamConnection.Start(
            async connection =>
            {
                var request = await connection.TakeRequestAsync();
                if (request[":path"] == "/warm")
                {
                    // The gateway knows the limit from here on.
                    await connection.AnswerAsync(request.Stream, "warm");
                    request = await connection.TakeRequestAsync();
                }

                if (Interlocked.Increment(ref asked) == 2)
                {
                    both.SetResult();
                }

                await both.Task;
                await connection.AnswerAsync(request.Stream, $"{connection.Number}");
                await connection.ReadToEndAsync();
            },
            (3, 1));
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address);
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        await client.AskAsync(1, Http2Client.Get("/warm"));
        await client.SendAsync(Frames.Headers(3, Http2Client.Get("/"), end: true) + Frames.Headers(5, Http2Client.Get("/"), end: true));
        string[] answers = [(await client.TakeAnswerAsync(3)).Data, (await client.TakeAnswerAsync(5)).Data];
        Assert.Equal(["1", "2"], answers.Order());
    }

    [Fact]
    public async Task One_stream_of_a_hundred_that_is_not_read_holds_up_no_other()
    {
        const int Streams = 100;
        await using var upstream = Http2UpstreamConnection.Start(async connection =>
        {
            for (var i = 0; i < Streams; i++)
            {
                var request = await connection.TakeRequestAsync();
                await connection.AnswerAsync(request.Stream, new('x', request[":path"] == "/stalled" ? 60_000 : 500));
            }

            await connection.ReadToEndAsync();
        });
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address);
        using var client = await Http2Client.ConnectAsync(gateway.Gateway, (4, 1_000));
        await client.SendAsync(Frames.WindowUpdate(0, 1 << 20) + Frames.Headers(1, Http2Client.Get("/stalled"), end: true));
        await client.TakeDataAsync(1, 1_000);
        for (var i = 1; i < Streams; i++)
        {
            await client.SendAsync(Frames.Headers((2 * i) + 1, Http2Client.Get($"/{i}"), end: true));
        }

        for (var i = 1; i < Streams; i++)
        {
            Assert.Equal(500, (await client.TakeAnswerAsync((2 * i) + 1)).Data.Length);
        }

        Assert.Equal(1, upstream.ConnectionCount);
        Assert.Equal(1_000, client.Received[1].Data.Length);

        // It is late, not lost.
        await client.SendAsync(Frames.WindowUpdate(1, 1 << 20));
        var stalled = await client.TakeAnswerAsync(1);
        Assert.Equal((true, 60_000), (stalled.IsComplete, stalled.Data.Length));
    }

    [Fact]
    public void Quiet_connections_are_asked_whether_they_live()
    {
        using var handler = UpstreamHandlers.Create(new(), new(), TimeSpan.FromSeconds(5));
        Assert.Equal(
            (TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(10), HttpKeepAlivePingPolicy.WithActiveRequests),
            (handler.KeepAlivePingDelay, handler.KeepAlivePingTimeout, handler.KeepAlivePingPolicy));
    }
}
