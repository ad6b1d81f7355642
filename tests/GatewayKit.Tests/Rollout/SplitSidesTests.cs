using System.Runtime.CompilerServices;
using GatewayKit.Rollout;
using GatewayKit.Rollout.Splits;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Tests.Rollout;

/// <summary>What is remembered of a canary, and for how long.</summary>
public sealed class SplitSidesTests : IDisposable
{
    private static readonly CanaryShare Share = new() { Ramp = new() { Start = new(2026, 3, 1, 9, 0, 0, TimeSpan.Zero), Duration = TimeSpan.FromHours(1) } };

    private readonly ServiceProvider _services;
    private readonly SplitSides _sides;

    public SplitSidesTests()
    {
        var services = new ServiceCollection().AddLogging();
        services.AddApiGateway();
        _services = services.BuildServiceProvider();
        _sides = _services.GetRequiredService<SplitSides>();
    }

    public void Dispose() => _services.Dispose();

    [Fact]
    public void Canary_that_was_rolled_back_stays_so_until_its_share_is_configured_anew()
    {
        RollBack();
        GC.Collect();
        Assert.Equal(SideState.RolledBack, _sides.For("Orders", "V1", "V2", Share with { }).State);
        Assert.Equal(SideState.InForce, _sides.For("orders", "v1", "v2", Share with { Ramp = Share.Ramp! with { Start = Share.Ramp.Start.AddDays(1) } }).State);
        Assert.Equal(SideState.InForce, _sides.For("orders", "v1", "v3", Share).State);
        Assert.Equal(SideState.InForce, _sides.For("stock", "v1", "v2", Share).State);
    }

    // Requests of a configuration that is gone come in between those of the next, whose guard looks over another time.
    [Fact]
    public void Windows_of_two_lengths_do_not_empty_each_other()
    {
        var side = _sides.For("orders", "v1", "v2", Share);
        var (former, next) = (side.TrafficOver(TimeSpan.FromMinutes(1)), side.TrafficOver(TimeSpan.FromMinutes(2)));
        former.Add(failed: true, TimeSpan.Zero);
        next.Add(failed: false, TimeSpan.Zero);
        Assert.Equal((1, 1), (side.TrafficOver(TimeSpan.FromMinutes(1)).Read().Failures, side.TrafficOver(TimeSpan.FromMinutes(2)).Read().Requests));
        GC.KeepAlive((former, next));
    }

    [Fact]
    public void Side_that_no_endpoint_uses_is_forgotten()
    {
        var reference = Use();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.False(reference.TryGetTarget(out _));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void RollBack()
    {
        var side = _sides.For("orders", "v1", "v2", Share);
        Assert.True(side.End(GuardAction.RollBack));
        _sides.Hold(side);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference<SplitSide> Use() => new(_sides.For("orders", "v1", "v2", Share));
}
