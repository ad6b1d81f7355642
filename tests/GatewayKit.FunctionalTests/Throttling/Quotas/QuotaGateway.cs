using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Throttling.Quotas;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Throttling.Quotas;

/// <summary>Gateways with quotas in memory, whose clock stands still until the test moves it.</summary>
internal static class QuotaGateway
{
    public static FakeTimeProvider Clock() => new(new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero));

    public static Task<TestHost> StartAsync(FakeTimeProvider time, Action<WebApplication>? map = null, string? json = null, Action<GatewayBuilder>? services = null) =>
        TestHost.GatewayAsync(
            json,
            builder =>
            {
                builder.Services.AddSingleton<TimeProvider>(time);
                builder.Services.AddSingleton<IQuotaStore, InMemoryQuotaStore>();
                services?.Invoke(builder);
            },
            map);

    /// <summary>Sends requests until something is as it will be: what a request has used is settled after its answer has come.</summary>
    public static async Task EventuallyAsync(Func<Task<bool>> isSo)
    {
        for (var i = 0; i < 200; i++)
        {
            if (await isSo())
            {
                return;
            }

            await Task.Delay(25);
        }

        Assert.Fail("It did not come to be.");
    }

    /// <summary>A store in memory that tells how much was settled.</summary>
    public sealed class WatchedStore(FakeTimeProvider time) : IQuotaStore
    {
        private readonly InMemoryQuotaStore _inner = new(time, Options.Create(new QuotaOptions()));
        private int _settled;

        public int Settled => Volatile.Read(ref _settled);

        public ReadOnlyMemory<byte> Secret => _inner.Secret;

        public ValueTask<QuotaAnswer> ReserveAsync(QuotaKey key, QuotaRule rule, long cost, TimeSpan settleWithin, CancellationToken cancellationToken) =>
            _inner.ReserveAsync(key, rule, cost, settleWithin, cancellationToken);

        public async ValueTask<QuotaAnswer> SettleAsync(QuotaReservation reservation, QuotaRule rule, long cost, CancellationToken cancellationToken)
        {
            var answer = await _inner.SettleAsync(reservation, rule, cost, cancellationToken);
            Interlocked.Increment(ref _settled);
            return answer;
        }
    }
}
