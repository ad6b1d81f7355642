using System.Net;
using System.Threading.RateLimiting;
using GatewayKit.Clusters;
using GatewayKit.Forwarding.Attempts;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace GatewayKit.FunctionalTests.Forwarding.Attempts;

/// <summary>Strategies of the host around each attempt.</summary>
public sealed class HostStrategyTests
{
    [Fact]
    public async Task Timeout_of_the_host_is_a_timeout_of_the_destination()
    {
        await using var upstream = await Upstream.StartAsync(static async context =>
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing));
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address,
            services: static builder => builder.ConfigureAttempts("UP", static strategies => strategies.AddTimeout(new TimeoutStrategyOptions { Timeout = TimeSpan.FromMilliseconds(50) })));
        using var answer = await gateway.Client.GetAsync("/", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        Assert.Contains("upstream-timeout", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Retry_of_the_host_sees_answers_and_drops_the_ones_it_does_not_want()
    {
        var asked = 0;
        await using var upstream = await Upstream.StartAsync(context =>
        {
            context.Response.StatusCode = Interlocked.Increment(ref asked) < 3 ? 418 : 200;
            return context.Response.WriteAsync("tea");
        });
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address,
            services: static builder => builder.ConfigureAttempts("up", static strategies => strategies.AddRetry(new()
            {
                Delay = TimeSpan.Zero,
                ShouldHandle = static arguments => new(arguments.Outcome.Result.Answer is { StatusCode: (HttpStatusCode)418 }),
            })));
        Assert.Equal("tea", await gateway.Client.GetStringAsync("/", TestContext.Current.CancellationToken));
        Assert.Equal(3, asked);
    }

    [Fact]
    public async Task Open_breaker_of_the_host_is_told_as_one()
    {
        await using var upstream = await Upstream.StartAsync(static context =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address,
            services: static builder => builder.ConfigureAttempts("up", static strategies => strategies.AddCircuitBreaker(new()
            {
                MinimumThroughput = 2,
                ShouldHandle = static arguments => new(arguments.Outcome.Result.Answer is { StatusCode: HttpStatusCode.InternalServerError }),
            })));
        await gateway.Client.GetAsync("/", TestContext.Current.CancellationToken);
        await gateway.Client.GetAsync("/", TestContext.Current.CancellationToken);
        using var answer = await gateway.Client.GetAsync("/", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("circuit-open", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Strategy_may_answer_itself()
    {
        await using var upstream = await Upstream.StartAsync(static context => context.Response.WriteAsync("theirs"));
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address,
            services: static builder => builder.ConfigureAttempts("up", static strategies => strategies.AddFallback(new()
            {
                ShouldHandle = static _ => new(true),
                FallbackAction = static _ => Outcome.FromResultAsValueTask(
                    AttemptResult.FromAnswer(new(HttpStatusCode.OK) { Content = new StringContent("ours") })),
            })));
        Assert.Equal("ours", await gateway.Client.GetStringAsync("/", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Strategy_that_throws_loses_nothing_that_the_attempt_holds()
    {
        await using var upstream = await Upstream.StartAsync(static context => context.Response.WriteAsync("theirs"));
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address,
            static cluster => cluster with { Limits = new() { MaxInFlight = 2, Queue = 0 } },
            static builder => builder.ConfigureAttempts("up", static strategies => strategies.AddRetry(new() { ShouldHandle = static _ => throw new InvalidOperationException("A bug of the host.") })));
        for (var i = 0; i < 5; i++)
        {
            using var answer = await gateway.Client.GetAsync("/", TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        }

        Assert.Equal(0, gateway.App.Services.GetRequiredService<ClusterStates>().InForce["up"].Destinations[0].InFlight);
    }

    [Fact]
    public async Task Client_that_leaves_while_a_strategy_waits_is_no_fault_of_the_gateway()
    {
        using var log = new LogRecorder();
        using var limiter = new ConcurrencyLimiter(new() { PermitLimit = 1, QueueLimit = 10 });
        using var held = limiter.AttemptAcquire();
        await using var upstream = await Upstream.StartAsync(static context => context.Response.WriteAsync("theirs"));
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address,
            services: builder =>
            {
                builder.Services.AddLogging(logging => logging.AddProvider(log));
                builder.ConfigureAttempts("up", strategies => strategies.AddStrategy(_ => new Waiting(limiter), new WaitingOptions()));
            });
        using (var client = await RawConnection.ConnectAsync(gateway.Address))
        {
            await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Assert.True(SpinWait.SpinUntil(() => limiter.GetStatistics()!.CurrentQueuedCount == 1, RawConnection.Limit));
            client.Reset();
        }

        var destination = gateway.App.Services.GetRequiredService<ClusterStates>().InForce["up"].Destinations[0];
        Assert.True(SpinWait.SpinUntil(() => destination.InFlight == 0, RawConnection.Limit));
        Assert.DoesNotContain(log.Take(1300), static line => line.Level >= LogLevel.Error);
    }

    // As the limiter of Polly.RateLimiting: it throws when its wait is called off.
    private sealed class Waiting(RateLimiter limiter) : ResilienceStrategy<AttemptResult>
    {
        protected override async ValueTask<Outcome<AttemptResult>> ExecuteCore<TState>(
            Func<ResilienceContext, TState, ValueTask<Outcome<AttemptResult>>> callback, ResilienceContext context, TState state)
        {
            using var lease = await limiter.AcquireAsync(1, context.CancellationToken);
            return await callback(context, state);
        }
    }

    private sealed class WaitingOptions : ResilienceStrategyOptions;

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public async Task What_a_strategy_may_have_delivered_is_not_sent_on_to_another_destination(bool retries, int onward)
    {
        var (first, sent, elsewhere) = (true, 0, 0);
        await using var upstream = await Upstream.StartAsync(static _ => Task.CompletedTask);
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address,
            static cluster => cluster with
            {
                Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = new("http://a") }, ["b"] = new() { Address = new("http://b") } },
                LoadBalancing = LoadBalancing.First,
            },
            builder =>
            {
                builder.UseUpstreamHandler("up", () => new Scripted(request =>
                {
                    if (request.RequestUri!.Host is "b")
                    {
                        elsewhere++;
                        return new(HttpStatusCode.OK);
                    }

                    sent++;
                    (var reset, first) = (retries && first, false);
                    throw reset ? new HttpRequestException("reset", new IOException("reset")) : new HttpRequestException(HttpRequestError.ConnectionError, "refused");
                }));
                if (retries)
                {
                    builder.ConfigureAttempts("up", static strategies => strategies.AddRetry(new()
                    {
                        Delay = TimeSpan.Zero,
                        MaxRetryAttempts = 1,
                        ShouldHandle = static arguments => new(arguments.Outcome.Exception is HttpRequestException),
                    }));
                }
            });
        using var answer = await gateway.Client.PostAsync("/", null, TestContext.Current.CancellationToken);
        Assert.Equal((retries ? 2 : 1, onward), (sent, elsewhere));
    }

    private sealed class Scripted(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Yield();
            return answer(request);
        }
    }
}
