using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Resilience.Model;

/// <summary>A clock that does as it is told, and whose date somebody sets now and then. The monotonic half knows nothing of that.</summary>
internal sealed class SteppedTime : FakeTimeProvider
{
    private TimeSpan _step;

    public void SetWallClock(TimeSpan by) => _step += by;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _step;

    // The one it inherits is computed from the date.
    public override long GetTimestamp() => base.GetUtcNow().Ticks;
}
