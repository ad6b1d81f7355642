namespace GatewayKit.Throttling.Replay;

/// <summary>Counts refusals by partition key in bounded memory: keys with few give way when there is no more room.</summary>
internal sealed class KeyTally
{
    private const int Capacity = 10_000;

    private readonly Dictionary<string, Refusals> _keys = [];

    /// <summary>How many refusals a key may have beyond those that are counted.</summary>
    public long MayLack { get; private set; }

    public int Count => _keys.Count;

    public void Note(string key, bool isRefused, DateTimeOffset time)
    {
        if (isRefused)
        {
            Find(key).Add(time);
        }
        else if (_keys.TryGetValue(key, out var known))
        {
            known.Run = 0;
        }
    }

    /// <summary>The keys with the most refusals, those first; of equal ones, those that came first.</summary>
    public IReadOnlyList<ReplayKeyReport> Top(int count, Func<string, string> name) =>
    [
        .. _keys.OrderByDescending(static entry => entry.Value.Count).ThenBy(static entry => entry.Value.First).ThenBy(static entry => entry.Key, StringComparer.Ordinal).Take(count)
            .Select(entry => new ReplayKeyReport(name(entry.Key), entry.Value.Count, entry.Value.First, entry.Value.Last, entry.Value.LongestRun)),
    ];

    private Refusals Find(string key)
    {
        if (_keys.TryGetValue(key, out var known))
        {
            return known;
        }

        if (_keys.Count == Capacity)
        {
            Forget();
        }

        return _keys[key] = new();
    }

    // Half of them at a time, so that it costs little for each. One that comes again starts anew and lacks what it had, at most what any of these had and lacked.
    private void Forget()
    {
        var fewest = _keys.OrderBy(static entry => entry.Value.Count).Take(Capacity / 2).ToArray();
        MayLack += fewest[^1].Value.Count;
        foreach (var (key, _) in fewest)
        {
            _keys.Remove(key);
        }
    }

    private sealed class Refusals
    {
        public long Count { get; private set; }

        public DateTimeOffset First { get; private set; }

        public DateTimeOffset Last { get; private set; }

        public long Run { get; set; }

        public long LongestRun { get; private set; }

        public void Add(DateTimeOffset time)
        {
            (First, Last) = (Count++ == 0 ? time : First, time);
            LongestRun = Math.Max(LongestRun, ++Run);
        }
    }
}
