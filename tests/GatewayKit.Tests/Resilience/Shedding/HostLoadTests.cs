using GatewayKit.Diagnostics;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Bulkheads;
using GatewayKit.Resilience.Shedding;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Resilience.Shedding;

public sealed class HostLoadTests : IDisposable
{
    private static readonly HostReading Calm = new(QueuedWorkItems: 1, Memory: 0.5, GcPause: 0.01, Cpu: 0.5);
    private static readonly HostReading Busy = Calm with { Cpu = 0.9 };
    private static readonly HostReading High = Calm with { Cpu = 0.96 };

    private readonly FakeTimeProvider _time = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddSingleton<GatewayMeter>().AddSingleton<LoadMetrics>().BuildServiceProvider();
    private HostReading _reading = Calm;

    public void Dispose() => _services.Dispose();

    [Fact]
    public void Level_rises_step_by_step_while_a_signal_is_at_its_limit()
    {
        using var load = Start();
        _reading = High;
        LoadLevel[] levels = [.. Enumerable.Range(0, 14).Select(_ => Pass(load, 0.5))];
        Assert.Equal([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5, 5], levels.Select(static level => (int)level));
    }

    [Fact]
    public void One_high_reading_changes_nothing()
    {
        using var load = Start();
        for (var i = 0; i < 20; i++)
        {
            _reading = i % 2 == 0 ? High : Calm;
            Assert.Equal(LoadLevel.Normal, Pass(load, 0.5));
        }
    }

    // What is shed lowers the load: between the two marks it stays shed, and does not come and go.
    [Fact]
    public void Level_stays_while_the_load_is_between_the_marks()
    {
        using var load = Start();
        _reading = High;
        Pass(load, 3.5);
        Assert.Equal(LoadLevel.ShedLowest, load.Level);
        _reading = Busy;
        Assert.Equal(LoadLevel.ShedLowest, Pass(load, 600));
        _reading = Calm;
        Assert.Equal(LoadLevel.ShedLowest, Pass(load, 5));
        Assert.Equal(LoadLevel.ShrinkQueues, Pass(load, 0.5));
        Assert.Equal(LoadLevel.CloseConnections, Pass(load, 5));
        Assert.Equal(LoadLevel.Normal, Pass(load, 5));
        Assert.Equal(LoadLevel.Normal, Pass(load, 60));
    }

    [Fact]
    public void Every_signal_counts()
    {
        foreach (var high in (HostReading[])[Calm with { QueuedWorkItems = 500 }, Calm with { Memory = 0.91 }, Calm with { GcPause = 0.2 }, High])
        {
            using var load = Start();
            _reading = high;
            Assert.Equal(LoadLevel.CloseConnections, Pass(load, 1.5));
            _reading = Calm;
        }
    }

    [Fact]
    public void Signal_without_a_limit_is_not_looked_at()
    {
        using var load = Start(new() { MaxCpuPercent = null });
        _reading = High;
        Assert.Equal(LoadLevel.Normal, Pass(load, 10));
    }

    [Fact]
    public void Nothing_follows_in_shadow()
    {
        using var load = Start(new() { Mode = PolicyMode.Shadow });
        _reading = High;
        Assert.Equal(LoadLevel.Normal, Pass(load, 10));
    }

    [Fact]
    public void Nobody_looks_before_somebody_wants_to_know()
    {
        using var load = Create(new());
        _reading = High;
        Assert.Equal(LoadLevel.Normal, Pass(load, 10));
        load.Start();
        Assert.NotEqual(LoadLevel.Normal, Pass(load, 10));
    }

    [Fact]
    public void Queues_shrink_to_a_quarter()
    {
        using var load = Start();
        var terms = new PlaceTerms(1_000, queue: null, TimeSpan.FromMilliseconds(100), bulkhead: new("one", isCluster: true, _time) { Load = load });
        Assert.Equal(100, terms.MostWaiting);
        _reading = High;
        Pass(load, 2.5);
        Assert.Equal((LoadLevel.ShrinkQueues, 25), (load.Level, terms.MostWaiting));
    }

    [Fact]
    public void Process_tells_what_it_does()
    {
        var signals = new ProcessSignals(TimeProvider.System);
        GC.Collect();
        var until = Environment.CpuUsage.TotalTime + TimeSpan.FromMilliseconds(20);
        while (Environment.CpuUsage.TotalTime < until)
        {
        }

        var reading = signals.Read();
        Assert.InRange(reading.Cpu, double.Epsilon, 2);
        Assert.InRange(reading.GcPause, double.Epsilon, 1);
        Assert.InRange(reading.Memory, double.Epsilon, 2);
        Assert.InRange(reading.QueuedWorkItems, 0, int.MaxValue);
    }

    // With all requests refused nothing is allocated and nothing collected: the last reading would stand for ever.
    [Fact]
    public void Memory_that_was_found_long_ago_counts_no_more()
    {
        var signals = new ProcessSignals(_time);
        GC.Collect();
        Assert.True(signals.Read().Memory > 0);
        for (var tries = 0; tries < 100; tries++)
        {
            var before = GC.CollectionCount(0);
            _time.Advance(TimeSpan.FromSeconds(10));
            var reading = signals.Read();
            if (GC.CollectionCount(0) == before && tries > 0)
            {
                Assert.Equal(0, reading.Memory);
                return;
            }
        }

        Assert.Fail("Collections all the time.");
    }

    private HostLoad Start(LoadSheddingOptions? options = null)
    {
        var load = Create(options ?? new());
        load.Start();
        return load;
    }

    private HostLoad Create(LoadSheddingOptions options) =>
        new(() => _reading, Options.Create(options), _time, _services.GetRequiredService<LoadMetrics>(), NullLogger<HostLoad>.Instance);

    private LoadLevel Pass(HostLoad load, double seconds)
    {
        for (var i = 0; i < seconds * 2; i++)
        {
            _time.Advance(HostLoad.Period);
        }

        return load.Level;
    }
}
