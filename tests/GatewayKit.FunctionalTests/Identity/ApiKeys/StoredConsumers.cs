using System.Collections.Concurrent;
using GatewayKit.Identity.Consumers;

namespace GatewayKit.FunctionalTests.Identity.ApiKeys;

/// <summary>A store in memory for several gateways.</summary>
internal sealed class StoredConsumers : IConsumerStore
{
    private readonly ConcurrentDictionary<string, Consumer> _byKey = new();
    private readonly ConcurrentQueue<string> _changes = new();
    private int _finds;

    public string Name => "test";

    public int Finds => Volatile.Read(ref _finds);

    public bool IsAway { get; set; }

    public void Put(Consumer consumer)
    {
        foreach (var key in consumer.Keys)
        {
            _byKey[key.Id] = consumer;
        }

        _changes.Enqueue(consumer.Id);
    }

    public ValueTask<Consumer?> FindAsync(CredentialKind kind, string id, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _finds);
        return IsAway ? throw new IOException("The store has a secret place.") : new(_byKey.GetValueOrDefault(id));
    }

    public ValueTask<ConsumerChanges> ReadChangesAsync(string? cursor, CancellationToken cancellationToken)
    {
        if (IsAway)
        {
            throw new IOException("The store has a secret place.");
        }

        var all = _changes.ToArray();
        return new(new ConsumerChanges($"{all.Length}", cursor is null ? [] : all[int.Parse(cursor, System.Globalization.CultureInfo.InvariantCulture)..]));
    }
}
