using GatewayKit.Resilience;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Resilience;

/// <summary>A thousand requests a second for ten minutes at a service that takes every call and answers none; each is given up after ten seconds.</summary>
public sealed class HangingServiceTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Hanging_service_has_three_calls_at_most_whatever_comes()
    {
        var breaker = new CircuitBreaker(new(), _time, static () => 0.5);
        breaker.Trip("test", 5, 5);
        var hanging = new Queue<(CircuitPermit Permit, DateTimeOffset Since)>();
        var most = 0;
        for (var i = 0; i < 600_000; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            while (hanging.TryPeek(out var oldest) && _time.GetUtcNow() - oldest.Since >= TimeSpan.FromSeconds(10))
            {
                breaker.Leave(hanging.Dequeue().Permit, CallResult.Failure, TimeSpan.FromSeconds(10));
            }

            if (breaker.TryEnter(out var permit))
            {
                hanging.Enqueue((permit, _time.GetUtcNow()));
            }

            most = Math.Max(most, hanging.Count);
        }

        Assert.Equal(3, most);
    }
}
