using GatewayKit.Identity.Consumers;

namespace GatewayKit.EntityFrameworkCoreTests;

/// <summary>The least that a store can be: it keeps nothing. What the suite says of it, the suite can ask of any.</summary>
internal sealed class InMemoryRepository : IConsumerRepository
{
    private const int MaxChanges = 1_000;
    private readonly Lock _lock = new();
    private readonly SortedList<string, (Consumer Consumer, int Version)> _consumers = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _changes = [];

    public string Name => "memory";

    public ValueTask<Consumer?> FindAsync(CredentialKind kind, string id, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return new(_consumers.Values.Select(static one => one.Consumer).FirstOrDefault(one => CredentialsOf(one).Contains((kind, id))));
        }
    }

    public ValueTask<ConsumerChanges> ReadChangesAsync(string? cursor, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var end = $"{_changes.Count}";
            return new(cursor is null ? new ConsumerChanges(end, [])
                : int.TryParse(cursor, out var from) && from <= _changes.Count && _changes.Count - from <= MaxChanges
                    ? new(end, [.. _changes.Skip(from).Distinct(StringComparer.OrdinalIgnoreCase)])
                    : new(end, []) { IsEverything = true });
        }
    }

    public ValueTask<StoredConsumer?> GetAsync(string id, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return new(_consumers.TryGetValue(id, out var one) ? new StoredConsumer(one.Consumer, $"{one.Version}") : null);
        }
    }

    public ValueTask<IReadOnlyList<StoredConsumer>> ListAsync(string? after, int count, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 1_000);
        lock (_lock)
        {
            return new([.. _consumers.Where(one => StringComparer.OrdinalIgnoreCase.Compare(one.Key, after ?? string.Empty) > 0).Take(count)
                .Select(static one => new StoredConsumer(one.Value.Consumer, $"{one.Value.Version}"))]);
        }
    }

    public ValueTask<ConsumerWrite> CreateAsync(Consumer consumer, CancellationToken cancellationToken) => new(Write(consumer.Id, consumer, null));

    public ValueTask<ConsumerWrite> UpdateAsync(Consumer consumer, string version, CancellationToken cancellationToken) => new(Write(consumer.Id, consumer, version));

    public ValueTask<ConsumerWrite> DeleteAsync(string id, string version, CancellationToken cancellationToken) => new(Write(id, null, version));

    private ConsumerWrite Write(string id, Consumer? consumer, string? version)
    {
        lock (_lock)
        {
            var isKnown = _consumers.TryGetValue(id, out var known);
            if (version is null ? isKnown : !isKnown || $"{known.Version}" != version)
            {
                return new(version is null ? ConsumerWriteStatus.Exists : isKnown ? ConsumerWriteStatus.Changed : ConsumerWriteStatus.NotFound);
            }

            if (consumer is not null && _consumers.Where(one => !StringComparer.OrdinalIgnoreCase.Equals(one.Key, id)).SelectMany(one => CredentialsOf(one.Value.Consumer))
                .Intersect(CredentialsOf(consumer)).Select(static credential => credential.Id).FirstOrDefault() is { } taken)
            {
                return new(ConsumerWriteStatus.CredentialTaken) { Credential = taken };
            }

            id = isKnown ? known.Consumer.Id : id;
            _changes.Add(id);
            _consumers.Remove(id);
            if (consumer is null)
            {
                return new(ConsumerWriteStatus.Written);
            }

            _consumers[id] = (consumer with { Id = id }, _changes.Count);
            return new(ConsumerWriteStatus.Written, $"{_changes.Count}");
        }
    }

    private static HashSet<(CredentialKind, string Id)> CredentialsOf(Consumer consumer) =>
    [
        .. consumer.Keys.Concat(consumer.Applications.SelectMany(static application => application.Keys)).Select(static key => (CredentialKind.ApiKey, key.Id)),
        .. consumer.SigningKeys.Concat(consumer.Applications.SelectMany(static application => application.SigningKeys)).Select(static key => (CredentialKind.SigningKey, key.Id)),
        .. consumer.Identities.Concat(consumer.Applications.SelectMany(static application => application.Identities)).Select(static identity => (CredentialKind.Identity, identity)),
    ];
}
