namespace GatewayKit.Tests.Resilience.Bulkheads;

/// <summary>
/// Places with classes as the rule says them, one request after the other: what a bulkhead is held against. A class without a share is the
/// <see cref="Unknown"/> one.
/// </summary>
internal sealed class PriorityModel(IReadOnlyDictionary<string, double> shares)
{
    public const string Unknown = "";

    private readonly List<Waiter> _waiting = [];
    private readonly Dictionary<string, int> _held = [];

    public int Taken => _held.Values.Sum();

    public int Held(string name) => _held.GetValueOrDefault(name);

    public int Waiting(string name) => _waiting.Count(waiter => waiter.Class == name);

    public int WaitingInAll => _waiting.Count;

    /// <returns>Whether it has a place, or <see langword="null"/> if it waits for one.</returns>
    public bool? Arrive(string name, int max, int queue)
    {
        Admit();
        if (MayHave(name, max, Taken, Held(name)))
        {
            _held[name] = Held(name) + 1;
            return true;
        }

        if (!MayHave(name, queue, _waiting.Count, Waiting(name)))
        {
            return false;
        }

        _waiting.Add(new(name, max));
        return null;
    }

    /// <summary>The first of a class that waits goes away.</summary>
    public void Leave(string name) => _waiting.RemoveAt(_waiting.FindIndex(waiter => waiter.Class == name));

    public void GiveBack(string name)
    {
        _held[name]--;
        Admit();
    }

    private void Admit()
    {
        while (_waiting
            .GroupBy(static waiter => waiter.Class)
            .OrderBy(group => group.Key == Unknown ? double.PositiveInfinity : Held(group.Key) / shares[group.Key])
            .ThenByDescending(group => shares.GetValueOrDefault(group.Key))
            .SelectMany(static group => group)
            .FirstOrDefault(waiter => MayHave(waiter.Class, waiter.Max, Taken, Held(waiter.Class))) is { } next)
        {
            _waiting.Remove(next);
            _held[next.Class] = Held(next.Class) + 1;
        }
    }

    // A tenth, at least one where there is more than one, is for those under their share.
    private bool MayHave(string name, int max, int taken, int held)
    {
        var isUnder = shares.TryGetValue(name, out var share) && held < Math.Max(1, (int)Math.Ceiling((decimal)share * max));
        var kept = max == 1 ? 0 : Math.Max(1, max / 10);
        return taken < (isUnder ? max : max - kept);
    }

    private sealed record Waiter(string Class, int Max);
}
