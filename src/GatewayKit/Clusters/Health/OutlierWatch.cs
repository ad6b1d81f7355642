using GatewayKit.Pipeline;
using GatewayKit.Resilience;

namespace GatewayKit.Clusters.Health;

/// <summary>Compares the destinations of one cluster while it gets requests. One look at a time.</summary>
internal sealed class OutlierWatch(ClusterVitals vitals, TimeProvider time)
{
    private long _nextStep, _trafficAt = time.GetTimestamp();
    private bool _isLooking;

    public ClusterVitals Vitals => vitals;

    /// <summary>Looks at the cluster.</summary>
    /// <returns>Whether to look again: it still gets requests.</returns>
    public bool Look()
    {
        // A look that is held up must not run into the next.
        if (Interlocked.Exchange(ref _isLooking, true))
        {
            return true;
        }

        try
        {
            var now = time.GetTimestamp();
            if (vitals.TakeTraffic())
            {
                _trafficAt = now;
            }

            if (vitals.Current is not { } cluster)
            {
                return false;
            }

            var window = cluster.Cluster.Health.Outliers.Window;
            if (now >= _nextStep)
            {
                _nextStep = now + (long)(((window / CallWindow.Steps) - (OutlierSweep.Period / 2)).TotalSeconds * time.TimestampFrequency);
                Compare(cluster, window);
            }

            return time.GetElapsedTime(_trafficAt, now) < window + window;
        }
        finally
        {
            Volatile.Write(ref _isLooking, false);
        }
    }

    private void Compare(ClusterState cluster, TimeSpan window)
    {
        var health = cluster.Cluster.Health;
        var members = health.MembersOf(cluster.Destinations);
        var fleet = Array.ConvertAll(members, static member => member.Calls.Advance());
        vitals.CallsPerSecond = fleet.Sum(static one => one.Calls) / window.TotalSeconds;
        var settings = health.Outliers;
        if (settings.Mode is PolicyMode.Off || members.Length < 2)
        {
            return;
        }

        var found = new int[fleet.Length];
        found = found[..OutlierRule.Find(fleet, settings, found)];
        var room = new EjectionRoom(members, health);
        foreach (var index in found)
        {
            Consider(members[index], fleet[index], settings.Mode, ref room);
        }

        for (var i = 0; i < members.Length; i++)
        {
            members[i].IsSuspect = Array.IndexOf(found, i) >= 0;
        }
    }

    private void Consider(DestinationHealth suspect, CallCount calls, PolicyMode mode, ref EjectionRoom room)
    {
        if (suspect.Circuit.State is not (CircuitState.Closed or CircuitState.Recovering))
        {
            return;
        }

        var hasRoom = room.TryTake(suspect);
        if (hasRoom && mode is PolicyMode.Enforce)
        {
            vitals.Telemetry.Ejected(vitals.ClusterId, suspect, calls);
            suspect.Circuit.Trip(DestinationHealth.Outlier, (int)calls.Calls, (int)calls.Failures);
        }
        else if (!suspect.IsSuspect)
        {
            // Once for as long as it lasts.
            vitals.Telemetry.NotEjected(vitals.ClusterId, suspect, calls, hasRoom ? "shadow" : "limit");
        }
    }
}
