using System.Net;
using System.Net.Sockets;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.ExternalAuthorization;

namespace GatewayKit.FunctionalTests.Identity.ExternalAuthorization;

/// <summary>A service that does not decide lets nobody through, and is left alone when it cannot.</summary>
public sealed class ServiceFailureTests
{
    [Theory]
    [InlineData("/route/x")]
    [InlineData("/own/x")]
    public async Task Service_that_does_not_answer_in_time_lets_nobody_through(string path)
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { Timeout = TimeSpan.FromSeconds(2) });
        gateway.Service.Hang();
        var asking = gateway.AskAsync(path);
        await UntilAsync(() => gateway.Service.Questions.Count == 1);
        gateway.Time.Advance(TimeSpan.FromMilliseconds(1_700));
        Assert.False(asking.IsCompleted);
        gateway.Time.Advance(TimeSpan.FromMilliseconds(300));
        var answer = await asking;
        Assert.Equal((503, "auth-unavailable", "1"), (answer.Status, answer.Code, answer["Retry-After"]));
        Assert.Empty(gateway.Served);
    }

    [Fact]
    public async Task Service_that_is_not_there_lets_nobody_through()
    {
        await using var gateway = await AuthorizedGateway.StartAsync();
        await gateway.Service.StopAsync();
        foreach (var path in (string[])["/route/x", "/own/x"])
        {
            var answer = await gateway.AskAsync(path);
            Assert.Equal((503, "auth-unavailable"), (answer.Status, answer.Code));
        }

        Assert.Empty(gateway.Served);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nX-Auth-User: a\r\nX-Auth-User")]
    [InlineData("HTTP/1.1 200 OK\r\nX: \u0001\r\n\u0000: x\r\n\r\n")]
    [InlineData("SSH-2.0-x\r\n")]
    [InlineData("")]
    public async Task What_is_no_HTTP_lets_nobody_through(string bytes)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answering = AnswerAsync();
        await using var gateway = await AuthorizedGateway.StartAsync(policy => policy with { Url = new($"http://{listener.LocalEndpoint}/") });
        var asking = gateway.AskAsync("/route/x");
        await gateway.PassUntilAsync(asking, TimeSpan.FromMilliseconds(1));
        Assert.Equal((503, "auth-unavailable"), ((await asking).Status, (await asking).Code));
        Assert.Empty(gateway.Served);
        listener.Stop();
        await answering;

        async Task AnswerAsync()
        {
            try
            {
                while (true)
                {
                    using var socket = await listener.AcceptSocketAsync();
                    await socket.ReceiveAsync(new byte[4_096]);
                    await socket.SendAsync(System.Text.Encoding.Latin1.GetBytes(bytes));
                }
            }
            catch (SocketException)
            {
                // The test is over.
            }
        }
    }

    [Fact]
    public async Task Fields_of_an_answer_have_an_end_and_its_body_is_dropped()
    {
        await using var gateway = await AuthorizedGateway.StartAsync();
        gateway.Service.Answer = static async (context, _) =>
        {
            // Ends when nobody reads it any more.
            try
            {
                while (true)
                {
                    await context.Response.Body.WriteAsync(new byte[65_536], context.RequestAborted);
                }
            }
            catch (OperationCanceledException)
            {
            }
        };
        Assert.Equal(200, (await gateway.AskAsync("/route/x")).Status);

        gateway.Service.Answer = static (context, _) => AskedService.SayAsync(context, 200, ("X-Long", new string('x', 20_000)));
        Assert.Equal(503, (await gateway.AskAsync("/route/x")).Status);
    }

    [Fact]
    public async Task Service_that_is_down_is_left_alone_and_asked_again_later()
    {
        await using var gateway = await AuthorizedGateway.StartAsync();
        gateway.Service.Say(503);
        for (var i = 0; i < 30; i++)
        {
            Assert.Equal(503, (await gateway.AskAsync("/route/x")).Status);
        }

        var asked = gateway.Service.Questions.Count;
        Assert.InRange(asked, 10, 12);
        gateway.Service.Say(200);
        Assert.Equal(503, (await gateway.AskAsync("/route/x")).Status);
        Assert.Equal(asked, gateway.Service.Questions.Count);
        gateway.Time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(200, (await gateway.AskAsync("/route/x")).Status);
    }

    // Whoever can make it fail at a request of their own must not shut it for others.
    [Theory]
    [InlineData(400)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(508)]
    public async Task Failing_at_some_requests_is_not_being_down(int status)
    {
        await using var gateway = await AuthorizedGateway.StartAsync();
        gateway.Service.Answer = (context, _) => AskedService.SayAsync(context, context.Request.Headers.Authorization == "evil" ? status : 200);
        for (var i = 0; i < 30; i++)
        {
            Assert.Equal(503, (await gateway.AskAsync("/route/x", ("Authorization", "evil"))).Status);
        }

        Assert.Equal(200, (await gateway.AskAsync("/route/x")).Status);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public async Task Question_that_may_have_arrived_is_not_asked_twice(string method)
    {
        await using var gateway = await AuthorizedGateway.StartAsync(policy => policy with { Method = method });
        foreach (var status in (int[])[500, 502, 408])
        {
            gateway.Service.Say(status);
            Assert.Equal(503, (await gateway.AskAsync("/route/x")).Status);
        }

        Assert.Equal(3, gateway.Service.Questions.Count);
    }

    [Fact]
    public async Task Client_that_goes_takes_its_question_along()
    {
        await using var gateway = await AuthorizedGateway.StartAsync();
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        gateway.Service.Answer = async (context, _) =>
        {
            context.RequestAborted.Register(gone.SetResult);
            await gone.Task;
        };
        using (var client = await RawConnection.ConnectAsync(gateway.Address))
        {
            await client.SendAsync("GET /route/x HTTP/1.1\r\nHost: a\r\n\r\n");
            await UntilAsync(() => gateway.Service.Questions.Count == 1);
        }

        await gone.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Empty(gateway.Served);
    }

    [Theory]
    [InlineData("/route/check")]
    [InlineData("/own/check")]
    public async Task Gateway_does_not_ask_by_way_of_an_endpoint_that_asks(string way)
    {
        await using var gateway = await AuthorizedGateway.StartAsync();
        AuthorizedGateway.Answer? inner = null;

        // What stands in front of the service is the gateway itself.
        gateway.Service.Answer = async (context, _) =>
        {
            inner = await gateway.AskAsync(way, [.. context.Request.Headers.Where(static field => field.Key is not "Host").Select(static field => (field.Key, field.Value.ToString()))]);
            context.Response.StatusCode = inner.Status;
        };
        var outer = await gateway.AskAsync("/route/x");
        Assert.Equal((508, "loop-detected"), (inner!.Status, inner.Code));
        Assert.Contains("authorization service", inner.Body, StringComparison.Ordinal);
        Assert.Equal((503, "auth-unavailable"), (outer.Status, outer.Code));
        Assert.Single(gateway.Service.Questions);
        Assert.Empty(gateway.Served);
    }

    [Theory]
    [InlineData("gatewaykit", 508)]
    [InlineData("x, GatewayKit", 508)]
    [InlineData("another", 200)]
    [InlineData("", 200)]
    public async Task Marker_of_a_client_refuses_its_own_request_at_most(string marker, int status)
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { CacheFor = TimeSpan.FromSeconds(10) });
        foreach (var path in (string[])["/route/x", "/own/x"])
        {
            Assert.Equal(status, (await gateway.AskAsync(path, (AuthorizationMarker.Name, marker))).Status);
            Assert.Equal(200, (await gateway.AskAsync(path)).Status);
            Assert.DoesNotContain(gateway.Service.Questions, question => question[AuthorizationMarker.Name] != "gatewaykit");
        }
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!holds())
        {
            await Task.Delay(5, limit.Token);
        }
    }
}
