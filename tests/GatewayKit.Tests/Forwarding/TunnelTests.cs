using GatewayKit.Clusters;
using GatewayKit.Forwarding;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Forwarding;

public sealed class TunnelTests
{
    private static readonly TimeSpan MaxDuration = TimeSpan.FromSeconds(90);

    // The exchange gives its clock away right after, and another one may get it.
    [Fact]
    public async Task Tunnel_that_ends_as_its_time_is_up_has_left_its_clock_when_it_returns()
    {
        var time = new HookedTime();
        var clock = new ExchangeClock(new(time), time);
        var httpContext = new DefaultHttpContext();
        clock.Start(new(), httpContext);
        clock.BecomesTunnel(Timeout.InfiniteTimeSpan);
        using var silent = new SilentStream();
        var run = new Tunnel(httpContext, silent, silent, clock, endsInHalves: false).RunAsync(MaxDuration).AsTask();
        var returned = new TaskCompletionSource<bool>();

        // The time is up and the tunnel about to start the clock of the Close: now it ends otherwise.
        time.TimerIsCreated = due =>
        {
            if (due == Tunnel.CloseLimit)
            {
                time.TimerIsCreated = null;
                clock.Cancel();
                returned.SetResult(run.Wait(TimeSpan.FromMilliseconds(250)));
            }
        };
        time.Advance(MaxDuration);
        Assert.False(await returned.Task);
        var outcome = await run;
        clock.Dispose();
        Assert.Equal(TunnelSide.Gateway, outcome.EndedBy);
    }

    private sealed class HookedTime : FakeTimeProvider
    {
        public Action<TimeSpan>? TimerIsCreated { get; set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            TimerIsCreated?.Invoke(dueTime);
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }

    // Nothing comes, everything goes.
    private sealed class SilentStream : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
            return 0;
        }
    }
}
