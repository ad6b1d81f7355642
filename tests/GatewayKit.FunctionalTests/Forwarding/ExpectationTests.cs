using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>Who answers <c>Expect: 100-continue</c>: the gateway, or the destination where a route says so.</summary>
public sealed class ExpectationTests
{
    private const string Head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2000\r\nConnection: close\r\n\r\n";
    private static readonly string Body = new('b', 2_000);

    [Fact]
    [Trait("Fault", "U14")]
    public async Task Verdict_of_the_destination_reaches_a_client_that_has_sent_no_body()
    {
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            var head = await connection.ReadHeadAsync();
            Assert.Contains("\r\nExpect: 100-continue\r\n", head);
            await connection.SendAsync("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig");

            // Nothing of the body may follow.
            Assert.Equal(string.Empty, await connection.ReadToEndAsync());
        });
        await using var gateway = await GatewayAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync(Head);
        var answer = await client.ReadAnswerAsync();
        Assert.StartsWith("HTTP/1.1 413", answer);
        Assert.DoesNotContain("100 Continue", answer);
        Assert.EndsWith("big", answer);
    }

    [Fact]
    public async Task Consent_of_the_destination_reaches_the_client_and_then_the_body_the_destination()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var body = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadHeadAsync();
            asked.SetResult();
            await connection.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
            body.SetResult(await connection.ReadAsync(Body.Length));
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
        await using var gateway = await GatewayAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync(Head);
        await asked.Task.WaitAsync(RawConnection.Limit);
        Assert.StartsWith("HTTP/1.1 100 Continue", await client.ReadHeadAsync());
        await client.SendAsync(Body);
        Assert.StartsWith("HTTP/1.1 200", await client.ReadToEndAsync());
        Assert.Equal(Body, await body.Task.WaitAsync(RawConnection.Limit));
    }

    [Fact]
    [Trait("Fault", "U14")]
    public async Task Destination_that_says_nothing_gets_the_body_all_the_same()
    {
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadHeadAsync();
            Assert.Equal(Body, await connection.ReadAsync(Body.Length));
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
        await using var gateway = await GatewayAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync(Head);
        Assert.StartsWith("HTTP/1.1 100 Continue", await client.ReadHeadAsync());
        await client.SendAsync(Body);
        Assert.StartsWith("HTTP/1.1 200", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Refusal_of_the_gateway_reaches_a_client_that_has_sent_no_body()
    {
        await using var upstream = RawUpstream.Answering(RawForwarding.Ok);
        await using var gateway = await GatewayAsync(upstream.Address, static (_, _) => new(Results.StatusCode(401)));
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync(Head);
        var answer = await client.ReadAnswerAsync();
        Assert.StartsWith("HTTP/1.1 401", answer);
        Assert.DoesNotContain("100 Continue", answer);
        Assert.Empty(upstream.Heads);
    }

    [Fact]
    public async Task Small_body_is_not_worth_a_question()
    {
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            Assert.DoesNotContain("Expect", await connection.ReadHeadAsync());
            Assert.Equal("body", await connection.ReadAsync(4));
            await connection.SendAsync("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig");
        });
        await using var gateway = await GatewayAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 100 Continue", await client.ReadHeadAsync());
        await client.SendAsync("body");
        Assert.StartsWith("HTTP/1.1 413", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Request_without_a_body_asks_for_nothing()
    {
        await using var upstream = RawUpstream.Answering(RawForwarding.Ok);
        await using var gateway = await GatewayAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        Assert.StartsWith("HTTP/1.1 200", await client.ExchangeAsync("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"));
        Assert.DoesNotContain("Expect", Assert.Single(upstream.Heads));
    }

    [Theory]
    [InlineData("100-continue, 200-ok")]
    [InlineData("y 100-continue")]
    [InlineData("100-continue\r\nExpect: 100-continue")]
    public async Task Other_expectation_is_refused(string value)
    {
        var (head, answer) = await RawForwarding.SendAsync($"Expect: {value}\r\n");
        Assert.StartsWith("HTTP/1.1 417", answer);
        Assert.Null(head);
    }

    private static Task<TestHost> GatewayAsync(Uri upstream, Func<EndpointFilterInvocationContext, EndpointFilterDelegate, ValueTask<object?>>? filter = null) => TestHost.GatewayAsync(
        services: builder => builder.AddCluster("up", upstream.OriginalString),
        map: app => app.MapGatewayRoute(new GatewayRoute { Id = "up", Match = new() { Path = "/" }, Cluster = "up", ForwardExpectation = true })
            .AddEndpointFilter(filter ?? (static (context, next) => next(context))));
}
