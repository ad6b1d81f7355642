using System.Runtime.CompilerServices;
using GatewayKit.Diagnostics;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Bulkheads;
using GatewayKit.Resilience.Shedding;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
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
    private object? _watch;

    public void Dispose()
    {
        GC.KeepAlive(_watch);
        _services.Dispose();
    }

    [Fact]
    public void Level_rises_step_by_step_while_a_signal_is_at_its_limit()
    {
        using var load = Start();
        _reading = High;
        LoadLevel[] levels = [.. Enumerable.Range(0, 14).Select(_ => Pass(load, 0.5))];
        Assert.Equal([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5, 5], levels.Select(static level => (int)level));
    }

    // It would throw on the thread of a timer, which ends the process.
    [Fact]
    public void Log_that_throws_changes_nothing()
    {
        using var load = Create(new(), new ThrowingLog());
        _watch = load.Watch();
        _reading = High;
        Assert.Equal(LoadLevel.ShedAll, Pass(load, 6));
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

    // What is shed lowers the load: between the two marks it stays shed for a while, and does not come and go.
    [Fact]
    public void Level_stays_for_a_while_between_the_marks()
    {
        using var load = Start();
        _reading = High;
        Pass(load, 3.5);
        Assert.Equal(LoadLevel.ShedLowest, load.Level);
        _reading = Busy;
        Assert.Equal(LoadLevel.ShedLowest, Pass(load, 20));
        Assert.Equal(LoadLevel.ShrinkQueues, Pass(load, 0.5));
        _reading = Calm;
        Assert.Equal(LoadLevel.ShrinkQueues, Pass(load, 5));
        Assert.Equal(LoadLevel.CloseConnections, Pass(load, 0.5));
        Assert.Equal(LoadLevel.Normal, Pass(load, 5));
        Assert.Equal(LoadLevel.Normal, Pass(load, 60));
    }

    // A process that is well again and whose memory stays at nine tenths of the limit must not refuse everybody until it is started anew.
    [Fact]
    public void No_signal_below_its_limit_holds_the_level_for_ever()
    {
        using var load = Start();
        _reading = High;
        Assert.Equal(LoadLevel.ShedAll, Pass(load, 10));
        _reading = Busy;
        Assert.Equal(LoadLevel.Normal, Pass(load, 101));
    }

    [Fact]
    public void Signal_that_is_at_its_limit_now_and_then_holds_it()
    {
        using var load = Start();
        _reading = High;
        Pass(load, 3.5);
        for (var i = 0; i < 10; i++)
        {
            _reading = Busy;
            Assert.Equal(LoadLevel.ShedLowest, Pass(load, 19));
            _reading = High;
            Assert.Equal(LoadLevel.ShedLowest, Pass(load, 0.5));
        }
    }

    // After a reload that took the policy away nobody is refused, and queues must not stay short.
    [Fact]
    public void Nothing_is_done_when_nobody_wants_to_know_any_more()
    {
        using var load = Create(new());
        _reading = High;
        Rise(load);
        Assert.Equal(LoadLevel.ShedAll, load.Level);
        GC.Collect();
        Assert.Equal(LoadLevel.Normal, Pass(load, 10));
        Rise(load);
        Assert.Equal(LoadLevel.ShedAll, load.Level);

        // Not inlined: what this frame has had would live as long as it does.
        [MethodImpl(MethodImplOptions.NoInlining)]
        void Rise(HostLoad load)
        {
            var watch = load.Watch();
            Pass(load, 10);
            GC.KeepAlive(watch);
        }
    }

    [Fact]
    public void Each_spell_of_load_is_counted()
    {
        using var load = Start();
        Assert.Equal(0, load.Spells);
        foreach (var spells in (int[])[1, 2])
        {
            _reading = High;
            Pass(load, 4);
            _reading = Calm;
            Pass(load, 30);
            Assert.Equal((LoadLevel.Normal, spells), (load.Level, load.Spells));
        }
    }

    [Fact]
    public void One_connection_in_ten_is_drawn_for_all_its_requests_and_others_in_the_next_spell()
    {
        bool[][] drawn = [.. Enumerable.Range(1, 2).Select(static spell => Enumerable.Range(0, 10_000).Select(id => OneInTen.IsDrawn($"0HN{id:X10}", spell)).ToArray())];
        Assert.All(drawn, static connections => Assert.InRange(connections.Count(static one => one), 800, 1_200));
        Assert.InRange(drawn[0].Zip(drawn[1]).Count(static pair => pair.First && pair.Second), 20, 200);
        Assert.Equal(drawn[0][0], OneInTen.IsDrawn($"0HN{0:X10}", 1));
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
        var watch = load.Watch();
        Assert.NotEqual(LoadLevel.Normal, Pass(load, 10));
        GC.KeepAlive(watch);
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

    // Of one processor and a half .NET makes two, and 95 % of two could never be reached.
    [Fact]
    public void Processor_time_is_a_share_of_what_the_process_may_use()
    {
        var (half, one) = (new ProcessSignals(_time, static () => 0.5), new ProcessSignals(_time, static () => 1));
        var until = Environment.CpuUsage.TotalTime + TimeSpan.FromMilliseconds(20);
        while (Environment.CpuUsage.TotalTime < until)
        {
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        var share = one.Read().Cpu;
        Assert.True(share > 0);
        Assert.True(half.Read().Cpu >= 2 * share);
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
        _watch = load.Watch();
        return load;
    }

    private HostLoad Create(LoadSheddingOptions options, ILogger<HostLoad>? log = null) =>
        new(() => _reading, Options.Create(options), _time, _services.GetRequiredService<LoadMetrics>(), log ?? NullLogger<HostLoad>.Instance);

    private LoadLevel Pass(HostLoad load, double seconds)
    {
        for (var i = 0; i < seconds * 2; i++)
        {
            _time.Advance(HostLoad.Period);
        }

        return load.Level;
    }

    private sealed class ThrowingLog : ILogger<HostLoad>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => throw new IOException("The disk is full.");
    }
}
