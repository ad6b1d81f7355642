using System.Reflection;
using GatewayKit.Diagnostics;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Identity.Consumers;

public sealed class ConsumerDirectoryTests : IDisposable
{
    private static readonly GatewayEndpoint Route = GatewayEndpoint.Of(new RouteEndpointBuilder(null, RoutePatternFactory.Parse("/"), 0) { DisplayName = "r" }, []);

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250);

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeTimeProvider _time = new();
    private readonly MemoryStore _store = new();
    private readonly List<ConsumerDirectory> _directories = [];

    [Fact]
    public async Task Consumer_of_the_configuration_is_made_ready_once()
    {
        var key = ApiKey.Create();
        var directory = Directory();
        directory.PutInForce(Catalog(Owner("a", key)));
        var first = await FindAsync(directory, key.Id);
        Assert.NotNull(first);
        Assert.Same(first, await FindAsync(directory, key.Id));
    }

    [Fact]
    public async Task Look_up_of_what_is_known_takes_no_memory()
    {
        var key = ApiKey.Create();
        var directory = Directory(_store);
        _store.Put(Owner("a", key));
        await FindAsync(directory, key.Id);
        directory.TryFind(CredentialKind.ApiKey, key.Id, out _);
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (var i = 0; i < 1_000; i++)
            {
                Assert.True(directory.TryFind(CredentialKind.ApiKey, key.Id, out _));
            }
        }));
    }

    [Fact]
    public async Task Configuration_goes_before_stores()
    {
        var key = ApiKey.Create();
        _store.Put(Owner("stored", key));
        var directory = Directory(_store);
        Assert.Equal("stored", (await FindAsync(directory, key.Id))!.ConsumerId);
        directory.PutInForce(Catalog(Owner("configured", key)));
        Assert.Equal("configured", (await FindAsync(directory, key.Id))!.ConsumerId);
        directory.PutInForce(ConsumerCatalog.Empty);
        Assert.Equal("stored", (await FindAsync(directory, key.Id))!.ConsumerId);
    }

    [Fact]
    public async Task Reload_makes_credentials_ready_anew_and_asks_no_store()
    {
        var key = ApiKey.Create();
        _store.Put(Owner("a", key) with { Plan = "gold" });
        var directory = Directory(_store);
        directory.PutInForce(Catalog(new Plan { Id = "gold", Priority = "High" }));
        Assert.Equal("High", directory.Resolve((await FindAsync(directory, key.Id))!, Route)!.Plan!.Priority);
        directory.PutInForce(Catalog(new Plan { Id = "gold", Priority = "Low" }));
        Assert.Equal("Low", directory.Resolve((await FindAsync(directory, key.Id))!, Route)!.Plan!.Priority);
        Assert.Equal(1, _store.Finds);
    }

    [Fact]
    public async Task Store_is_asked_once_by_all_who_wait()
    {
        var gate = new TaskCompletionSource();
        var key = ApiKey.Create();
        _store.Put(Owner("a", key));
        _store.Gate = gate.Task;
        var directory = Directory(_store);
        var waiting = Enumerable.Range(0, 64).Select(_ => FindAsync(directory, key.Id)).ToArray();
        gate.SetResult();
        Assert.All(await Task.WhenAll(waiting), static found => Assert.Equal("a", found!.ConsumerId));
        Assert.Equal(1, _store.Finds);
    }

    [Fact]
    public async Task What_nobody_has_is_remembered_until_something_changes()
    {
        var key = ApiKey.Create();
        var directory = Directory(_store);
        Assert.Null(await FindAsync(directory, key.Id));
        Assert.Null(await FindAsync(directory, key.Id));
        Assert.Equal(1, _store.Finds);
        _store.Put(Owner("new", key));
        await AdvanceAsync(TimeSpan.FromSeconds(1.5));
        Assert.Equal("new", (await FindAsync(directory, key.Id))!.ConsumerId);
    }

    [Fact]
    public async Task Who_is_in_use_is_asked_for_again_before_30_seconds_without_a_wait()
    {
        var key = ApiKey.Create();
        _store.Put(Owner("a", key));
        var directory = Directory(_store);
        await FindAsync(directory, key.Id);
        for (var second = 0; second < 29; second++)
        {
            await AdvanceAsync(TimeSpan.FromSeconds(1));
            Assert.True(directory.TryFind(CredentialKind.ApiKey, key.Id, out var found) && found.IsActive);
        }

        Assert.Equal(2, _store.Finds);
    }

    [Fact]
    public async Task Who_is_not_in_use_is_forgotten_after_30_seconds()
    {
        var key = ApiKey.Create();
        _store.Put(Owner("a", key));
        var directory = Directory(_store);
        await FindAsync(directory, key.Id);
        await AdvanceAsync(TimeSpan.FromSeconds(31));
        Assert.False(directory.TryFind(CredentialKind.ApiKey, key.Id, out _));
        Assert.NotNull(await FindAsync(directory, key.Id));
        Assert.Equal(2, _store.Finds);
    }

    [Fact]
    public async Task Revocation_is_seen_by_every_instance_within_5_seconds()
    {
        var key = ApiKey.Create();
        _store.Put(Owner("a", key));
        ConsumerDirectory[] instances = [Directory(_store), Directory(_store)];
        foreach (var instance in instances)
        {
            Assert.True((await FindAsync(instance, key.Id))!.IsActive);
        }

        _store.Put(new() { Id = "a", Keys = [key.ToStored() with { IsRevoked = true }] });
        await AdvanceAsync(TimeSpan.FromSeconds(5));
        foreach (var instance in instances)
        {
            Assert.False((await FindAsync(instance, key.Id))!.IsActive);
        }
    }

    [Fact]
    public async Task Store_that_goes_away_is_not_trusted_for_5_seconds()
    {
        var key = ApiKey.Create();
        _store.Put(Owner("a", key));
        var directory = Directory(_store);
        await FindAsync(directory, key.Id);
        _store.Failure = new IOException("away");
        await AdvanceAsync(TimeSpan.FromSeconds(5));
        await Assert.ThrowsAsync<ConsumerStoreException>(() => FindAsync(directory, key.Id));

        _store.Failure = null;
        await AdvanceAsync(TimeSpan.FromSeconds(1.5));
        Assert.NotNull(await FindAsync(directory, key.Id));
    }

    // Revoked while changes could not be read: those that were missed count before anything that is kept does.
    [Fact]
    public async Task What_changed_while_nobody_asked_is_read_first()
    {
        var key = ApiKey.Create();
        _store.Put(Owner("a", key));
        var directory = Directory(_store);
        await FindAsync(directory, key.Id);
        await AdvanceAsync(TimeSpan.FromSeconds(40));
        var reads = _store.Reads;
        await AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(reads, _store.Reads);
        _store.Put(new() { Id = "a", Keys = [key.ToStored() with { IsRevoked = true }] });
        Assert.False((await FindAsync(directory, key.Id))!.IsActive);
    }

    // The answer is older than the change: it may serve those who waited for it, and nobody after them.
    [Fact]
    public async Task Answer_that_a_change_has_overtaken_is_not_kept()
    {
        var gate = new TaskCompletionSource();
        var key = ApiKey.Create();
        _store.Put(Owner("a", key));
        var directory = Directory(_store);
        await FindAsync(directory, "00000000");
        _store.Gate = gate.Task;
        var waiting = FindAsync(directory, key.Id);
        _store.Put(new() { Id = "a", Keys = [key.ToStored() with { IsRevoked = true }] });
        _time.Advance(Step);
        _time.Advance(Step);
        _time.Advance(Step);
        var reads = _store.Reads;
        while (_store.Reads == reads)
        {
            _time.Advance(TimeSpan.FromMilliseconds(50));
        }

        gate.SetResult();
        await Task.WhenAny(waiting);
        Assert.False((await FindAsync(directory, key.Id))!.IsActive);
    }

    // A revocation that comes while what is known is made ready for another configuration.
    [Fact]
    public async Task Change_that_comes_while_a_reload_is_followed_is_not_put_back()
    {
        var key = ApiKey.Create();
        var time = new HookedTime();
        _store.Put(Owner("a", key));
        var directory = Directory(time, _store);
        Assert.True((await FindAsync(directory, key.Id))!.IsActive);
        directory.PutInForce(Catalog(new Plan { Id = "gold" }));
        var looks = 0;
        time.Looked = () =>
        {
            // The first look is whether the store is followed, the second whether what is known still counts.
            if (++looks == 2)
            {
                _store.Put(new() { Id = "a", Keys = [key.ToStored() with { IsRevoked = true }] });
                Tell(directory, new("x", ["a"]));
            }
        };
        await FindAsync(directory, key.Id);
        Assert.True(looks >= 2);
        Assert.False((await FindAsync(directory, key.Id))!.IsActive);
    }

    [Fact]
    public async Task Change_of_a_consumer_is_one_however_its_id_is_written()
    {
        var key = ApiKey.Create();
        _store.Put(Owner("Acme", key));
        var directory = Directory(_store);
        Assert.True((await FindAsync(directory, key.Id))!.IsActive);
        _store.Put(new() { Id = "Acme", Keys = [key.ToStored() with { IsRevoked = true }] });
        Tell(directory, new("x", ["ACME"]));
        Assert.False((await FindAsync(directory, key.Id))!.IsActive);
    }

    [Fact]
    public async Task Store_that_takes_too_long_is_a_store_that_is_away()
    {
        _store.Gate = new TaskCompletionSource().Task;
        var directory = Directory(_store);
        var waiting = FindAsync(directory, "00000000");
        await AdvanceAsync(TimeSpan.FromSeconds(1.25));
        await Assert.ThrowsAsync<ConsumerStoreException>(() => waiting);
    }

    [Fact]
    public async Task Consumer_without_the_credential_is_nobody()
    {
        var key = ApiKey.Create();
        _store.Claim(key.Id, Owner("other", ApiKey.Create()));
        var directory = Directory(_store);
        Assert.Null(await FindAsync(directory, key.Id));
    }

    [Fact]
    public async Task Consumer_that_cannot_be_used_is_nobody()
    {
        var key = ApiKey.Create();
        _store.Claim(key.Id, new() { Id = string.Empty, Keys = [key.ToStored()] });
        var directory = Directory(_store);
        Assert.Null(await FindAsync(directory, key.Id));
    }

    [Fact]
    public async Task Plan_that_is_not_there_grants_nothing()
    {
        var key = ApiKey.Create();
        _store.Put(Owner("a", key) with { Plan = "gone" });
        var directory = Directory(_store);
        Assert.Null(directory.Resolve((await FindAsync(directory, key.Id))!, Route));
    }

    [Fact]
    public async Task Everything_is_forgotten_when_a_store_says_so()
    {
        var key = ApiKey.Create();
        _store.Put(Owner("a", key));
        var directory = Directory(_store);
        await FindAsync(directory, key.Id);
        _store.Changes = static _ => new("x", []) { IsEverything = true };
        await AdvanceAsync(TimeSpan.FromSeconds(1.25));
        Assert.False(directory.TryFind(CredentialKind.ApiKey, key.Id, out _));
    }

    [Fact]
    public async Task Second_store_is_asked_for_what_the_first_does_not_have()
    {
        var key = ApiKey.Create();
        var second = new MemoryStore { Name = "second" };
        second.Put(Owner("b", key));
        var directory = Directory(_store, second);
        Assert.Equal("b", (await FindAsync(directory, key.Id))!.ConsumerId);
    }

    // The one that might know better cannot be asked.
    [Fact]
    public async Task Nobody_is_let_in_past_a_store_that_is_away()
    {
        var key = ApiKey.Create();
        var second = new MemoryStore { Name = "second" };
        second.Put(Owner("b", key));
        _store.Failure = new IOException("away");
        var directory = Directory(_store, second);
        await Assert.ThrowsAsync<ConsumerStoreException>(() => FindAsync(directory, key.Id));
    }

    [Fact]
    public async Task Stored_consumer_with_the_id_of_a_configured_one_is_nobody()
    {
        var (own, other) = (ApiKey.Create(), ApiKey.Create());
        _store.Put(Owner("ACME", other));
        var directory = Directory(_store);
        directory.PutInForce(Catalog(Owner("acme", own)));
        Assert.Null(await FindAsync(directory, other.Id));
        Assert.Equal("acme", (await FindAsync(directory, own.Id))!.ConsumerId);
    }

    [Fact]
    public async Task Kinds_of_credentials_are_told_apart()
    {
        _store.Put(new() { Id = "a", Identities = ["same"] });
        var directory = Directory(_store);
        Assert.Null(await FindAsync(directory, "same"));
        Assert.Equal("a", (await directory.FindAsync(CredentialKind.Identity, "same", TestContext.Current.CancellationToken))!.ConsumerId);
    }

    [Fact]
    public async Task Ids_that_are_too_long_are_asked_of_nobody()
    {
        var directory = Directory(_store);
        Assert.Null(await directory.FindAsync(CredentialKind.Identity, new string('x', 513), TestContext.Current.CancellationToken));
        Assert.Equal(0, _store.Finds);
    }

    public void Dispose()
    {
        _directories.ForEach(static directory => directory.Dispose());
        _services.Dispose();
    }

    private static Consumer Owner(string id, ApiKey key) => new() { Id = id, Keys = [key.ToStored()] };

    private static ConsumerCatalog Catalog(params Consumer[] consumers) => new([], [], consumers);

    private static ConsumerCatalog Catalog(Plan plan) => new([plan], [], []);

    private static Task<KnownCredential?> FindAsync(ConsumerDirectory directory, string id) =>
        directory.FindAsync(CredentialKind.ApiKey, id, TestContext.Current.CancellationToken).AsTask();

    // As the store is told of a change, at once.
    private static void Tell(ConsumerDirectory directory, ConsumerChanges changes)
    {
        const BindingFlags own = BindingFlags.Instance | BindingFlags.NonPublic;
        var stores = (FollowedStore[])typeof(ConsumerDirectory).GetField("_stores", own)!.GetValue(directory)!;
        typeof(ConsumerDirectory).GetMethod("Forget", own)!.Invoke(directory, [stores[0], changes]);
    }

    private ConsumerDirectory Directory(params IConsumerStore[] stores) => Directory(_time, stores);

    private ConsumerDirectory Directory(TimeProvider time, params IConsumerStore[] stores)
    {
        var metrics = new ConsumerMetrics(new GatewayMeter(_services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>()), time, LoggerFactory.Create(static _ => { }).CreateLogger<ConsumerMetrics>());
        var directory = new ConsumerDirectory(stores, Options.Create(new ConsumerOptions()), metrics, time);
        _directories.Add(directory);
        return directory;
    }

    // In steps, so that what is read in the background comes in between.
    private async Task AdvanceAsync(TimeSpan span)
    {
        for (var passed = TimeSpan.Zero; passed < span; passed += Step)
        {
            _time.Advance(Step);
            await Task.Yield();
        }
    }
}
