using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace GatewayKit;

/// <summary>
/// An immutable copy of a map with keys that ignore case, sorted, that equals another with equal entries, so that records can hold maps.
/// </summary>
internal sealed class ValueMap<T> : IReadOnlyDictionary<string, T>, IEquatable<ValueMap<T>>
{
    private readonly SortedList<string, T> _entries;

    private ValueMap(SortedList<string, T> entries) => _entries = entries;

    public static ValueMap<T> Empty { get; } = new(new(StringComparer.OrdinalIgnoreCase));

    public int Count => _entries.Count;

    public IEnumerable<string> Keys => _entries.Keys;

    public IEnumerable<T> Values => _entries.Values;

    public T this[string key] => _entries[key];

    public static ValueMap<T> From(IEnumerable<KeyValuePair<string, T>>? entries)
    {
        if (entries is ValueMap<T> map)
        {
            return map;
        }

        if (entries is null or IReadOnlyCollection<KeyValuePair<string, T>> { Count: 0 })
        {
            return Empty;
        }

        // Sorted once: added one by one in any other order, each entry moves those behind it.
        return new(new(new Dictionary<string, T>(entries, StringComparer.OrdinalIgnoreCase), StringComparer.OrdinalIgnoreCase));
    }

    public bool ContainsKey(string key) => _entries.ContainsKey(key);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out T value) => _entries.TryGetValue(key, out value);

    public bool Equals(ValueMap<T>? other) =>
        ReferenceEquals(this, other) || (other is not null && Count == other.Count && HasEqualEntries(other));

    public override bool Equals(object? obj) => Equals(obj as ValueMap<T>);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var (key, value) in _entries)
        {
            hash.Add(key, StringComparer.OrdinalIgnoreCase);
            hash.Add(value);
        }

        return hash.ToHashCode();
    }

    private bool HasEqualEntries(ValueMap<T> other)
    {
        for (var i = 0; i < Count; i++)
        {
            if (!string.Equals(_entries.GetKeyAtIndex(i), other._entries.GetKeyAtIndex(i), StringComparison.OrdinalIgnoreCase)
                || !EqualityComparer<T>.Default.Equals(_entries.GetValueAtIndex(i), other._entries.GetValueAtIndex(i)))
            {
                return false;
            }
        }

        return true;
    }

    public IEnumerator<KeyValuePair<string, T>> GetEnumerator() => Count == 0 ? Enumerable.Empty<KeyValuePair<string, T>>().GetEnumerator() : _entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => $"{{{string.Join(", ", _entries.Select(static entry => $"{entry.Key}: {entry.Value}"))}}}";
}
