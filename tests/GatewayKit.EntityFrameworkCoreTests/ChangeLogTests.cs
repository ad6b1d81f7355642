using System.Collections.Concurrent;
using GatewayKit.EntityFrameworkCore.Rows;
using GatewayKit.EntityFrameworkCoreTests.Hosting;
using GatewayKit.Identity.Consumers;
using Microsoft.EntityFrameworkCore;

namespace GatewayKit.EntityFrameworkCoreTests;

/// <summary>What instances read of each other's changes, however their transactions overlap.</summary>
public sealed class ChangeLogTests(PostgresServer server) : Databases(server)
{
    [Fact]
    public async Task Change_that_is_committed_late_holds_back_those_after_it()
    {
        var use = await OpenAsync(Kind.Postgres);
        await using var one = await StoreHost.StartAsync(use);
        await using var other = await StoreHost.StartAsync(use);
        var cursor = (await one.Store.ReadChangesAsync(null, default)).Cursor;

        // A writer that has its number, and takes its time to commit.
        await using var late = await one.Services.GetRequiredDbContextAsync();
        await using var transaction = await late.Database.BeginTransactionAsync();
        await late.Set<ClockRow>().ExecuteUpdateAsync(static set => set.SetProperty(static row => row.Value, static row => row.Value + 1));
        late.Add(new ChangeRow { Sequence = await late.Set<ClockRow>().Select(static row => row.Value).SingleAsync(), Stamp = Guid.NewGuid(), ConsumerId = "late", At = DateTimeOffset.UnixEpoch });
        await late.SaveChangesAsync();
        var next = Task.Run(async () => await other.Store.CreateAsync(new() { Id = "next" }, default));
        await Eventually.IsSoAsync(async () => await one.InContextAsync(static context => context.Database.SqlQuery<int>(
            $"SELECT COUNT(*)::int AS \"Value\" FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()").SingleAsync()) == 1);

        Assert.Empty((await other.Store.ReadChangesAsync(cursor, default)).ConsumerIds);
        Assert.False(next.IsCompleted);
        await transaction.CommitAsync();
        await next;
        Assert.Equal(["late", "next"], (await other.Store.ReadChangesAsync(cursor, default)).ConsumerIds);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Readers_among_writers_of_several_instances_miss_nothing(Kind kind)
    {
        const int writers = 4;
        const int each = 50;
        var use = await OpenAsync(kind);
        await using var one = await StoreHost.StartAsync(use);
        await using var other = await StoreHost.StartAsync(use);
        IConsumerRepository[] stores = [one.Store, other.Store];
        var (seen, writing) = (new ConcurrentBag<string>(), true);
        var cursor = (await one.Store.ReadChangesAsync(null, default)).Cursor;
        var reading = Task.Run(async () =>
        {
            for (var isLast = false; !isLast;)
            {
                isLast = !Volatile.Read(ref writing);
                var changes = await other.Store.ReadChangesAsync(cursor, default);
                Assert.False(changes.IsEverything);
                cursor = changes.Cursor;
                foreach (var id in changes.ConsumerIds)
                {
                    seen.Add(id);

                    // Who is told of a change sees it.
                    Assert.NotNull(await other.Store.GetAsync(id, default));
                }
            }
        });

        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            for (var number = 0; number < each; number++)
            {
                Assert.Equal(ConsumerWriteStatus.Written, (await stores[writer % 2].CreateAsync(new() { Id = $"{writer}-{number}" }, default)).Status);
            }
        })));
        Volatile.Write(ref writing, false);
        await reading;

        Assert.Equal(writers * each, seen.Count);
        Assert.Equal(writers * each, seen.Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Database_that_was_put_back_to_an_earlier_state_is_noticed_though_it_has_gone_on(Kind kind)
    {
        await using var host = await StoreHost.StartAsync(await OpenAsync(kind));
        await host.Store.CreateAsync(new() { Id = "kept" }, default);
        var version = (await host.Store.CreateAsync(new() { Id = "lost" }, default)).Version!;
        var cursor = (await host.Store.ReadChangesAsync(null, default)).Cursor;

        // What a backup of before the last write holds, and a write after it.
        await host.InContextAsync(async context =>
        {
            await context.Set<ChangeRow>().OrderByDescending(static row => row.Sequence).Take(1).ExecuteDeleteAsync();
            await context.Set<ConsumerRow>().Where(static row => row.Id == "lost").ExecuteDeleteAsync();
            return await context.Set<ClockRow>().ExecuteUpdateAsync(static set => set.SetProperty(static row => row.Value, static row => row.Value - 1));
        });
        Assert.Equal(version, (await host.Store.CreateAsync(new() { Id = "new" }, default)).Version);

        Assert.True((await host.Store.ReadChangesAsync(cursor, default)).IsEverything);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Log_of_changes_does_not_grow_for_ever(Kind kind)
    {
        await using var host = await StoreHost.StartAsync(await OpenAsync(kind));
        await host.AddChangesAsync(10_239);

        await host.Store.CreateAsync(new() { Id = "acme" }, default);

        Assert.Equal(10_000, await host.InContextAsync(static context => context.Set<ChangeRow>().CountAsync()));
    }
}
