using System.Diagnostics.Metrics;
using GatewayKit.Redis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.RedisTests;

public sealed class RedisBreakerTests : IDisposable
{
    private static readonly Exception Failure = new TimeoutException();

    private readonly FakeTimeProvider _time = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MeterListener _listener = new();
    private readonly List<string> _changes = [];
    private readonly RedisBreaker _breaker;

    public RedisBreakerTests()
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "gatewaykit.redis.changes" && ReferenceEquals(instrument.Meter.Scope, meters))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, _, tags, _) => _changes.Add($"{tags[0].Value}"));
        _listener.Start();
        _breaker = new(Options.Create(new RedisOptions()), new(meters), _time, NullLogger<RedisBreaker>.Instance);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _services.Dispose();
    }

    [Fact]
    public void Nobody_waits_before_the_first_probe_has_succeeded()
    {
        Assert.False(_breaker.IsUp);
        Assert.True(_breaker.TryBeginProbe());
        Assert.False(_breaker.IsUp);
        _breaker.EndProbe(null);
        Assert.True(_breaker.IsUp);
        Assert.Equal(["up"], _changes);
    }

    [Fact]
    public void Three_failures_in_a_row_open_it_and_an_answer_starts_the_row_anew()
    {
        Start();
        _breaker.Failed(Failure);
        _breaker.Failed(Failure);
        _breaker.Succeeded();
        _breaker.Failed(Failure);
        _breaker.Failed(Failure);
        Assert.True(_breaker.IsUp);
        _breaker.Failed(Failure);
        Assert.False(_breaker.IsUp);

        // Those that were under way change nothing.
        _breaker.Failed(Failure);
        _breaker.Succeeded();
        Assert.False(_breaker.IsUp);
        Assert.Equal(["up", "down"], _changes);
    }

    [Fact]
    public void Probes_come_one_at_a_time_and_an_interval_apart()
    {
        Assert.True(_breaker.TryBeginProbe());
        Assert.False(_breaker.TryBeginProbe());
        _time.Advance(TimeSpan.FromHours(1));
        Assert.False(_breaker.TryBeginProbe());
        _breaker.EndProbe(Failure);
        Assert.False(_breaker.TryBeginProbe());
        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.False(_breaker.TryBeginProbe());
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(_breaker.TryBeginProbe());
        _breaker.EndProbe(Failure);
        Assert.Equal(["down"], _changes);
    }

    [Fact]
    public void Nothing_is_probed_while_it_answers()
    {
        Start();
        _time.Advance(TimeSpan.FromHours(1));
        Assert.False(_breaker.TryBeginProbe());
    }

    private void Start()
    {
        Assert.True(_breaker.TryBeginProbe());
        _breaker.EndProbe(null);
    }
}
