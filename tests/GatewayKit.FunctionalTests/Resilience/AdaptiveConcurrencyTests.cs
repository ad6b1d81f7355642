using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Bulkheads;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using static GatewayKit.FunctionalTests.Resilience.AdaptiveHosts;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>Places whose number follows what is behind them, over real connections.</summary>
public sealed class AdaptiveConcurrencyTests
{
    private readonly AdaptiveHosts _hosts = new();
    private int _inside, _most;

    // Four at once, 25 ms each. Eighty callers would be eighty inside. What is normal is said: on a busy machine it might be learnt from what is not.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Slow_destination_gets_about_what_it_can_do_and_serves_on(bool adapts)
    {
        using var workers = new SemaphoreSlim(4);
        await using var upstream = await Upstream.StartAsync(context => WorkAsync(context, workers));
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address, cluster => cluster with { Limits = new() { Adaptive = adapts ? new() { TargetLatency = TimeSpan.FromMilliseconds(50) } : null } });
        var (served, refused) = (0, 0);
        await CallAsync(callers: 80, TimeSpan.FromSeconds(5));
        Assert.True(served > 100, $"{served} served.");
        if (adapts)
        {
            Assert.True(refused > 0);
            Assert.InRange(_most, 2, 40);
            Assert.InRange(EstimatorOf(gateway)!.Limit, 2, 25);
        }
        else
        {
            Assert.Equal((0, null), (refused, EstimatorOf(gateway)));
            Assert.InRange(_most, 60, 80);
        }

        Assert.Equal((0, 0), await QuietAsync(gateway));

        Task CallAsync(int callers, TimeSpan duration)
        {
            var end = DateTimeOffset.UtcNow + duration;
            return Task.WhenAll(Enumerable.Range(0, callers).Select(async _ =>
            {
                while (DateTimeOffset.UtcNow < end)
                {
                    using var answer = await gateway.Client.GetAsync("/", TestContext.Current.CancellationToken);
                    if (answer.IsSuccessStatusCode)
                    {
                        Interlocked.Increment(ref served);
                        continue;
                    }

                    Interlocked.Increment(ref refused);
                    Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
                    Assert.NotNull(answer.Headers.RetryAfter);
                    Assert.Contains("\"code\":\"overloaded\"", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
                    await Task.Delay(50, TestContext.Current.CancellationToken);
                }
            }));
        }
    }

