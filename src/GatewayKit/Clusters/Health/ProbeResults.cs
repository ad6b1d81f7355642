namespace GatewayKit.Clusters.Health;

/// <summary>
/// What health checks have found out about a destination. A change takes several answers in a row, so that one lost packet changes nothing; only the
/// first answer that is good counts by itself. Written by one probe at a time.
/// </summary>
internal sealed class ProbeResults
{
    private volatile HealthState _state;
    private int _inARow;
    private bool _lastPassed;

    public HealthState State => _state;

    /// <summary>Whether the last answer says what is known already: nothing is changing.</summary>
    public bool IsSettled => _state is not HealthState.Unknown && _lastPassed == _state is HealthState.Healthy;

    /// <summary>How many answers in a row were as the last one.</summary>
    public int InARow => _inARow;

    /// <summary>Takes an answer.</summary>
    /// <returns>Whether the state has changed by it.</returns>
    public bool Note(bool passed, ActiveHealth settings)
    {
        _inARow = passed == _lastPassed ? Math.Min(_inARow + 1, int.MaxValue - 1) : 1;
        _lastPassed = passed;
        var next = passed
            ? _state is HealthState.Unknown || _inARow >= settings.HealthyAfter ? HealthState.Healthy : _state
            : _inARow >= settings.UnhealthyAfter ? HealthState.Unhealthy : _state;
        (var changed, _state) = (next != _state, next);
        return changed;
    }
}
