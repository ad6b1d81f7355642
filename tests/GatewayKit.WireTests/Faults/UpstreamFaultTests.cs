using System.Text;
using System.Text.Json;
using GatewayKit.Forwarding;
using GatewayKit.Resilience;
using GatewayKit.WireTests.Responses;

namespace GatewayKit.WireTests.Faults;

/// <summary>What comes of each fault of a destination: for the client, for the destination, and for the next request.</summary>
public sealed class UpstreamFaultTests
{
    public static TheoryData<string> Names() => [.. UpstreamFaults.All.Select(static fault => fault.ToString())];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Client_and_record_are_told_and_the_breaker_counts(string name)
    {
        var fault = UpstreamFaults.All.Single(fault => fault.ToString() == name);
        await using var lab = await FaultLab.StartAsync(fault, withSecond: false);
        using var client = await AnswerReader.ConnectAsync(lab.Gateway.Address);
        var answer = await AskAsync(lab, fault, client, "GET");
        MustBeFault(fault, answer);
        var record = await lab.Gateway.Records.NextAsync();
        Assert.Equal(fault.Error, record.Outcome?.Error);
        Assert.Equal(fault.IsCut ? 5 : Encoding.Latin1.GetByteCount(fault.Code is null ? answer.Body : string.Empty), record.Outcome?.ResponseBodyBytes);
        Assert.Equal(fault.Error is ForwardError.None ? null : ForwardFailure.Of(fault.Error).Reason, record.Reason);
        lab.Gateway.MustBecomeQuiet();
        Assert.Equal(fault.Counts ? CircuitState.Open : CircuitState.Closed, lab.Circuit);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public Task Idempotent_request_goes_elsewhere_where_that_helps(string name) => RetryAsync(name, "GET");

    [Theory]
    [MemberData(nameof(Names))]
    public Task Other_request_goes_elsewhere_only_if_it_was_surely_not_processed(string name) => RetryAsync(name, "POST");

    [Fact]
    [Trait("Fault", "U9")]
    public async Task Trickle_ends_at_the_deadline_because_no_idle_clock_does()
    {
        var fault = new UpstreamFault("U9", "trickle")
        {
            Status = 200,
            Script = static async (connection, lab) =>
            {
                await connection.ReadRequestAsync();
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
                for (var i = 0; i < 9; i++)
                {
                    await connection.SendAsync($"<{i}>");
                    await lab.ReachedAsync();
                }

                await connection.ReadNothingAsync();
            },
            Cluster = static (cluster, _) => cluster with { Timeouts = cluster.Timeouts with { Total = TimeSpan.FromSeconds(45) } },
        };
        await using var lab = await FaultLab.StartAsync(fault, withSecond: true);
        using var client = await AnswerReader.ConnectAsync(lab.Gateway.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: gateway\r\n\r\n");
        for (var i = 0; i < 9; i++)
        {
            await client.ReadThroughAsync($"<{i}>");
            lab.Time.Advance(TimeSpan.FromSeconds(5));
            lab.Reach();
        }

        Assert.Equal(string.Empty, await client.ReadToEndAsync());
        var record = await lab.Gateway.Records.NextAsync();
        Assert.Equal((ForwardError.DeadlineExceeded, 27), (record.Outcome?.Error, record.Outcome?.ResponseBodyBytes));
        Assert.Empty(lab.Second.Requests);
    }

    private static async Task RetryAsync(string name, string method)
    {
        var fault = UpstreamFaults.All.Single(fault => fault.ToString() == name);
        var retries = method == "GET" ? fault.RetriesGet : fault.RetriesPost;
        await using var lab = await FaultLab.StartAsync(fault, withSecond: true);
        using var client = await AnswerReader.ConnectAsync(lab.Gateway.Address);
        var answer = await AskAsync(lab, fault, client, method);
        if (retries)
        {
            Assert.Equal((200, "well", true), (answer.Status, answer.Body, answer.IsWhole));
        }
        else
        {
            MustBeFault(fault, answer);
        }

        Assert.Equal(retries ? 1 : 0, lab.Second.Requests.Count);
        Assert.All(lab.Second.Requests, request => Assert.Equal(method, request.Method));

        // What was read in whole was perhaps processed: never twice, whoever would send it again. The handler sends a GET again on its own.
        if (lab.First is { } first && method == "POST")
        {
            Assert.InRange(first.Requests.Count(static request => request.Target == "/fault"), 0, 1);
        }
    }

    private static async Task<ReceivedAnswer> AskAsync(FaultLab lab, UpstreamFault fault, AnswerReader client, string method)
    {
        if (fault.IsReused)
        {
            Assert.Equal(200, (await client.GetAsync("/before")).Status);
            await lab.Gateway.Records.NextAsync();
        }

        await client.SendAsync($"{method} /fault HTTP/1.1\r\nHost: gateway\r\n{(method == "POST" ? "Content-Length: 4\r\n\r\nbody" : "\r\n")}");
        if (fault.IsCut)
        {
            var head = ReceivedAnswer.Parse((await client.ReadHeadAsync())!);
            await client.ReadThroughAsync("12345");
            lab.See();
            lab.Pass(fault.Passes);
            var rest = await client.ReadToEndAsync();
            Assert.DoesNotContain("0\r\n\r\n", rest, StringComparison.Ordinal);
            return head with { Body = "12345" + rest, IsWhole = false };
        }

        if (fault.Passes > TimeSpan.Zero)
        {
            await lab.ReachedAsync();
            lab.Pass(fault.Passes);
        }

        return await client.ReadAsync(method);
    }

    private static void MustBeFault(UpstreamFault fault, ReceivedAnswer answer)
    {
        Assert.Equal(fault.Status, answer.Status);

        // Without a length only the end of the connection ends it, and nothing tells whether it is whole.
        Assert.Equal(!fault.IsCut, answer.IsWhole || answer["Content-Length"].Length + answer["Transfer-Encoding"].Length == 0);
        if (fault.Code is { } code)
        {
            Assert.Equal(code, JsonDocument.Parse(answer.Body).RootElement.GetProperty("code").GetString());
        }
    }
}
