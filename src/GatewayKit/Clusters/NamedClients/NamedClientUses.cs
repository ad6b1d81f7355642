using System.Collections.Concurrent;

namespace GatewayKit.Clusters.NamedClients;

/// <summary>The names of clients that clusters use. Names stay: a chain may be made for a snapshot of before.</summary>
internal sealed class NamedClientUses
{
    private readonly ConcurrentDictionary<string, bool> _names = new(StringComparer.Ordinal);

    public void Add(string name) => _names.TryAdd(name, true);

    public bool Contains(string? name) => name is not null && _names.ContainsKey(name);
}
