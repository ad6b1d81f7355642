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
    private bool _started, _running, _announced, _stopped, _isBehind;

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
            follower.Update(_found);
            _followers.Add(follower);
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
        try
        {
            DropIfStale();
            var (found, failure) = await FindAsync().ConfigureAwait(false);
            if (failure is null)
            {
                Accept(found);
            }
            else
            {
                Fail(failure);
            }
        }
        finally
        {
            // Whatever the host's log did: a watch that is not scheduled asks never again.
            Schedule();
            if (_found.Count > 0 || !Settings.Required)
            {
                _first.TrySetResult();
            }
        }
    }

    private async Task<(ValueMap<Destination> Found, Exception? Failure)> FindAsync()
    {
        using var limit = new CancellationTokenSource(_schedule.Patience(_found.Count > 0), _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping.Token);
        try
        {
            var answer = await _source.FindAsync(Settings.Name, linked.Token).AsTask().Observed().WaitAsync(linked.Token).ConfigureAwait(false);

            // Before anything is decided: also an empty answer may say when to ask again.
            Listen(answer.Changed?.RegisterChangeCallback(static watch => ((DestinationWatch)watch!).Announce(), this));
            var found = ValueMap<Destination>.From(answer.Destinations.Where(entry => IsWanted(entry.Value)));
            return found.Count > 0 ? (found, null)
                : (found, new InvalidOperationException(answer.Destinations.Count == 0 ? "The source found nothing." : $"The source found no address of {Settings.Addresses}."));
        }
        catch (OperationCanceledException) when (linked.IsCancellationRequested)
        {
            return (ValueMap<Destination>.Empty, new TimeoutException("The source did not answer in time."));
        }
#pragma warning disable CA1031 // Sources are code of the host, and may throw anything. Whatever it is, what was found before serves on.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return (ValueMap<Destination>.Empty, exception);
        }
    }

    // First what is so, then the telling: what listens to the log may throw.
    private void Accept(ValueMap<Destination> found)
    {
        var (failures, outcome) = (_schedule.Failures, found.Equals(_found) ? "unchanged" : "changed");
        _schedule.Succeeded();
        Failure = null;
        Replace(found);
        _telemetry.Answered(_clusterId, outcome);
        if (failures > 0)
        {
            _telemetry.Recovered(_clusterId, Settings, failures);
        }
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
            Replace(ValueMap<Destination>.Empty);
            _telemetry.Lost(_clusterId, Settings);
        }
    }

    private void Replace(ValueMap<Destination> found)
    {
        ValueMap<Destination> before;
        Exception? failure;
        bool isNews;
        lock (_lock)
        {
            before = _found;
            if (_stopped || (found.Equals(before) && !_isBehind))
            {
                return;
            }

            Volatile.Write(ref _found, found);
            failure = UpdateFollowers(found);
            isNews = failure is not null && !_isBehind;
            _isBehind = failure is not null;
        }

        if (!found.Equals(before))
        {
            _telemetry.Changed(_clusterId, Settings, before, found);
        }

        if (isNews)
        {
            _telemetry.NotFollowed(_clusterId, failure!);
        }
    }

    // One that fails holds up no other, and has its next turn with the next answer even if that is the same.
    private Exception? UpdateFollowers(ValueMap<Destination> found)
    {
        var failure = default(Exception);
        foreach (var follower in _followers)
        {
            try
            {
                follower.Update(found);
            }
#pragma warning disable CA1031 // Behind it are log providers and exporters of the host, which may throw anything.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                failure ??= exception;
            }
        }

        return failure;
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

    // What is no address at all is for the check to say, by its id.
    private bool IsWanted(Destination destination) =>
        Settings.Addresses is AddressFamilies.All || destination is not { Address: { IsAbsoluteUri: true } address } || !IPAddress.TryParse(address.DnsSafeHost, out var ip)
        || (ip.AddressFamily is AddressFamily.InterNetwork) == Settings.Addresses is AddressFamilies.IPv4;
}
