using System.Diagnostics;
using GatewayKit.EntityFrameworkCoreTests.Hosting;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;
using Microsoft.EntityFrameworkCore;

namespace GatewayKit.EntityFrameworkCoreTests;

/// <summary>Several instances on one database.</summary>
public sealed class SharedGatewayTests(PostgresServer server) : Databases(server)
{
    private static readonly TimeSpan Promise = TimeSpan.FromSeconds(5);

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Key_that_was_revoked_under_load_is_refused_by_all_within_5_s(Kind kind)
    {
        var use = await OpenAsync(kind);
        await using var one = await GatewayInstance.StartAsync(use);
        await using var other = await GatewayInstance.StartAsync(use);
        var key = ApiKey.Create();
        var consumer = new Consumer { Id = "acme", Keys = [key.ToStored()] };
        var version = (await one.Store.CreateAsync(consumer, default)).Version!;
        Assert.Equal((204, 204), (await one.CallAsync(key.Reveal()), await other.CallAsync(key.Reveal())));

        using var stop = new CancellationTokenSource();
        var clock = Stopwatch.StartNew();
        var loads = new[] { one, one, other, other }.Select(instance => Task.Run(async () =>
        {
            var (accepted, refused, last) = (0, 0, TimeSpan.Zero);
            while (!stop.IsCancellationRequested)
            {
                var sent = clock.Elapsed;
                switch (await instance.CallAsync(key.Reveal()))
                {
                    case 204:
                        (accepted, last) = (accepted + 1, sent);
                        break;
                    case 401:
                        refused++;
                        break;
                }
            }

            return (accepted, refused, last);
        })).ToArray();
        await Task.Delay(500);
        await one.Store.UpdateAsync(consumer with { Keys = [key.ToStored() with { IsRevoked = true }] }, version, default);
        var revoked = clock.Elapsed;
        await Task.Delay(Promise + TimeSpan.FromSeconds(0.5));
        await stop.CancelAsync();

        foreach (var (accepted, refused, last) in await Task.WhenAll(loads))
        {
            Assert.True(accepted > 0 && refused > 0, $"{accepted} were accepted, {refused} refused.");
            Assert.True(last - revoked <= Promise, $"A request of {last - revoked} after the revocation was accepted.");
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Key_that_was_made_on_one_instance_is_known_to_the_other_though_it_was_refused_before(Kind kind)
    {
        var use = await OpenAsync(kind);
        await using var one = await GatewayInstance.StartAsync(use);
        await using var other = await GatewayInstance.StartAsync(use);
        var key = ApiKey.Create();
        Assert.Equal(401, await other.CallAsync(key.Reveal()));

        await one.Store.CreateAsync(new() { Id = "acme", Keys = [key.ToStored()] }, default);

        Assert.Equal(204, await one.CallAsync(key.Reveal()));
        await Eventually.IsSoAsync(async () => await other.CallAsync(key.Reveal()) == 204);
    }
}

/// <summary>A database that goes away and comes back.</summary>
public sealed class OutageTests : IAsyncDisposable
{
    private readonly PostgresServer _server = new();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Nobody_gets_in_while_the_database_is_away_and_all_do_when_it_is_back()
    {
        await _server.InitializeAsync();
        var database = await _server.CreateDatabaseAsync();
        var (key, late) = (ApiKey.Create(), ApiKey.Create());
        await using var instance = await GatewayInstance.StartAsync(options => options.UseNpgsql(database));
        await instance.Store.CreateAsync(new() { Id = "acme", Keys = [key.ToStored()] }, default);
        await instance.Store.CreateAsync(new() { Id = "late", Keys = [late.ToStored()] }, default);
        Assert.Equal(204, await instance.CallAsync(key.Reveal()));

        await _server.KillAsync();
        Assert.Equal(503, await instance.CallAsync(late.Reveal()));
        await Eventually.IsSoAsync(async () => await instance.CallAsync(key.Reveal()) == 503);
        Assert.Equal(204, await instance.CallAsync(key: null, "/open"));
        Assert.Equal(401, await instance.CallAsync(key: null));

        await using var second = await GatewayInstance.StartAsync(options => options.UseNpgsql(database));
        Assert.Equal((503, 204), (await second.CallAsync(key.Reveal()), await second.CallAsync(key: null, "/open")));

        await _server.RestartAsync();
        foreach (var one in (GatewayInstance[])[instance, second])
        {
            await Eventually.IsSoAsync(async () => await one.CallAsync(key.Reveal()) == 204);
            await Eventually.IsSoAsync(async () => await one.CallAsync(late.Reveal()) == 204);
            Assert.DoesNotContain(PostgresServer.Password, $"{one.Log}", StringComparison.Ordinal);
            Assert.DoesNotContain(key.Reveal().Split('_')[3], $"{one.Log}", StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Tables_are_made_when_a_server_that_was_away_at_the_start_is_there()
    {
        await _server.InitializeAsync();
        var database = await _server.CreateDatabaseAsync();
        await _server.KillAsync();
        await using var instance = await GatewayInstance.StartAsync(options => options.UseNpgsql(database));
        Assert.Contains(1990, instance.Log.Events);
        Assert.Equal(503, await instance.CallAsync(ApiKey.Create().Reveal()));

        await _server.RestartAsync();
        await Eventually.IsSoAsync(() => instance.Log.Events.Contains(1991));
        await Eventually.IsSoAsync(async () => await instance.CallAsync(ApiKey.Create().Reveal()) == 401);
    }
}
