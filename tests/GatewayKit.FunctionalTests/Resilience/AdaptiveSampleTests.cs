using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using GatewayKit.Resilience.Bulkheads;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using static GatewayKit.FunctionalTests.Resilience.AdaptiveHosts;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>What moves the number of places, and what does not.</summary>
public sealed class AdaptiveSampleTests
{
    private readonly AdaptiveHosts _hosts = new();

    [Theory]
    [InlineData("/status/200", 1, 0)]
    [InlineData("/status/404", 1, 0)]
    [InlineData("/status/429", 0, 0)]
    [InlineData("/status/500", 0, 0)]
    [InlineData("/status/502", 0, 0)]
    [InlineData("/status/503", 0, 1)]
    [InlineData("/status/504", 0, 1)]
    [InlineData("/late", 0, 1)]
    [InlineData("/reset", 0, 0)]
    [InlineData("/events", 0, 0)]
    public async Task Only_what_tells_of_capacity_is_a_sample_of_a_cluster(string path, int answered, int dropped)
    {
        await using var upstream = await Upstream.StartAsync(_hosts.AnswerAsync);
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address, static cluster => cluster with
        {
            Limits = new() { Adaptive = new() },
            Timeouts = new() { Attempt = TimeSpan.FromMilliseconds(150) },
        });
        using var answer = await gateway.Client.GetAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal((0, 0), await QuietAsync(gateway));
        Assert.Equal((answered, dropped), SamplesOf(EstimatorOf(gateway)));
        _hosts.Released.TrySetResult();
    }

    [Theory]
    [InlineData("application/grpc", 0)]
    [InlineData("application/json", 1)]
    public async Task Calls_of_grpc_are_no_samples(string contentType, int answered)
    {
        await using var upstream = await Upstream.StartAsync(_hosts.AnswerAsync, HttpProtocols.Http2);
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address,
            static cluster => cluster with
            {
                Http = new() { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact },
                Limits = new() { Adaptive = new() },
            },
            protocols: HttpProtocols.Http2);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/grpc")
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent([]),
        };
        request.Content.Headers.ContentType = new(contentType);
        using var answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal((0, 0), await QuietAsync(gateway));
        Assert.Equal((answered, 1), (SamplesOf(EstimatorOf(gateway)).Answered, _hosts.Begun));
    }

    [Fact]
    public async Task Destination_that_cannot_be_reached_is_a_drop_and_health_checks_are_no_samples()
    {
        var asked = new TaskCompletionSource();
        var asks = 0;
        var upstream = await Upstream.StartAsync(context =>
        {
            if (Interlocked.Increment(ref asks) == 3)
            {
                asked.SetResult();
            }

            return Task.CompletedTask;
        });
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address, static cluster => cluster with
        {
            Limits = new() { Adaptive = new() },
            Health = new() { Active = new() { Mode = PolicyMode.Shadow, Path = "/health", Interval = TimeSpan.FromMilliseconds(100), IdleInterval = TimeSpan.FromMilliseconds(100) } },
        });
        await asked.Task.WaitAsync(RawConnection.Limit, TestContext.Current.CancellationToken);
        Assert.Equal((0, 0), SamplesOf(EstimatorOf(gateway)));
        await upstream.DisposeAsync();
        using var answer = await gateway.Client.GetAsync("/", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal((0, 1), SamplesOf(EstimatorOf(gateway)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_that_goes_away_is_no_sample(bool isCluster)
    {
        await using var upstream = await Upstream.StartAsync(_hosts.AnswerAsync);
        await using var gateway = await _hosts.StartAsync(upstream);
        using (var client = await RawConnection.ConnectAsync(gateway.Address))
        {
            await client.SendAsync($"GET {(isCluster ? "/cluster" : "/own")}/late HTTP/1.1\r\nHost: a\r\n\r\n");
            await _hosts.BegunAsync(1);
            client.Reset();
        }

        Assert.Equal((0, 0), await QuietAsync(gateway));
        _hosts.Released.TrySetResult();
        Assert.All(Bulkheads(gateway), static bulkhead => Assert.Equal((0, 0), SamplesOf(bulkhead.Estimator)));
    }

    [Theory]
    [InlineData("/own/status/200", 1, 0)]
    [InlineData("/own/status/404", 1, 0)]
    [InlineData("/own/status/429", 0, 0)]
    [InlineData("/own/status/500", 0, 0)]
    [InlineData("/own/status/503", 0, 1)]
    [InlineData("/own/events", 0, 0)]
    [InlineData("/own/result", 1, 0)]
    [InlineData("/own/throws", 0, 0)]
    [InlineData("/own/overdue", 0, 1)]
    [InlineData("/own/refused", 0, 0)]
    [InlineData("/route/status/200", 1, 0)]
    [InlineData("/route/status/503", 0, 1)]
    [InlineData("/route/events", 0, 0)]
    [InlineData("/nowhere", 0, 0)]
    public async Task Only_what_tells_of_capacity_is_a_sample_of_an_endpoint(string path, int answered, int dropped)
    {
        _hosts.Released.TrySetResult();
        await using var upstream = await Upstream.StartAsync(_hosts.AnswerAsync);
        await using var gateway = await _hosts.StartAsync(upstream);
        gateway.App.Services.GetRequiredService<GatewayCircuits>().Isolate("refused");
        using var answer = await gateway.Client.GetAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal((0, 0), await QuietAsync(gateway));
        var samples = Bulkheads(gateway).Where(static bulkhead => !bulkhead.IsCluster).Select(static bulkhead => SamplesOf(bulkhead.Estimator)).ToArray();
        Assert.NotEmpty(samples);
        Assert.Equal((answered, dropped), (samples.Sum(static one => one.Answered), samples.Sum(static one => one.Dropped)));
    }

    // A handler that writes for long by itself was well when it began to.
    [Fact]
    public async Task Time_counts_to_the_head_of_the_answer()
    {
        await using var upstream = await Upstream.StartAsync(_hosts.AnswerAsync);
        await using var gateway = await _hosts.StartAsync(upstream);
        var all = Enumerable.Range(0, 20).Select(_ => gateway.Client.GetStringAsync("/own/long", TestContext.Current.CancellationToken)).ToArray();
        await Task.Delay(1_000, TestContext.Current.CancellationToken);
        _hosts.Released.SetResult();
        Assert.All(await Task.WhenAll(all), static text => Assert.Equal("beginend", text));
        Assert.Equal((0, 0), await QuietAsync(gateway));
        var estimator = Assert.Single(Bulkheads(gateway).Select(static bulkhead => bulkhead.Estimator), static one => one is { Answered: 20 })!;

        // The window closes with the first that comes after half a second.
        await Task.Delay(LimitEstimator.WindowLength + TimeSpan.FromMilliseconds(100), TestContext.Current.CancellationToken);
        Assert.NotEmpty(await gateway.Client.GetStringAsync("/own/long", TestContext.Current.CancellationToken));

        // A client has its answer before the gateway has noted it.
        Assert.Equal((0, 0), await QuietAsync(gateway));
        Assert.InRange(estimator.MeanTime, TimeSpan.FromTicks(1), TimeSpan.FromMilliseconds(600));
    }
}
