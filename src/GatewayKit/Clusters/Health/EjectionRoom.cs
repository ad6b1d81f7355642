using GatewayKit.Resilience;

namespace GatewayKit.Clusters.Health;

/// <summary>
/// How many destinations may still be ejected. Relative evidence never takes more than its part of a fleet, never what would bring about panic, and never
/// the last one that takes requests.
/// </summary>
internal struct EjectionRoom
{
    private readonly ClusterHealth _settings;
    private readonly int _count;
    private int _ejected, _unfit, _usable;

    public EjectionRoom(IReadOnlyCollection<DestinationHealth> members, ClusterHealth settings)
    {
        (_settings, _count) = (settings, members.Count);
        foreach (var member in members)
        {
            _ejected += member.IsEjected ? 1 : 0;
            _unfit += member.IsEjected || _settings.KeepsOut(member) ? 1 : 0;
            _usable += IsUsable(member) ? 1 : 0;
        }
    }

    public bool TryTake(DestinationHealth member)
    {
        var unfit = _unfit + (_settings.KeepsOut(member) ? 0 : 1);
        var usable = _usable - (IsUsable(member) ? 1 : 0);
        if (usable < 1 || _settings.IsPanic(_count - unfit, _count) || _ejected >= _settings.Outliers.MostOf(_count))
        {
            return false;
        }

        (_ejected, _unfit, _usable) = (_ejected + 1, unfit, usable);
        return true;
    }

    private readonly bool IsUsable(DestinationHealth member) =>
        !_settings.KeepsOut(member) && (member.Circuit is { Bites: false } or { State: CircuitState.Closed or CircuitState.Recovering });
}
