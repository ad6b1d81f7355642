namespace GatewayKit.Resilience.Admission;

/// <summary>
/// Draws which requests are sent on, by how those of the last while have fared. The formula is that of admission control in Envoy. Results of requests that
/// were not sent are none: with them any success rate below what is wanted would run to the most that is held back. Safe for concurrent use; while nothing
/// fails a request costs an addition when it comes and one for each attempt.
/// </summary>
/// <param name="settings">When, and how many.</param>
/// <param name="time">What the window is measured by.</param>
/// <param name="random">Draws from 0 to less than 1.</param>
internal sealed class AdmissionControl(AdmissionPolicy settings, TimeProvider time, Func<double> random)
{
    private readonly CircuitWindow _sent = new(settings.Window, time);
    private readonly CircuitWindow _asked = new(settings.Window, time);
    private volatile bool _hasFailures;

    /// <summary>The share of requests that is held back now, 0 to 1.</summary>
    public double Rejection
    {
        get
        {
            if (!_hasFailures)
            {
                return 0;
            }

            var sent = _sent.Sum();
            if (sent.Failures == 0)
            {
                // A failure that is counted this very moment says so again with the next.
                _hasFailures = false;
                return 0;
            }

            // Requests, not attempts, of which a request may make many. Who is held back wanted to come as well: else holding back would end by itself below the
            // rate, and begin anew.
            if (_asked.Sum().Results < settings.MinRequestRate * settings.Window.TotalSeconds)
            {
                return 0;
            }

            var excess = (sent.Results - ((sent.Results - sent.Failures) / (settings.SuccessPercent / 100))) / (sent.Results + 1);
            return excess <= 0 ? 0 : Math.Min(settings.MaxRejectPercent / 100, Math.Pow(excess, 1 / settings.Aggression));
        }
    }

    /// <summary>Counts a request that comes, once.</summary>
    /// <returns>Whether it is sent on.</returns>
    public bool TryEnter()
    {
        var isHeldBack = Rejection is > 0 and var rejection && random() < rejection;
        _asked.Add(isFailure: false, isSlow: false);
        return !isHeldBack;
    }

    /// <summary>Counts how one that was sent fared, or an attempt of it.</summary>
    public void Count(bool isSuccess)
    {
        _sent.Add(isFailure: !isSuccess, isSlow: false);
        if (!isSuccess)
        {
            _hasFailures = true;
        }
    }
}
