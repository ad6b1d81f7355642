using System.Collections.Concurrent;
using GatewayKit.Identity.Consumers;

namespace GatewayKit.Tests.Identity.Consumers;

/// <summary>A store in memory that counts what it is asked, waits and fails when it is told to.</summary>
internal sealed class MemoryStore : IConsumerStore
{
    private readonly ConcurrentDictionary<(CredentialKind, string), Consumer> _byCredential = new();
    private readonly List<string> _changes = [];
    private int _finds, _reads;

    public string Name { get; init; } = "memory";

    public int Finds => Volatile.Read(ref _finds);

    public int Reads => Volatile.Read(ref _reads);

    /// <summary>What it waits for before it answers.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>What it throws instead of an answer.</summary>
    public Exception? Failure { get; set; }

    /// <summary>What it tells of changes, in place of those there were.</summary>
    public Func<string?, ConsumerChanges>? Changes { get; set; }

    public void Put(Consumer consumer)
    {
        foreach (var (known, _) in _byCredential.Where(pair => pair.Value.Id == consumer.Id))
        {
            _byCredential.TryRemove(known, out _);
        }

        foreach (var holder in ConsumerCatalog.HoldersOf(consumer))
        {
            foreach (var key in holder.Keys)
            {
                _byCredential[(CredentialKind.ApiKey, key.Id)] = consumer;
            }

            foreach (var identity in holder.Identities)
            {
                _byCredential[(CredentialKind.Identity, identity)] = consumer;
            }
        }

        lock (_changes)
        {
            _changes.Add(consumer.Id);
        }
    }

    /// <summary>Says that somebody has a credential, whoever it is.</summary>
    public void Claim(string keyId, Consumer consumer) => _byCredential[(CredentialKind.ApiKey, keyId)] = consumer;

    public async ValueTask<Consumer?> FindAsync(CredentialKind kind, string id, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _finds);
        var found = _byCredential.GetValueOrDefault((kind, id));
        await Gate;
        return Failure is { } failure ? throw failure : found;
    }

    public ValueTask<ConsumerChanges> ReadChangesAsync(string? cursor, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _reads);
        if (Failure is { } failure)
        {
            throw failure;
        }

        if (Changes is { } changes)
        {
            return new(changes(cursor));
        }

        lock (_changes)
        {
            return new(new ConsumerChanges($"{_changes.Count}", cursor is null ? [] : [.. _changes.Skip(int.Parse(cursor, System.Globalization.CultureInfo.InvariantCulture))]));
        }
    }
}
