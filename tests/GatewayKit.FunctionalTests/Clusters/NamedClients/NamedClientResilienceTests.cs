using System.Net;
using System.Text;
using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Polly;
using Polly.Retry;

namespace GatewayKit.FunctionalTests.Clusters.NamedClients;

/// <summary>Microsoft.Extensions.Http.Resilience on the client of a cluster, with what it does to bodies.</summary>
public sealed class NamedClientResilienceTests
{
    private int _asked;

    [Fact]
    public async Task Retries_of_the_client_hide_a_destination_that_fails()
    {
        await using var upstream = await FailingAsync(times: 2);
        await using var gateway = await ClientGateway.StartAsync(upstream.Address, static client => client.AddResilienceHandler("retries", static pipeline => pipeline.AddRetry(Retries(3))));
        Assert.Equal("done", await gateway.Client.GetStringAsync("/a"));
        Assert.Equal(3, _asked);
    }

    [Fact]
    public async Task Post_without_a_body_is_sent_as_often_as_the_client_says()
    {
        await using var upstream = await FailingAsync(times: 1);
        await using var gateway = await ClientGateway.StartAsync(upstream.Address, static client => client.AddResilienceHandler("retries", static pipeline => pipeline.AddRetry(Retries(3))));
        using var answer = await gateway.Client.PostAsync("/a", null);
        Assert.Equal((HttpStatusCode.OK, 2), (answer.StatusCode, _asked));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Body_passes_the_standard_pipeline_unchanged(bool isChunked)
    {
        var received = new MemoryStream();
        await using var upstream = await Upstream.StartAsync(async context =>
        {
            await context.Request.Body.CopyToAsync(received);
            await context.Response.WriteAsync("done");
        });
        await using var gateway = await ClientGateway.StartAsync(upstream.Address, static client => client.AddStandardResilienceHandler());
        var bytes = new byte[1_000_000];
        new Random(7).NextBytes(bytes);
        using var answer = await gateway.Client.SendAsync(Post(bytes, isChunked));
        Assert.Equal("done", await answer.Content.ReadAsStringAsync());
        Assert.Equal(bytes, received.ToArray());
    }

    // The handler tries again, and there is nothing to send: that is said at once, and the destination never sees half of a body as a whole one.
    [Theory]
    [InlineData(true, 10)]
    [InlineData(false, 10)]
    [InlineData(true, 500_000)]
    [InlineData(false, 500_000)]
    public async Task Body_is_sent_once_whatever_retries_the_client_has(bool isChunked, int size)
    {
        var whole = new List<int>();
        await using var upstream = await Upstream.StartAsync(async context =>
        {
            var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            lock (whole)
            {
                whole.Add((int)body.Length);
            }

            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        });
        await using var gateway = await ClientGateway.StartAsync(upstream.Address, static client => client.AddStandardResilienceHandler(static options => options.Retry.Delay = TimeSpan.Zero));
        using var answer = await gateway.Client.SendAsync(Post(new byte[size], isChunked)).WaitAsync(RawConnection.Limit);
        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Contains("upstream-reset", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal([size], whole);
        Assert.Equal(0, InFlight(gateway));
    }

    [Fact]
    public async Task Answer_to_a_body_comes_back_when_unsafe_methods_are_not_retried()
    {
        await using var upstream = await FailingAsync(times: 9);
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address, DocumentedClient.Through, static gateway => DocumentedClient.Add(gateway.Services));
        using var answer = await gateway.Client.SendAsync(Post(new byte[100], isChunked: false));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, 1), (answer.StatusCode, _asked));
    }

    [Fact]
    public async Task Post_that_a_client_may_have_sent_does_not_go_on_to_another_destination()
    {
        // The first try arrives and is reset; the second, of the client, finds nobody. It looks like a destination that was never reached.
        var delivered = 0;
        var elsewhere = 0;
        RawUpstream sick = null!;
        var gone = new TaskCompletionSource();
        sick = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadHeadAsync();
            Interlocked.Increment(ref delivered);
            await gone.Task;
            connection.Reset();
        });
        await using var other = await Upstream.StartAsync(context =>
        {
            Interlocked.Increment(ref elsewhere);
            return Task.CompletedTask;
        });
        var refused = new HttpRequestException(HttpRequestError.ConnectionError);
        await using var gateway = await ClientGateway.StartAsync(
            sick.Address,
            client => client.AddHttpMessageHandler(() => new HostHandler(async (request, next) =>
            {
                gone.TrySetResult();
                await Assert.ThrowsAnyAsync<HttpRequestException>(() => next(request));
                throw refused;
            })),
            cluster => cluster with
            {
                LoadBalancing = LoadBalancing.First,
                Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = sick.Address }, ["b"] = new() { Address = other.Address } },
            });
        using var answer = await gateway.Client.PostAsync("/a", null);
        Assert.Equal((HttpStatusCode.BadGateway, 1, 0), (answer.StatusCode, delivered, elsewhere));
        await sick.DisposeAsync();
    }

    [Fact]
    public async Task Open_breaker_and_timeout_of_the_client_say_what_they_are()
    {
        var hang = new TaskCompletionSource();
        await using var upstream = await Upstream.StartAsync(_ => hang.Task);
        await using var gateway = await ClientGateway.StartAsync(upstream.Address, static client => client.AddResilienceHandler("breaker", static pipeline => pipeline
            .AddCircuitBreaker(new HttpCircuitBreakerStrategyOptions { MinimumThroughput = 2, FailureRatio = 0.1 })
            .AddTimeout(TimeSpan.FromMilliseconds(100))));
        for (var i = 0; i < 2; i++)
        {
            using var slow = await gateway.Client.GetAsync("/a");
            Assert.Equal(HttpStatusCode.GatewayTimeout, slow.StatusCode);
            Assert.Contains("upstream-timeout", await slow.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using var refused = await gateway.Client.GetAsync("/a");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Contains("circuit-open", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        hang.SetResult();
    }

    private static HttpRetryStrategyOptions Retries(int count) => new() { MaxRetryAttempts = count, Delay = TimeSpan.Zero, BackoffType = DelayBackoffType.Constant, UseJitter = false };

    private static HttpRequestMessage Post(byte[] body, bool isChunked)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/a") { Content = new ByteArrayContent(body) };
        request.Headers.TransferEncodingChunked = isChunked;
        return request;
    }

    private static int InFlight(TestHost gateway) => gateway.App.Services.GetRequiredService<ClusterStates>().InForce["up"].Destinations.Sum(static destination => destination.InFlight);

    private Task<TestHost> FailingAsync(int times) => Upstream.StartAsync(async context =>
    {
        await context.Request.Body.CopyToAsync(Stream.Null);
        if (Interlocked.Increment(ref _asked) <= times)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        await context.Response.WriteAsync("done");
    });
}
