using GatewayKit.Pipeline;
using GatewayKit.Resilience.Bulkheads;

namespace GatewayKit.Clusters;

/// <summary>
/// The places of a cluster. A request takes one before its first attempt and gives it back, by <see cref="Places.GiveBack"/>, when the last one ended.
/// </summary>
internal sealed class ClusterBulkhead(ClusterLimits limits, Bulkhead bulkhead, BulkheadMetrics metrics, TimeProvider time)
{
    private readonly bool _isShadow = limits.Mode is PolicyMode.Shadow;
    private readonly PlaceTerms _terms = new(limits.MaxInFlight, limits.Queue, limits.MaxWait, limits.Adaptive, bulkhead);

    /// <summary>What share of the places for requests is taken.</summary>
    public double Load => (double)bulkhead.Requests.Taken / _terms.Max;

    /// <summary>Whether it wants to know how attempts fare.</summary>
    public bool IsSampled => _terms.IsSampled;

    /// <summary>Takes a place.</summary>
    /// <param name="isStream">Whether it is for a stream.</param>
    /// <returns><see langword="null"/> if there is none.</returns>
    public Places? TryEnter(bool isStream)
    {
        var (places, most) = isStream ? (bulkhead.Streams, limits.MaxStreams) : (bulkhead.Requests, _terms.Max);
        if (places.TryTake(most))
        {
            if (!isStream && _terms.WouldRefuse(places.Taken))
            {
                metrics.Refused(bulkhead, isStream: false, isShadow: true);
            }

            return places;
        }

        if (_isShadow)
        {
            if (isStream || places.Taken >= most + _terms.MostWaiting)
            {
                metrics.Refused(bulkhead, isStream, isShadow: true);
            }

            places.Take();
            return places;
        }

        if (!MayWait(isStream))
        {
            metrics.Refused(bulkhead, isStream, isShadow: false);
        }

        return null;
    }

    /// <summary>Whether a request that found no place may wait for one.</summary>
    public bool MayWait(bool isStream) => !isStream && limits.Queue is not 0;

    /// <summary>Says how an attempt fared.</summary>
    public void Observe(LimitSample sample, TimeSpan? headTime) => _terms.Observe(sample, headTime, bulkhead.Requests.Taken);

    /// <summary>Waits for a place.</summary>
    /// <param name="deadline">When it is too late, as a timestamp.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns><see langword="null"/> if none came free in time.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> says so.</exception>
    public async ValueTask<Places?> EnterAsync(long deadline, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var left = deadline == long.MaxValue ? TimeSpan.MaxValue : time.GetElapsedTime(Math.Min(start, deadline), deadline);
        var isIn = await bulkhead.Requests.TakeAsync(_terms, left, cancellationToken).ConfigureAwait(false);
        metrics.Waited(bulkhead, time.GetElapsedTime(start));
        if (isIn)
        {
            return bulkhead.Requests;
        }

        metrics.Refused(bulkhead, isStream: false, isShadow: false);
        return null;
    }

    /// <summary>An answer turns out to be a stream: it moves to the streams if there is room, else it keeps its place.</summary>
    public Places ToStreams(Places held)
    {
        if (ReferenceEquals(held, bulkhead.Streams) || !bulkhead.Streams.TryTake(limits.MaxStreams))
        {
            return held;
        }

        held.GiveBack();
        return bulkhead.Streams;
    }
}
