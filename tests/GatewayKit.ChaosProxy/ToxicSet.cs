namespace GatewayKit.Chaos;

/// <summary>The toxics of a proxy at one moment, and a sign that there are others now.</summary>
internal sealed class ToxicSet(KeyValuePair<string, Toxic>[] toxics)
{
    private readonly TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<KeyValuePair<string, Toxic>> All => toxics;

    public Task Changed => _changed.Task;

    /// <summary>The first of a kind that acts on one way of a connection.</summary>
    public T? Find<T>(Flow flow, int connection, int seed)
        where T : Toxic
    {
        foreach (var (name, toxic) in toxics)
        {
            if (toxic is T found && (found.Flow & flow) != 0 && (found.Share >= 1 || Draw(seed, connection, name) < found.Share))
            {
                return found;
            }
        }

        return null;
    }

    public void Supersede() => _changed.TrySetResult();

    /// <summary>0 to 1, the same for the same seed, connection and name in every process (FNV-1a and a finalizer, as HashCode has a seed of its own).</summary>
    internal static double Draw(int seed, int connection, string name)
    {
        var hash = 14695981039346656037UL ^ (uint)seed;
        hash = (hash * 1099511628211UL) ^ (uint)connection;
        foreach (var letter in name)
        {
            hash = (hash ^ letter) * 1099511628211UL;
        }

        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdUL;
        hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53UL;
        return ((hash ^ (hash >> 33)) >> 11) * (1.0 / (1UL << 53));
    }
}
