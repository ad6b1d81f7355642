using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.Consumers;

/// <summary>Finds who a credential belongs to: in the configuration, then in the stores. What was found is kept for a while. Safe for concurrent use.</summary>
internal sealed class ConsumerDirectory : IDisposable
{
    // Longer ids are nobody's: what is remembered of ids that clients make up has an end.
    private const int MaxIdLength = 512;

    private readonly CredentialCache[] _caches;
    private readonly FollowedStore[] _stores;
    private readonly ConcurrentDictionary<(CredentialKind Kind, string Id), Task<FoundCredential>> _flights = new();
    private readonly ConsumerMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly TimeSpan _keepFor;
    private volatile ConsumerCatalog _catalog = ConsumerCatalog.Empty;
    private long _changes;

    public ConsumerDirectory(IEnumerable<IConsumerStore> stores, IOptions<ConsumerOptions> options, ConsumerMetrics metrics, TimeProvider time)
    {
        (_metrics, _time, _keepFor) = (metrics, time, options.Value.KeepFor);
        _caches = [New(), New(), New()];
        _stores = [.. stores.Select(store => new FollowedStore(store, Forget, options.Value, metrics, time))];

        CredentialCache New() => new(options.Value.MaxKnown, options.Value.MaxUnknown);
    }

    /// <summary>What the configuration in force says.</summary>
    public ConsumerCatalog Catalog => _catalog;

    /// <summary>Puts another configuration in force: what is known of credentials is made ready anew when they are used. Stores are not asked again for that.</summary>
    public void PutInForce(ConsumerCatalog catalog) => _catalog = catalog;

    /// <summary>Finds a credential that was found before, without a wait and without memory.</summary>
    /// <param name="kind">What kind it is.</param>
    /// <param name="id">Its public part.</param>
    /// <param name="credential">The credential, also one that nobody has (<see cref="CredentialStanding.Unknown"/>).</param>
    /// <returns>Whether that is known.</returns>
    public bool TryFind(CredentialKind kind, ReadOnlySpan<char> id, [NotNullWhen(true)] out KnownCredential? credential)
    {
        if (_caches[(int)kind].Find(id) is { } found && ReferenceEquals(found.Catalog, _catalog) && Holds(kind, found))
        {
            credential = found.Credential;
            return true;
        }

        return TryFindConfigured(kind, id, out credential);
    }

    private bool TryFindConfigured(CredentialKind kind, ReadOnlySpan<char> id, [NotNullWhen(true)] out KnownCredential? credential)
    {
        var catalog = _catalog;
        var made = catalog.Find(kind, id) is { } configured ? TryMake(id.ToString(), configured, store: null, kind, catalog) : null;
        if (made is null && (_stores.Length == 0 || id.Length > MaxIdLength))
        {
            // Remembered too: whether somebody has it must not be told by how long it takes.
            made = Make(id.Length > MaxIdLength ? string.Empty : id.ToString(), owner: null, _stores, kind, catalog, long.MaxValue, long.MaxValue);
        }

        if (made is { Id.Length: > 0 })
        {
            _caches[(int)kind].Set(made);
        }

        credential = made?.Credential;
        return made is not null;
    }

    /// <summary>Finds a credential.</summary>
    /// <param name="kind">What kind it is.</param>
    /// <param name="id">Its public part.</param>
    /// <param name="cancellationToken">Cancelled when nobody waits any more.</param>
    /// <returns><see langword="null"/> if nobody has it.</returns>
    /// <exception cref="ConsumerStoreException">A store did not answer.</exception>
    public ValueTask<KnownCredential?> FindAsync(CredentialKind kind, ReadOnlySpan<char> id, CancellationToken cancellationToken)
    {
        if (TryFind(kind, id, out var credential))
        {
            _metrics.LookedUp(kind, "kept");
            return new(OrNull(credential));
        }

        return NullIfNobodysAsync(AskAsync(kind, id.ToString(), cancellationToken));
    }

