using GatewayKit.Pipeline;
using GatewayKit.Resilience.Bulkheads;

namespace GatewayKit.Clusters;

/// <summary>
/// The places of a cluster. A request takes one before its first attempt and gives it back, by <see cref="PlaceClass.GiveBack"/>, when the last one ended.
/// </summary>
internal sealed class ClusterBulkhead(ClusterLimits limits, Bulkhead bulkhead, BulkheadMetrics metrics, TimeProvider time)
{
    private readonly bool _isShadow = limits.Mode is PolicyMode.Shadow;
    private readonly PlaceTerms _terms = new(limits.MaxInFlight, limits.Queue, limits.MaxWait, limits.Adaptive, bulkhead, limits.Priorities);

    /// <summary>What share of the places for requests is taken.</summary>
    public double Load => (double)bulkhead.Requests.Taken / _terms.Max;

    /// <summary>Whether it wants to know how attempts fare.</summary>
    public bool IsSampled => _terms.IsSampled;

    /// <summary>Takes a place.</summary>
    /// <param name="isStream">Whether it is for a stream.</param>
    /// <param name="priority">The class of the request; <see langword="null"/> if nobody said.</param>
    /// <param name="place">The place; <see langword="null"/> if there is none.</param>
    /// <returns>Whether the request goes on: with a place, or in shadow without one.</returns>
    public bool TryEnter(bool isStream, string? priority, out PlaceClass? place)
    {
        var (places, most) = isStream ? (bulkhead.Streams, limits.MaxStreams) : (bulkhead.Requests, _terms.Max);
        var share = isStream ? null : _terms.ShareOf(priority);
        if (_isShadow && !isStream)
        {
            // Nobody waits: those who would have are counted as if they had a place, and those beyond, who would have been refused, not at all.
            most += _terms.MostWaiting;
        }

        if (places.TryTake(share, most))
        {
            if (!isStream && _terms.WouldRefuse(share, places.Taken))
            {
                metrics.Refused(bulkhead, share, isStream: false, isShadow: true);
            }

            place = share?.Class ?? places.Unclassed;
            return true;
        }

        if (_isShadow || !MayWait(isStream))
        {
            metrics.Refused(bulkhead, share, isStream, _isShadow);
        }

        place = null;
        return _isShadow;
    }

    /// <summary>Whether a request that found no place may wait for one.</summary>
    public bool MayWait(bool isStream) => !isStream && limits.Queue is not 0;

    /// <summary>Says how an attempt fared.</summary>
    public void Observe(LimitSample sample, TimeSpan? headTime) => _terms.Observe(sample, headTime, bulkhead.Requests.Taken);

    /// <summary>Waits for a place.</summary>
    /// <param name="deadline">When it is too late, as a timestamp.</param>
    /// <param name="priority">The class of the request; <see langword="null"/> if nobody said.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The place, or why there is none.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> says so.</exception>
    public async ValueTask<(PlaceClass? Place, string? Cause)> EnterAsync(long deadline, string? priority, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var left = deadline == long.MaxValue ? TimeSpan.MaxValue : time.GetElapsedTime(Math.Min(start, deadline), deadline);
        var share = _terms.ShareOf(priority);
        var wait = await bulkhead.Requests.TakeAsync(_terms, share, left, cancellationToken).ConfigureAwait(false);
        metrics.Waited(bulkhead, time.GetElapsedTime(start));
        if (wait is PlaceWait.Taken)
        {
            return (share?.Class ?? bulkhead.Requests.Unclassed, null);
        }

        var cause = wait is PlaceWait.QueueFull ? OverloadCauses.QueueFull : OverloadCauses.QueueTimeout;
        metrics.Refused(bulkhead, share, isStream: false, isShadow: false, cause);
        return (null, cause);
    }

    /// <summary>An answer turns out to be a stream: it moves to the streams if there is room, else it keeps its place.</summary>
    public PlaceClass ToStreams(PlaceClass held)
    {
        if (ReferenceEquals(held, bulkhead.Streams.Unclassed) || !bulkhead.Streams.TryTake(limits.MaxStreams))
        {
            return held;
        }

        held.GiveBack();
        return bulkhead.Streams.Unclassed;
    }
}
