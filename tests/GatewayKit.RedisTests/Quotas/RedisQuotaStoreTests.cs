using GatewayKit.RedisTests.Hosting;
using GatewayKit.Tests.Throttling.Quotas;
using GatewayKit.Throttling.Quotas;

namespace GatewayKit.RedisTests.Quotas;

/// <summary>What every store has to do, with a server whose clock the tests move.</summary>
public sealed class RedisQuotaStoreTests(RedisServer server) : QuotaStoreConformance, IClassFixture<RedisServer>, IAsyncLifetime
{
    private RedisHost _host = null!;
    private ClockedStore _store = null!;

    protected override IQuotaStore Store => _store;

    public async ValueTask InitializeAsync()
    {
        await server.Server.FlushDatabaseAsync();
        _host = await RedisHost.StartAsync(server.ConnectionString);
        _store = new(new(_host.Link, Time, ScriptClock.OfKey), Time, server.Database);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
