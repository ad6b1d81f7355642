using GatewayKit.Lifecycle;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Lifecycle;

public sealed class DrainStateTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);
    private readonly List<DrainState> _drains = [];

    [Fact]
    public async Task Host_serves_on_for_the_delay_and_then_refuses()
    {
        var drain = Create(TimeSpan.FromSeconds(5));
        Assert.Equal((false, false, false), Steps(drain));
        var waiting = drain.WaitAsync(CancellationToken.None);
        Assert.Equal((true, false, false), Steps(drain));
        Assert.True(drain.Draining.IsCancellationRequested);
        _time.Advance(TimeSpan.FromMilliseconds(4_999));
        Assert.False(waiting.IsCompleted);
        Assert.False(drain.Refusing.IsCancellationRequested);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await waiting;
        Assert.Equal((true, true, false), Steps(drain));
        Assert.True(drain.Refusing.IsCancellationRequested);
    }

    [Fact]
    public void Signal_begins_the_delay_before_any_service_is_asked()
    {
        var drain = Create(TimeSpan.FromSeconds(5));
        _lifetime.StopApplication();
        Assert.Equal((true, false, false), Steps(drain));
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal((true, true, false), Steps(drain));
    }

    [Fact]
    public void Without_a_delay_it_refuses_at_once()
    {
        var drain = Create(TimeSpan.Zero);
        Assert.True(drain.WaitAsync(CancellationToken.None).IsCompletedSuccessfully);
        Assert.Equal((true, true, false), Steps(drain));
    }

    [Theory]
    [InlineData(30, 29_000)]
    [InlineData(2, 1_800)]
    public void What_runs_is_cut_shortly_before_the_host_gives_up(int timeout, int after)
    {
        var drain = Create(TimeSpan.Zero, TimeSpan.FromSeconds(timeout));
        drain.Begin();
        _time.Advance(TimeSpan.FromMilliseconds(after - 1));
        Assert.False(drain.IsCutting);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(drain.IsCutting && drain.Cutting.IsCancellationRequested);
    }

    [Fact]
    public async Task Cut_also_ends_a_delay_that_is_too_long()
    {
        var drain = Create(TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(30));
        var waiting = drain.WaitAsync(CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal((true, true, true), Steps(drain));
        await waiting;
    }

    [Fact]
    public async Task Host_that_gives_up_ends_the_delay()
    {
        var drain = Create(TimeSpan.FromSeconds(5));
        using var host = new CancellationTokenSource();
        var waiting = drain.WaitAsync(host.Token);
        Assert.False(drain.IsRefusing);
        await host.CancelAsync();
        await waiting;
        Assert.True(drain.IsRefusing);
    }

    [Fact]
    public void Host_that_waits_for_ever_cuts_nothing()
    {
        var drain = Create(TimeSpan.FromSeconds(5), Timeout.InfiniteTimeSpan);
        drain.Begin();
        _time.Advance(TimeSpan.FromDays(30));
        Assert.Equal((true, true, false), Steps(drain));
    }

    [Fact]
    public void Begun_twice_it_does_not_begin_anew()
    {
        var drain = Create(TimeSpan.FromSeconds(5));
        drain.Begin();
        _time.Advance(TimeSpan.FromSeconds(3));
        _lifetime.StopApplication();
        drain.Begin();
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(drain.IsRefusing);
    }

    /// <summary>Somebody who presses Ctrl+C waits for the prompt; what is set explicitly counts everywhere.</summary>
    [Theory]
    [InlineData("Development", null, 0)]
    [InlineData("Production", null, 5)]
    [InlineData(null, null, 5)]
    [InlineData("Development", 2, 2)]
    public void Delay_is_none_in_development_unless_it_is_set(string? environment, int? set, int expected) =>
        Assert.Equal(TimeSpan.FromSeconds(expected), Create(set is { } seconds ? TimeSpan.FromSeconds(seconds) : null, environment: environment).Delay);

    [Fact]
    public void Disposed_it_does_nothing_more()
    {
        var drain = Create(TimeSpan.FromSeconds(5));
        drain.Begin();
        drain.Dispose();
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((true, false, false), Steps(drain));
    }

    public void Dispose() => _drains.ForEach(static drain => drain.Dispose());

    private static (bool, bool, bool) Steps(DrainState drain) => (drain.IsDraining, drain.IsRefusing, drain.IsCutting);

    private DrainState Create(TimeSpan? delay, TimeSpan? shutdown = null, string? environment = null)
    {
        var drain = new DrainState(
            Microsoft.Extensions.Options.Options.Create(new GatewayOptions { DrainDelay = delay }),
            Microsoft.Extensions.Options.Options.Create(new HostOptions { ShutdownTimeout = shutdown ?? TimeSpan.FromSeconds(30) }),
            _time,
            NullLogger<DrainState>.Instance,
            environment is null ? null : new HostingEnvironment { EnvironmentName = environment },
            _lifetime);
        _drains.Add(drain);
        return drain;
    }
}
