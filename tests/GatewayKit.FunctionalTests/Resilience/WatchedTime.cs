using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>A clock that stands still, and tells when somebody begins to wait for it.</summary>
internal sealed class WatchedTime : FakeTimeProvider
{
    private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

    public WatchedTime()
        : base(new(2030, 1, 31, 12, 0, 0, TimeSpan.Zero))
    {
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _waits.Writer.TryWrite(dueTime);
        return timer;
    }

    /// <summary>Lets so much time pass as soon as somebody waits for exactly that.</summary>
    public async Task PassAsync(TimeSpan wait)
    {
        await AwaitedAsync(wait);
        Advance(wait);
    }

    /// <summary>Forgets who has waited so far.</summary>
    public void Forget()
    {
        while (_waits.Reader.TryRead(out _))
        {
        }
    }

    /// <summary>Waits until somebody waits for exactly so long.</summary>
    public async Task AwaitedAsync(TimeSpan wait)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await _waits.Reader.ReadAsync(limit.Token) != wait)
        {
        }
    }
}
