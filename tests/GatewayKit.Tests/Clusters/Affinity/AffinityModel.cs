namespace GatewayKit.Tests.Clusters.Affinity;

/// <summary>
/// What session affinity promises, in plain words and slow code: a session stays where it is as long as that destination may serve it, and moves once
/// when it may not.
/// </summary>
internal sealed class AffinityModel(bool refuses)
{
    private readonly Dictionary<string, Place> _places = [];
    private readonly Dictionary<int, string> _homes = [];

    public enum Answer
    {
        /// <summary>By the destination it is bound to.</summary>
        AtHome,

        /// <summary>By any that takes new sessions, which it is bound to from then on.</summary>
        Anywhere,

        /// <summary>By none.</summary>
        Refused,
    }

    public IEnumerable<string> Configured => _places.Where(static place => place.Value.IsConfigured).Select(static place => place.Key);

    public void Join(string name) => _places[name] = new() { IsConfigured = true };

    // A destination that leaves drains.
    public void Leave(string name)
    {
        _places[name].IsConfigured = false;
        Drain(name);
    }

    // Its time begins anew, also if it was over.
    public void Drain(string name) => (_places[name].Drains, _places[name].IsDrained) = (true, false);

    public void Undrain(string name) => (_places[name].Drains, _places[name].IsDrained) = (false, false);

    public void EndDrain(string name) => _places[name].IsDrained = true;

    public void Eject(string name) => _places[name].IsEjected = true;

    public void Restore(string name) => _places[name].IsEjected = false;

    public bool TakesNew(string name) => _places[name] is { IsConfigured: true, Drains: false, IsEjected: false };

    public string? HomeOf(int session) => _homes.GetValueOrDefault(session);

    public Answer Expect(int session)
    {
        if (HomeOf(session) is { } home)
        {
            if (TakesNew(home) || _places[home] is { Drains: true, IsDrained: false })
            {
                return Answer.AtHome;
            }

            if (refuses)
            {
                return Answer.Refused;
            }
        }

        return _places.Keys.Any(TakesNew) ? Answer.Anywhere : Answer.Refused;
    }

    public void Bind(int session, string name) => _homes[session] = name;

    private sealed class Place
    {
        public bool IsConfigured { get; set; }

        public bool Drains { get; set; }

        public bool IsDrained { get; set; }

        public bool IsEjected { get; set; }
    }
}
