using System.Globalization;
using GatewayKit.Forwarding;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using GatewayKit.WireTests.Responses;

namespace GatewayKit.WireTests.Faults;

/// <summary>What a client does is nothing against a destination, and nothing that a retry would mend. Where clients leave, and that it is seen, is in Aborts.</summary>
public sealed class ClientFaultTests
{
    [Theory]
    [Trait("Fault", "C1")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Client_that_leaves_blames_no_destination_and_is_not_sent_on(bool inBody)
    {
        var fault = new UpstreamFault("C1", "leaves")
        {
            Status = 0,
            Script = async (connection, lab) =>
            {
                await connection.ReadRequestAsync();
                if (inBody)
                {
                    await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
                }

                lab.Reach();
                await connection.ReadToEndAsync();
            },
        };
        await using var lab = await FaultLab.StartAsync(fault, withSecond: true);
        using var client = await AnswerReader.ConnectAsync(lab.Gateway.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: gateway\r\n\r\n");
        await lab.ReachedAsync();
        if (inBody)
        {
            await client.ReadThroughAsync("12345");
        }

        client.Reset();
        await MustBeNobodysFaultAsync(lab, ForwardError.ClientAborted);
        Assert.Equal(CircuitState.Closed, lab.Circuit);
    }

    [Fact]
    [Trait("Fault", "C1")]
    public async Task Client_that_leaves_while_a_retry_waits_is_not_sent_on()
    {
        var fault = new UpstreamFault("C1", "leaves")
        {
            Status = 0,
            Script = static async (connection, lab) =>
            {
                await connection.ReadRequestAsync();
                await connection.SendAsync("HTTP/1.1 503 Later\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n");

                // The gateway has read it when it lets go of the connection or keeps it: it waits on its clock, which stands.
                lab.Reach();
                await connection.ReadToEndAsync();
            },
        };
        await using var lab = await FaultLab.StartAsync(fault, withSecond: true);
        using var client = await AnswerReader.ConnectAsync(lab.Gateway.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: gateway\r\n\r\n");
        await lab.ReachedAsync();
        client.Reset();
        Assert.Equal(RejectionReason.ClientAborted, (await lab.Gateway.Records.NextAsync()).Reason);
        lab.Time.Advance(TimeSpan.FromSeconds(10));
        lab.Gateway.MustBecomeQuiet();
        Assert.Empty(lab.Second.Requests);
    }

    [Fact]
    [Trait("Fault", "C4")]
    public async Task Pipelined_requests_are_answered_in_order_each_with_its_record()
    {
        const int Requests = 100;
        var fault = new UpstreamFault("C4", "pipelined")
        {
            Status = 200,
            Script = static async (connection, _) =>
            {
                while (true)
                {
                    var target = (await connection.ReadRequestAsync()).Target;
                    await connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {target.Length}\r\n\r\n{target}");
                }
            },
        };
        await using var lab = await FaultLab.StartAsync(fault, withSecond: false);
        using var client = await AnswerReader.ConnectAsync(lab.Gateway.Address);
        await client.SendAsync(string.Concat(Enumerable.Range(0, Requests).Select(static number => string.Create(CultureInfo.InvariantCulture, $"GET /{number} HTTP/1.1\r\nHost: gateway\r\n\r\n"))));
        for (var number = 0; number < Requests; number++)
        {
            var answer = await client.ReadAsync();
            Assert.Equal((200, $"/{number}"), (answer.Status, answer.Body));
            await lab.Gateway.Records.NextAsync();
        }

        Assert.Equal(Enumerable.Range(0, Requests).Select(static number => $"/{number}"), lab.Gateway.Records.Requests.Select(static record => record.Path));
    }

    private static async Task MustBeNobodysFaultAsync(FaultLab lab, ForwardError error)
    {
        var record = await lab.Gateway.Records.NextAsync();
        Assert.Equal((RejectionReason.ClientAborted, error), (record.Reason, record.Outcome?.Error));
        lab.Gateway.MustBecomeQuiet();
        Assert.Empty(lab.Second.Requests);
    }
}
