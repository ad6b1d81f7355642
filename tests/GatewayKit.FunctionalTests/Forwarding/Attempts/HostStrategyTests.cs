using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Http;
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
                    GatewayKit.Forwarding.Attempts.AttemptResult.FromAnswer(new(HttpStatusCode.OK) { Content = new StringContent("ours") })),
            })));
        Assert.Equal("ours", await gateway.Client.GetStringAsync("/", TestContext.Current.CancellationToken));
    }
}
