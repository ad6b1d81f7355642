using GatewayKit.Diagnostics;

namespace GatewayKit.Clusters.Health;

/// <summary>Asks one destination again and again how it is. Ends when it is told to, and then changes nothing any more.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "Stop disposes what it holds.")]
internal sealed class DestinationProbe
{
    // So that a gateway with a thousand destinations does not ask them all in the same millisecond.
    private static readonly TimeSpan FirstWithin = TimeSpan.FromSeconds(1);

    private readonly DestinationHealth _health;
    private readonly ProbeResults _results;
    private readonly HealthTelemetry _telemetry;
    private readonly TimeProvider _time;
    private readonly Func<double> _random;
    private readonly ITimer _timer;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private ClusterState _cluster;
    private DestinationState _destination;
    private ActiveHealth _settings;
    private long _due;
    private bool _isRunning, _isStopped;

    public DestinationProbe(ClusterState cluster, DestinationState destination, ActiveHealth settings, HealthTelemetry telemetry, TimeProvider time, Func<double> random)
    {
        (_cluster, _destination, _settings, _telemetry, _time, _random) = (cluster, destination, settings, telemetry, time, random);
        (_health, _results) = (destination.Health!, destination.Health!.Probes);
        _timer = time.CreateDetachedTimer(static probe => ((DestinationProbe)probe!).Ask(), this);

        // Where requests wait for the first answer, it is asked for at once.
        Schedule(cluster.Cluster.Health.RequireFirstProbe ? TimeSpan.Zero : FirstWithin * random());
    }

    /// <summary>Whether it asks this destination, and the answers so far are answers to what is asked now.</summary>
    public bool IsOf(DestinationState destination) => destination.Health == _health && _health.Probes == _results;

    /// <summary>Goes on with what a reload says. The next question comes when it would have come, or sooner.</summary>
    public void Update(ClusterState cluster, DestinationState destination, ActiveHealth settings)
    {
        lock (_lock)
        {
            var isSooner = settings.Interval < _settings.Interval || settings.IdleInterval < _settings.IdleInterval;
            (_cluster, _destination, _settings) = (cluster, destination, settings);
            if (isSooner)
            {
                ScheduleWithin(Next());
            }
        }
    }

    /// <summary>The cluster gets requests.</summary>
    public void Hasten()
    {
        lock (_lock)
        {
            ScheduleWithin(Jittered(_settings.Interval));
        }
    }

    public void Stop()
    {
        lock (_lock)
        {
            if (_isStopped)
            {
                return;
            }

            _isStopped = true;
        }

        _timer.Dispose();
        _stopping.Cancel();
    }

    private void Ask()
    {
        lock (_lock)
        {
            if (_isRunning || _isStopped)
            {
                return;
            }

            _isRunning = true;
        }

        _ = AskAsync(_cluster, _destination, _settings).Observed();
    }

    private async Task AskAsync(ClusterState cluster, DestinationState destination, ActiveHealth settings)
    {
        var (answer, exception) = (new ProbeAnswer(ProbeOutcome.Skipped), (Exception?)null);
        if (destination.InFlight < cluster.MostInFlight)
        {
            using var limit = new CancellationTokenSource(settings.Timeout, _time);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping.Token);
            try
            {
                // A handler of the host may not listen to the token. Its answer is nobody's then, and gives back what it holds by itself.
                answer = await HealthQuestion.AskAsync(cluster, destination, settings, linked.Token).Observed().WaitAsync(linked.Token).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Handlers of the host may throw anything. Whatever it is, the destination was not found well.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                answer = limit.IsCancellationRequested ? new(ProbeOutcome.TimedOut, $"no whole answer within {settings.Timeout:c}") : new(ProbeOutcome.Unreachable, LogText.Of(failure));
                exception = failure;
            }
        }

        Accept(cluster, destination, settings, answer, exception);
    }

    private void Accept(ClusterState cluster, DestinationState destination, ActiveHealth settings, in ProbeAnswer answer, Exception? exception)
    {
        var (from, changed) = (_results.State, false);
        lock (_lock)
        {
            if (_isStopped)
            {
                return;
            }

            if (answer.Outcome is not ProbeOutcome.Skipped)
            {
                changed = _results.Note(answer.Outcome is ProbeOutcome.Passed, settings);
            }

            _isRunning = false;
            Schedule(Next());
        }

        // First: a log that fails must not keep a destination in use that is ill.
        cluster.Vitals!.Probed(_health, settings, answer.Outcome, changed ? from : null);
        _telemetry.Probed(cluster.Cluster.Id, _health.Id, answer, exception);
        if (changed)
        {
            _telemetry.ProbeChanged(cluster.Cluster.Id, _health, from, HealthQuestion.TargetOf(destination, settings), answer);
        }
    }

    // While something is changing, or while nobody may be served before it is known, it is not the time to save questions.
    private TimeSpan Next() => Jittered(_cluster.Vitals!.IsSwept || !_results.IsSettled ? _settings.Interval : _settings.IdleInterval);

    private TimeSpan Jittered(TimeSpan span) => Jitter.Around(span, _random);

    private void ScheduleWithin(TimeSpan span)
    {
        if (!_isRunning && _time.GetElapsedTime(_time.GetTimestamp(), _due) > span)
        {
            Schedule(span);
        }
    }

    private void Schedule(TimeSpan span)
    {
        if (!_isStopped)
        {
            _due = _time.GetTimestamp() + (long)(span.TotalSeconds * _time.TimestampFrequency);
            _timer.Change(span, Timeout.InfiniteTimeSpan);
        }
    }
}
