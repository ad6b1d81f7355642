using GatewayKit.Throttling.Sharing;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Throttling.Sharing;

/// <summary>The gateway's own algorithms behind the seam: they do what every store does.</summary>
public sealed class InMemoryRateStoreTests : RateStoreConformance
{
    private readonly FakeTimeProvider _time = new();
    private readonly InMemoryRateStore _store;

    public InMemoryRateStoreTests() => _store = new(_time);

    protected override IRateStore Store => _store;

    protected override Task PassAsync(TimeSpan time)
    {
        _time.Advance(time);
        return Task.CompletedTask;
    }
}