    /// <summary>Finds a credential that is not known yet.</summary>
    /// <returns>The credential, also one that nobody has (<see cref="CredentialStanding.Unknown"/>).</returns>
    /// <exception cref="ConsumerStoreException">A store did not answer.</exception>
    public async ValueTask<KnownCredential> AskAsync(CredentialKind kind, string id, CancellationToken cancellationToken)
    {
        _metrics.LookedUp(kind, "asked");

        // Nobody has called for a while, or the configuration is another: what a store has said may still hold.
        if (_caches[(int)kind].Find(id) is { } kept)
        {
            foreach (var store in kept.Stores)
            {
                await store.FollowAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            }

            if (Renew(kind, kept) is { } renewed)
            {
                return renewed.Credential;
            }
        }

        foreach (var store in _stores)
        {
            await store.FollowAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        return (await FlyAsync(kind, id).WaitAsync(cancellationToken).ConfigureAwait(false)).Credential;
    }

    /// <summary>Whether a credential was there when it was asked for last, however long ago: to ask again costs what callers cannot make up.</summary>
    public bool WasThere(CredentialKind kind, ReadOnlySpan<char> id) => _caches[(int)kind].Find(id) is { Owner: not null };

    /// <summary>Who somebody is whom no store knows, but others vouch for; none on endpoints that need a subscription.</summary>
    public GatewayConsumer? Resolve(GatewayConsumer stranger, GatewayEndpoint endpoint) => _catalog.ProductsOf(endpoint).Count == 0 ? stranger : null;

    /// <summary>Who calls with a credential on an endpoint.</summary>
    public GatewayConsumer? Resolve(KnownCredential credential, GatewayEndpoint endpoint) =>
        credential.TryResolve(endpoint, _time.GetUtcNow(), out var consumer) ? consumer : null;

    public void Dispose() => Array.ForEach(_stores, static store => store.Dispose());

    private static KnownCredential? OrNull(KnownCredential credential) => credential.Standing is CredentialStanding.Unknown ? null : credential;

    private static async ValueTask<KnownCredential?> NullIfNobodysAsync(ValueTask<KnownCredential> asking) => OrNull(await asking.ConfigureAwait(false));

    // The configuration holds as long as it is in force, and so does that it names nobody where it is all there is. The steps are the same whether somebody has it or nobody.
    private bool Holds(CredentialKind kind, FoundCredential found)
    {
        if (found.Stores.Length == 0)
        {
            return true;
        }

        var now = _time.GetTimestamp();
        if (now > found.Until)
        {
            return false;
        }

        foreach (var store in found.Stores)
        {
            if (!store.IsTrusted(now))
            {
                return false;
            }
        }

        if (found.IsDue(now, _time.TimestampFrequency))
        {
            using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
            {
                _ = FlyAsync(kind, found.Id);
            }
        }

        return true;
    }

    // The same for the catalog that is in force now. A change may have taken it away meanwhile.
    private FoundCredential? Renew(CredentialKind kind, FoundCredential kept)
    {
        // First of all: a change that comes after the look below would otherwise be put back.
        var before = Interlocked.Read(ref _changes);
        var cache = _caches[(int)kind];
        if (cache.Find(kept.Id) != kept || (kept.Stores.Length == 0 && kept.Owner is not null) || !Holds(kind, kept))
        {
            return null;
        }

        var catalog = _catalog;
        if (ReferenceEquals(kept.Catalog, catalog))
        {
            return kept;
        }

        var renewed = Make(kept.Id, kept.Owner, kept.Stores, kind, catalog, kept.Until, kept.RenewAt);
        Keep(kind, renewed, before);
        return renewed;
    }

    // One question at a time for each id, however many wait for it; it goes on when they have gone.
    private Task<FoundCredential> FlyAsync(CredentialKind kind, string id)
    {
        var source = new TaskCompletionSource<FoundCredential>(TaskCreationOptions.RunContinuationsAsynchronously);
        var flight = _flights.GetOrAdd((kind, id), source.Task);
        if (flight == source.Task)
        {
            flight.Observed();
            _ = FlyAsync(kind, id, source);
        }

        return flight;
    }

    private async Task FlyAsync(CredentialKind kind, string id, TaskCompletionSource<FoundCredential> source)
    {
        try
        {
            var found = await AskStoresAsync(kind, id).ConfigureAwait(false);
            _flights.TryRemove((kind, id), out _);
            source.SetResult(found);
        }
        catch (Exception exception)
        {
            _flights.TryRemove((kind, id), out _);
            source.SetException(exception);
        }
    }

    private async Task<FoundCredential> AskStoresAsync(CredentialKind kind, string id)
    {
        var before = Interlocked.Read(ref _changes);
        var asked = _time.GetTimestamp();

        // Not all at the same time, of those that came at the same time.
        var keepFor = (long)(_keepFor.TotalSeconds * (1 - (0.1 * Random.Shared.NextDouble())) * _time.TimestampFrequency);
        foreach (var store in _stores)
        {
            if (await store.FindAsync(kind, id).ConfigureAwait(false) is { } owner)
            {
                // Two with one id would be one in limits, rules and records.
                if (owner.Id is { } ownId && _catalog.HasConsumer(ownId))
                {
                    _metrics.AnsweredWrong(store.Name, ownId, failure: null);
                    break;
                }

                if (TryMake(id, owner, store, kind, _catalog, asked + keepFor, asked + (keepFor / 6 * 5)) is not { } found)
                {
                    break;
                }

                Keep(kind, found, before);
                return found;
            }
        }

        var unknown = Make(id, owner: null, _stores, kind, _catalog, asked + keepFor, long.MaxValue);
        Keep(kind, unknown, before);
        return unknown;
    }

    // What changed while a store was asked may not be in its answer, which then is good for those who waited only.
    private void Keep(CredentialKind kind, FoundCredential found, long before)
    {
        _caches[(int)kind].Set(found);
        if (Interlocked.Read(ref _changes) != before)
        {
            _caches[(int)kind].Remove(found);
        }
    }

    // A store may say anything. What cannot be used is nobody's.
    private FoundCredential? TryMake(string id, Consumer owner, FollowedStore? store, CredentialKind kind, ConsumerCatalog catalog, long until = long.MaxValue, long renewAt = long.MaxValue)
    {
        Exception? failure = null;
        try
        {
            if (Make(id, owner, store?.Alone ?? [], kind, catalog, until, renewAt) is { Credential.Standing: not CredentialStanding.Unknown } made)
            {
                return made;
            }
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        _metrics.AnsweredWrong(store?.Name ?? "(configuration)", owner.Id ?? string.Empty, failure);
        return null;
    }

    private FoundCredential Make(string id, Consumer? owner, FollowedStore[] stores, CredentialKind kind, ConsumerCatalog catalog, long until, long renewAt)
    {
        var credential = (owner is null ? null : KnownCredential.Of(owner, kind, id, catalog)) ?? KnownCredential.OfNobody(id, catalog);
        if (credential.MissingPlan is { } plan)
        {
            _metrics.PlanMissing(credential.ConsumerId, plan);
        }

        return new(id, owner, stores) { Credential = credential, Catalog = catalog, Until = until, RenewAt = renewAt };
    }

    private void Forget(FollowedStore store, ConsumerChanges changes)
    {
        if (!changes.IsEverything && changes.ConsumerIds.Count == 0)
        {
            return;
        }

        // First the number, then what is kept: whoever keeps an answer meanwhile sees the one or loses the other.
        Interlocked.Increment(ref _changes);
        var ids = changes.IsEverything ? null : changes.ConsumerIds.ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var cache in _caches)
        {
            cache.RemoveAll(found => found.Owner is null || (found.Stores.Contains(store) && (ids is null || ids.Contains(found.Owner.Id))));
        }
    }
}
