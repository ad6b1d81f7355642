using System.Globalization;
using GatewayKit.Identity.Consumers;

namespace GatewayKit.Tests.Identity.Consumers;

[CollectionDefinition(nameof(CredentialCacheTests), DisableParallelization = true)]
[Collection(nameof(CredentialCacheTests))]
public sealed class CredentialCacheTests
{
    [Fact]
    public void A_million_ids_that_nobody_has_take_no_more_than_their_room_and_push_nobody_out()
    {
        var cache = new CredentialCache(maxKnown: 1_000, maxUnknown: 1_000);
        for (var i = 0; i < 900; i++)
        {
            cache.Set(Known($"known{i.ToString(CultureInfo.InvariantCulture)}"));
        }

        Fill(0);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        Fill(1);

        // Kept, they would take some 75 MB. The rest is for what other tests have left: the heap is that of the whole process.
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 20_000_000);
        Assert.InRange(cache.Unknown, 1, 1_000);
        Assert.Equal(900, cache.Known);
        Assert.NotNull(cache.Find("known0"));

        void Fill(int round)
        {
            for (var i = 0; i < 500_000; i++)
            {
                cache.Set(Nobodys($"{round}-{i.ToString(CultureInfo.InvariantCulture)}"));
            }
        }
    }

    [Fact]
    public void Those_in_use_stay_and_the_others_make_room()
    {
        var cache = new CredentialCache(maxKnown: 100, maxUnknown: 100);
        for (var i = 0; i < 10_000; i++)
        {
            Assert.NotNull(cache.Find("in use") ?? (i == 0 ? Known("first") : null));
            cache.Set(Known(i == 0 ? "in use" : $"{i.ToString(CultureInfo.InvariantCulture)}"));
        }

        Assert.InRange(cache.Known, 1, 101);
    }

    [Fact]
    public void What_is_put_in_place_of_another_is_counted_once()
    {
        var cache = new CredentialCache(maxKnown: 100, maxUnknown: 100);
        cache.Set(Nobodys("a"));
        var known = Known("a");
        cache.Set(known);
        Assert.Equal((1, 0), (cache.Known, cache.Unknown));
        cache.Remove(Known("a"));
        Assert.Same(known, cache.Find("a"));
        cache.Remove(known);
        Assert.Equal((0, 0), (cache.Known, cache.Unknown));
    }

    private static FoundCredential Nobodys(string id) =>
        new(id, owner: null, stores: []) { Credential = KnownCredential.OfNobody(id, ConsumerCatalog.Empty), Catalog = ConsumerCatalog.Empty };

    private static FoundCredential Known(string id)
    {
        var owner = new Consumer { Id = "a", Identities = [id] };
        return new(id, owner, stores: []) { Credential = KnownCredential.Of(owner, CredentialKind.Identity, id, ConsumerCatalog.Empty)!, Catalog = ConsumerCatalog.Empty };
    }
}
