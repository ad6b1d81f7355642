using System.Globalization;
using GatewayKit.Pipeline;
using GatewayKit.Shared;
using GatewayKit.WireTests.Http2;
using GatewayKit.WireTests.Upstreams;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.WireTests.Grpc;

/// <summary>What a gRPC client reads when the gateway refuses: status 200, one block of fields, the end.</summary>
public sealed class GrpcRefusalTests
{
    private static readonly RejectionReason NotPaid = new("not-paid", 402, "The bill is not paid.");
    private static readonly RejectionReason Known = new("quota-spent", 403, "The quota is spent.") { GrpcStatus = 8 };

    // Reasons that a policy could give, of the gateway, of the host, and by status only.
    private static readonly Dictionary<string, RejectionReason> Reasons = ((RejectionReason[])
    [
        RejectionReason.RateLimited, RejectionReason.NoHealthyUpstream, RejectionReason.FilterError, RejectionReason.UpstreamTimeout, RejectionReason.ClientTimeout,
        RejectionReason.BodyTooLarge, RejectionReason.LoopDetected, RejectionReason.Expectation, RejectionReason.UpstreamTls, RejectionReason.UpstreamReset,
        RejectionReason.QuotaExceeded, RejectionReason.ConcurrencyLimited, RejectionReason.AbnormalUsage, RejectionReason.CostExceedsLimit, RejectionReason.LimiterUnavailable,
        RejectionReason.UpstreamProtocol, RejectionReason.MalformedBody, RejectionReason.MethodNotAllowed, RejectionReason.Overloaded, NotPaid, Known,
        new("no-key", 401, "There is no key."), new("not-yours", 403, "That is not yours."), new("nothing-here", 404, "There is nothing here."), new("not-made", 501, "Not made."),
    ]).ToDictionary(static reason => reason.Code);

    public static TheoryData<string, string> Statuses => new()
    {
        { "no-key", "16" }, { "not-yours", "7" }, { "nothing-here", "12" }, { "not-made", "12" }, { "method-not-allowed", "12" },
        { "rate-limited", "8" }, { "body-too-large", "8" }, { "quota-spent", "8" },
        { "no-healthy-upstream", "14" }, { "overloaded", "14" }, { "upstream-tls", "14" }, { "upstream-reset", "14" },
        { "upstream-timeout", "4" }, { "client-timeout", "4" },
        { "filter-error", "13" }, { "upstream-protocol", "13" }, { "malformed-body", "13" }, { "loop-detected", "13" }, { "expectation", "13" },
        { "quota-exceeded", "8" }, { "concurrency-limited", "8" }, { "abnormal-usage", "8" }, { "cost-exceeds-limit", "8" }, { "limiter-unavailable", "14" },
        { "not-paid", "2" },
    };

    [Theory]
    [MemberData(nameof(Statuses))]
    public async Task Refusal_of_any_policy_becomes_a_status_of_grpc(string code, string status)
    {
        await using var upstream = Http2UpstreamConnection.Start(static connection => connection.ReadToEndAsync());
        await using var gateway = await GrpcGateway.StartAsync(
            upstream.Address,
            filter: static (_, context) => new GatewayProblem(Reasons[context.Request.Query["code"]!]),
            map: static app => app.MapPost("/host/{code}", (string code) => new GatewayProblem(Reasons[code])));
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        var onRoute = await client.AskAsync(1, GrpcGateway.Call($"/route?code={code}"));
        var onEndpointOfTheHost = await client.AskAsync(3, GrpcGateway.Call($"/host/{code}"));
        foreach (var answer in (Message[])[onRoute, onEndpointOfTheHost])
        {
            Assert.True(answer.IsHeadOnly, $"More than one block of fields: {answer}");
            Assert.Equal((200, "application/grpc", status), (answer.Status, answer["content-type"], answer["grpc-status"]));
            Assert.StartsWith(Reasons[code].Title + $" ({code}, trace ", answer["grpc-message"]);
        }

        Assert.Equal(code, await gateway.NextReasonAsync());
        Assert.Equal(0, upstream.ConnectionCount);
    }

    [Fact]
    public async Task Message_is_percent_encoded_and_says_when_to_come_again()
    {
        await using var upstream = Http2UpstreamConnection.Start(static connection => connection.ReadToEndAsync());
        await using var gateway = await GrpcGateway.StartAsync(
            upstream.Address, filter: static (_, _) => new GatewayProblem(NotPaid, "50 % über\r\nx: y", TimeSpan.FromMilliseconds(1_500.2)));
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        var answer = await client.AskAsync(1, GrpcGateway.Call("/"));
        Assert.StartsWith("The bill is not paid. 50 %25 %C3%BCber%0D%0Ax: y (not-paid, trace ", answer["grpc-message"]);
        Assert.Equal("1501", answer["grpc-retry-pushback-ms"]);
    }

