using System.Net;
using System.Net.Sockets;

namespace GatewayKit.Clusters.Discovery;

/// <summary>
/// Asks a source for the destinations of a cluster again and again, remembers the last good answer, and tells who follows of changes.
/// Outlives reloads that leave the discovery as it was; ends with its last follower. Safe for concurrent use.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "Ends with its last follower.")]
internal sealed class DestinationWatch
{
    /// <summary>How long an answer may take.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    /// <summary>How long after a change was announced it is looked at: several in a row are one, and a source that cries wolf costs ten questions a second.</summary>
    public static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(100);

    private readonly string _clusterId;
    private readonly IDestinationSource _source;
    private readonly DiscoveryTelemetry _telemetry;
    private readonly DiscoverySchedule _schedule;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly List<DiscoveryFollower> _followers = [];
    private ValueMap<Destination> _found = ValueMap<Destination>.Empty;
    private IDisposable? _announcement;
    private bool _started, _running, _announced, _stopped;

    /// <param name="clusterId">The cluster, for the log.</param>
    /// <param name="settings">What to ask and how often.</param>
    /// <param name="source">Whom.</param>
    /// <param name="lastGood">What was found by the same question before.</param>
    /// <param name="telemetry">What tells of it.</param>
    /// <param name="time">The clock of it all.</param>
    /// <param name="random">Draws from 0 to 1.</param>
    public DestinationWatch(
        string clusterId, ClusterDiscovery settings, IDestinationSource source, ValueMap<Destination> lastGood, DiscoveryTelemetry telemetry, TimeProvider time, Func<double> random)
    {
        (_clusterId, Settings, _source, _telemetry, _time) = (clusterId, settings, source, telemetry, time);
        _schedule = new(settings, time, random);
        _timer = time.CreateDetachedTimer(static watch => ((DestinationWatch)watch!).Ask(), this);
        Replace(lastGood);
        if (lastGood.Count > 0)
        {
            _first.SetResult();
        }
    }

    public ClusterDiscovery Settings { get; }

    /// <summary>The last good answer, as long as it serves.</summary>
    public ValueMap<Destination> Found => Volatile.Read(ref _found);

    /// <summary>Why there is none; <see langword="null"/> as long as nothing failed.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Completes when there are destinations, or, where these are not required, when it is known that there are none. Never faults.</summary>
    public Task First => _first.Task;

    /// <summary>Tells of what there is now and of every change. The first follower begins the watch.</summary>
    public void Follow(DiscoveryFollower follower)
    {
        lock (_lock)
        {
            _followers.Add(follower);
            follower.Update(_found);
            if (_started)
            {
                return;
            }

            (_started, _running) = (true, true);
        }

        // A source that blocks must not hold up the start for longer than was allowed.
        _ = Task.Run(AskAsync);
    }

    /// <summary>Ends that. The last follower ends the watch.</summary>
    public void Leave(DiscoveryFollower follower)
    {
        lock (_lock)
        {
            if (!_followers.Remove(follower) || _followers.Count > 0)
            {
                return;
            }

            _stopped = true;
        }

        Listen(null);
        _stopping.Cancel();
        _timer.Dispose();
        _telemetry.Ended(_clusterId, Found.Count);
    }

    private void Ask()
    {
        lock (_lock)
        {
            if (_running || _stopped)
            {
                return;
            }

            _running = true;
        }

        _ = AskAsync();
    }

    private async Task AskAsync()
    {
        DropIfStale();
        using var limit = new CancellationTokenSource(_schedule.Patience(_found.Count > 0), _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping.Token);
        try
        {
            Accept(await _source.FindAsync(Settings.Name, linked.Token).AsTask().Observed().WaitAsync(linked.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (linked.IsCancellationRequested)
        {
            Fail(new TimeoutException("The source did not answer in time."));
        }
#pragma warning disable CA1031 // Sources are code of the host, and may throw anything. Whatever it is, what was found before serves on.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail(exception);
        }

        Schedule();
        if (_found.Count > 0 || !Settings.Required)
        {
            _first.TrySetResult();
        }
    }

    private void Accept(DiscoveredDestinations answer)
    {
        // Before anything is decided: also an empty answer may say when to ask again.
        Listen(answer.Changed?.RegisterChangeCallback(static watch => ((DestinationWatch)watch!).Announce(), this));
        var found = ValueMap<Destination>.From(answer.Destinations.Where(entry => IsWanted(entry.Value)));
        if (found.Count == 0)
        {
            throw new InvalidOperationException(answer.Destinations.Count == 0 ? "The source found nothing." : $"The source found no address of {Settings.Addresses}.");
        }

        if (_schedule.Failures > 0)
        {
            _telemetry.Recovered(_clusterId, Settings, _schedule.Failures);
        }

        _schedule.Succeeded();
        Failure = null;
        _telemetry.Answered(_clusterId, found.Equals(_found) ? "unchanged" : "changed");
        Replace(found);
    }

    private void Fail(Exception exception)
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        _schedule.Failed();
        Failure = exception;
        _telemetry.Failed(_clusterId, Settings, _schedule.Failures, Found.Count, exception);
        DropIfStale();
    }

    private void DropIfStale()
    {
        if (_found.Count > 0 && _schedule.IsStale)
        {
            _telemetry.Lost(_clusterId, Settings);
            Replace(ValueMap<Destination>.Empty);
        }
    }

    private void Replace(ValueMap<Destination> found)
    {
        lock (_lock)
        {
            if (_stopped || found.Equals(_found))
            {
                return;
            }

            _telemetry.Changed(_clusterId, Settings, _found, found);
            Volatile.Write(ref _found, found);
            foreach (var follower in _followers)
            {
                follower.Update(found);
            }
        }
    }

    // Not in the lock: to dispose one waits for its callback, and that waits for the lock.
    private void Listen(IDisposable? announcement)
    {
        IDisposable? former;
        lock (_lock)
        {
            former = _announcement;
            _announcement = _stopped ? null : announcement;
            if (_stopped && announcement is not null)
            {
                former = announcement;
            }
        }

        former?.Dispose();
    }

    private void Announce()
    {
        lock (_lock)
        {
            if (_running)
            {
                _announced = true;
            }
            else if (!_stopped)
            {
                _timer.Change(Settling, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void Schedule()
    {
        lock (_lock)
        {
            // Before the timer is set: with a clock that runs ahead it may be due at once, and what it asks for then must not find this under way.
            var next = _announced ? Settling : _schedule.Next(_found.Count > 0);
            (_running, _announced) = (false, false);
            if (!_stopped)
            {
                _timer.Change(next, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private bool IsWanted(Destination destination) =>
        Settings.Addresses is AddressFamilies.All || !IPAddress.TryParse(destination.Address?.DnsSafeHost, out var ip)
        || (ip.AddressFamily is AddressFamily.InterNetwork) == Settings.Addresses is AddressFamilies.IPv4;
}