    [Theory]
    [InlineData("/cluster/late")]
    [InlineData("/one/late")]
    public async Task Number_in_force_is_below_the_fixed_one(string path)
    {
        await using var upstream = await Upstream.StartAsync(_hosts.AnswerAsync);
        await using var gateway = await _hosts.StartAsync(upstream, new() { Min = 1, Initial = 1, Max = 1 });
        var first = gateway.Client.GetAsync(path, TestContext.Current.CancellationToken);
        await _hosts.BegunAsync(1);

        using var refused = await gateway.Client.GetAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, 1), (refused.StatusCode, _hosts.Begun));
        _hosts.Released.SetResult();
        using var answer = await first;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("/cluster/late")]
    [InlineData("/one/late")]
    public async Task Shadow_counts_who_would_be_refused(string path)
    {
        await using var upstream = await Upstream.StartAsync(_hosts.AnswerAsync);
        await using var gateway = await _hosts.StartAsync(upstream, new() { Min = 1, Initial = 1, Max = 1, Mode = PolicyMode.Shadow });
        using var metrics = new Readings(gateway);
        var all = Enumerable.Range(0, 12).Select(_ => gateway.Client.GetAsync(path, TestContext.Current.CancellationToken)).ToArray();
        await _hosts.BegunAsync(12);

        // One is in and eight wait; three are too many.
        Assert.Equal(3, metrics.Sum("gatewaykit.bulkhead.refused", "would_refuse"));
        _hosts.Released.SetResult();
        Assert.All(await Task.WhenAll(all), static answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
    }

    [Fact]
    public async Task Limit_and_samples_are_measured()
    {
        await using var upstream = await Upstream.StartAsync(_hosts.AnswerAsync);
        await using var gateway = await _hosts.StartAsync(upstream);
        using var metrics = new Readings(gateway);
        for (var i = 0; i < 3; i++)
        {
            using var answer = await gateway.Client.GetAsync("/cluster/status/200", TestContext.Current.CancellationToken);
        }

        using var busy = await gateway.Client.GetAsync("/cluster/status/503", TestContext.Current.CancellationToken);
        metrics.Read();
        Assert.Equal(20, metrics.Sum("gatewaykit.bulkhead.limit", "up"));
        Assert.Equal((3, 1), (metrics.Sum("gatewaykit.bulkhead.samples", "up answered"), metrics.Sum("gatewaykit.bulkhead.samples", "up dropped")));
    }

    [Fact]
    public async Task One_line_of_configuration_is_enough()
    {
        await using var upstream = await Upstream.StartAsync(_hosts.AnswerAsync);
        await using var gateway = await TestHost.GatewayAsync($$"""
            {
              "Clusters": { "up": { "Destinations": { "a": { "Address": "{{upstream.Address}}" } }, "Limits": { "Adaptive": {} } } },
              "Routes": { "r": { "Match": { "Path": "/{**rest}" }, "Cluster": "up", "Bulkhead": { "MaxInFlight": 300, "Adaptive": { "TargetLatency": "00:00:00.200" } } } }
            }
            """);
        using var answer = await gateway.Client.GetAsync("/status/200", TestContext.Current.CancellationToken);
        Assert.Equal((0, 0), await QuietAsync(gateway));
        Assert.Equal(2, Bulkheads(gateway).Count(static bulkhead => bulkhead.Estimator is { Answered: 1, Limit: 20 }));
    }

    [Theory]
    [InlineData("""{ "Min": 0 }""", "Min", "Min is 0; it must be from 1 to 1000000.")]
    [InlineData("""{ "Min": 30, "Max": 20 }""", "Max", "Max is 20, less than Min, which is 30.")]
    [InlineData("""{ "Min": 30 }""", "Initial", "Initial is 20; it must be from Min, which is 30, to Max, which is 1000.")]
    [InlineData("""{ "Max": 10 }""", "Initial", "Initial is 20; it must be from Min, which is 2, to Max, which is 10.")]
    [InlineData("""{ "Tolerance": 0.5 }""", "Tolerance", "it must be from 1 to 10")]
    [InlineData("""{ "TargetLatency": "00:00:00" }""", "TargetLatency", "TargetLatency is 00:00:00; it must be from 1 ms to 1 h.")]
    public async Task Mistake_stops_the_start_and_names_its_path(string adaptive, string key, string words)
    {
        var error = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync($$"""
            {
              "Clusters": { "c": { "Limits": { "Adaptive": {{adaptive}} } } },
              "Routes": { "r": { "Match": { "Path": "/" }, "Cluster": "c", "Bulkhead": { "MaxInFlight": 1000, "Adaptive": {{adaptive}} } } }
            }
            """));
        Assert.Equal([$"Gateway:Clusters:c:Limits:Adaptive:{key}", $"Gateway:Routes:r:Bulkhead:Adaptive:{key}"], error.Errors.Select(static one => one.Path).Order(StringComparer.Ordinal));
        Assert.All(error.Errors, one => Assert.Contains(words, one.Message, StringComparison.Ordinal));
    }

    private async Task WorkAsync(HttpContext context, SemaphoreSlim workers)
    {
        var inside = Interlocked.Increment(ref _inside);
        for (var seen = Volatile.Read(ref _most); inside > seen && Interlocked.CompareExchange(ref _most, inside, seen) != seen; seen = Volatile.Read(ref _most))
        {
        }

        await workers.WaitAsync(CancellationToken.None);
        await Task.Delay(25, CancellationToken.None);
        workers.Release();
        Interlocked.Decrement(ref _inside);
        await context.Response.WriteAsync("served");
    }

    /// <summary>What one host measures, with the values of the tags behind the name.</summary>
    private sealed class Readings : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentDictionary<string, long> _sums = new();

        public Readings(TestHost host)
        {
            var scope = host.App.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, scope) && instrument.Name.StartsWith("gatewaykit.bulkhead", StringComparison.Ordinal))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.Start();
        }

        public void Read() => _listener.RecordObservableInstruments();

        public long Sum(string instrument, string tags) => _sums.Where(one => one.Key.StartsWith(instrument, StringComparison.Ordinal) && one.Key.Contains(tags, StringComparison.Ordinal)).Sum(static one => one.Value);

        public void Dispose() => _listener.Dispose();

        private void Add(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var name = instrument.Name;
            foreach (var (_, tag) in tags)
            {
                name += $" {tag}";
            }

            _sums.AddOrUpdate(name, value, (_, sum) => sum + value);
        }
    }
}