    // A client that was told to try these again at any time gets to know that no time brings more (gRPC proposal A6).
    [Theory]
    [InlineData("rate-limited", 2_000, 2_000, 2_200)]
    [InlineData("overloaded", 1_000, 1_000, 5_000)]
    [InlineData("quota-exceeded", null, -1, -1)]
    [InlineData("cost-exceeds-limit", null, -1, -1)]
    public async Task Client_is_told_when_to_try_again_or_never(string code, int? wait, int earliest, int latest)
    {
        await using var upstream = Http2UpstreamConnection.Start(static connection => connection.ReadToEndAsync());
        await using var gateway = await GrpcGateway.StartAsync(
            upstream.Address, filter: (_, _) => new GatewayProblem(Reasons[code], retryAfter: wait is { } known ? TimeSpan.FromMilliseconds(known) : null));
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        var answer = await client.AskAsync(1, GrpcGateway.Call("/"));
        Assert.InRange(int.Parse(answer["grpc-retry-pushback-ms"]!, CultureInfo.InvariantCulture), earliest, latest);
    }

    [Fact]
    public async Task Throttled_call_tells_of_the_limit_in_the_one_block_there_is()
    {
        await using var upstream = Http2UpstreamConnection.Start(static connection => connection.ReadToEndAsync());
        await using var gateway = await GrpcGateway.StartAsync(
            upstream.Address, map: static app => app.MapPost("/host", static () => Results.Empty).WithThrottling(new() { RequestsPerSecond = 0.5, Name = "calls" }));
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        Assert.Equal("\"calls\";r=0;t=2", (await client.AskAsync(1, GrpcGateway.Call("/host")))["ratelimit"]);
        var refused = await client.AskAsync(3, GrpcGateway.Call("/host"));
        Assert.Equal((true, "8", "\"calls\";r=0;t=2", "\"calls\";q=1;w=2"), (refused.IsHeadOnly, refused["grpc-status"], refused["ratelimit"], refused["ratelimit-policy"]));
        Assert.InRange(int.Parse(refused["grpc-retry-pushback-ms"]!, CultureInfo.InvariantCulture), 2_000, 2_200);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/grpc-web")]
    [InlineData("application/grpc-web+proto")]
    [InlineData("application/grpcx")]
    public async Task What_is_not_grpc_gets_a_problem(string type)
    {
        await using var upstream = Http2UpstreamConnection.Start(static connection => connection.ReadToEndAsync());
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address, filter: static (_, _) => new GatewayProblem(NotPaid));
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        var answer = await client.AskAsync(1, Http2Client.Post("/", ("content-type", type)));
        Assert.Equal((402, "application/problem+json", null), (answer.Status, answer["content-type"], answer["grpc-status"]));
        Assert.Contains("not-paid", answer.Data);
    }

    [Fact]
    public async Task Call_that_is_still_sending_is_answered_and_told_to_stop()
    {
        await using var upstream = Http2UpstreamConnection.Start(static connection => connection.ReadToEndAsync());
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address, filter: static (_, _) => new GatewayProblem(NotPaid));
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        await client.SendAsync(Frames.Headers(1, GrpcGateway.Call("/")) + Frames.Data(1, "\0\0\0\0\x05hello"));
        Assert.True((await client.TakeAnswerAsync(1)).IsHeadOnly);
        Assert.Equal(ErrorCode.NoError, await client.TakeResetAsync(1));
    }

    [Fact]
    public async Task Destination_that_is_not_there_is_unavailable()
    {
        var address = new Uri($"http://127.0.0.1:{FreePort.Next()}");
        await using var gateway = await GrpcGateway.StartAsync(address);
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        var answer = await client.AskAsync(1, GrpcGateway.Call("/"));
        Assert.Equal((true, "14"), (answer.IsHeadOnly, answer["grpc-status"]));
        Assert.Equal("upstream-connect", await gateway.NextReasonAsync());
    }

    [Fact]
    public async Task Destination_that_breaks_the_protocol_is_an_internal_error()
    {
        await using var upstream = Http2UpstreamConnection.Start(static async connection =>
        {
            var request = await connection.TakeRequestAsync();
            await connection.SendAsync(Frames.Headers(request.Stream, Hpack.Field(":status", "999"), end: true));
            await connection.ReadToEndAsync();
        });
        await using var gateway = await GrpcGateway.StartAsync(upstream.Address);
        using var client = await Http2Client.ConnectAsync(gateway.Gateway);
        var answer = await client.AskAsync(1, GrpcGateway.Call("/"));
        Assert.Equal("upstream-protocol", await gateway.NextReasonAsync());
        Assert.Equal((true, "13"), (answer.IsHeadOnly, answer["grpc-status"]));
    }
}
