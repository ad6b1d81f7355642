using Microsoft.AspNetCore.Http;

namespace GatewayKit.Resilience.Bulkheads;

/// <summary>
/// A request's place, held until its response is done: when the pipeline returns, the answer of a destination is not written yet. An answer that
/// turns out to be an event stream moves to the streams if there is room, else it keeps the place it has.
/// </summary>
internal sealed class BulkheadLease
{
    private readonly Bulkhead _bulkhead;
    private readonly HttpResponse _response;
    private readonly int _maxStreams;
    private readonly EndpointSample? _sample;
    private PlaceClass _place;

    private BulkheadLease(Bulkhead bulkhead, PlaceClass place, HttpResponse response, int maxStreams, EndpointSample? sample) =>
        (_bulkhead, _response, _maxStreams, _place, _sample) = (bulkhead, response, maxStreams, place, sample);

    /// <summary>Holds a place that was taken.</summary>
    /// <param name="bulkhead">Where.</param>
    /// <param name="place">Whose place it is; <see langword="null"/> for a stream's.</param>
    /// <param name="response">The answer that it is held for.</param>
    /// <param name="maxStreams">How many streams there may be.</param>
    /// <param name="sample">Wants to know when the answer starts.</param>
    public static void Hold(Bulkhead bulkhead, PlaceClass? place, HttpResponse response, int maxStreams, EndpointSample? sample = null)
    {
        if (place is null)
        {
            response.OnCompleted(
                static places =>
                {
                    ((Places)places).GiveBack();
                    return Task.CompletedTask;
                },
                bulkhead.Streams);
            return;
        }

        var lease = new BulkheadLease(bulkhead, place, response, maxStreams, sample);
        response.OnCompleted(
            static lease =>
            {
                ((BulkheadLease)lease)._place.GiveBack();
                return Task.CompletedTask;
            },
            lease);
        if (!response.HasStarted)
        {
            // Whoever stands outside may have begun the response; then there is nothing to wait for.
            response.OnStarting(
                static lease =>
                {
                    ((BulkheadLease)lease).Look();
                    return Task.CompletedTask;
                },
                lease);
        }
    }

    private void Look()
    {
        _sample?.Starts();
        if (LongLived.IsEventStream(_response.ContentType) && _bulkhead.Streams.TryTake(_maxStreams))
        {
            _place.GiveBack();
            _place = _bulkhead.Streams.Unclassed;
        }
    }
}
