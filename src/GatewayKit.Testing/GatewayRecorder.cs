using System.Collections.Concurrent;
using System.Threading.Channels;
using GatewayKit.Pipeline;

namespace GatewayKit.Testing;

/// <summary>
/// Keeps a record of every request that went through a pipeline, in the order they were done. A record may come after the response that
/// the test got, so tests wait for it. Safe for concurrent use.
/// </summary>
public sealed class GatewayRecorder
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentQueue<RecordedRequest> _all = new();
    private readonly Channel<RecordedRequest> _waiting = Channel.CreateUnbounded<RecordedRequest>();

    internal GatewayRecorder()
    {
    }

    /// <summary>All requests so far, in the order they were done.</summary>
    public IReadOnlyList<RecordedRequest> Requests => [.. _all];

    /// <summary>Waits for the next request that was not returned yet.</summary>
    /// <param name="timeout">How long to wait, by the real clock. Default 30 seconds.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="TimeoutException">No request came in that time.</exception>
    public async Task<RecordedRequest> NextAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        // On the system's clock: the gateway's may be a fake one that stands still.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout ?? Patience);
        try
        {
            return await _waiting.Reader.ReadAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"No request was done within {timeout ?? Patience}. So far: {string.Join("; ", _all)}");
        }
    }

    /// <summary>Waits for as many requests as were sent.</summary>
    /// <param name="count">How many.</param>
    /// <param name="timeout">How long to wait for each, by the real clock. Default 30 seconds.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="TimeoutException">One did not come in that time.</exception>
    public async Task<IReadOnlyList<RecordedRequest>> NextAsync(int count, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        var requests = new RecordedRequest[count];
        for (var i = 0; i < count; i++)
        {
            requests[i] = await NextAsync(timeout, cancellationToken).ConfigureAwait(false);
        }

        return requests;
    }

    internal void Add(GatewayContext context)
    {
        var request = RecordedRequest.Of(context);
        _all.Enqueue(request);
        _waiting.Writer.TryWrite(request);
    }
}

/// <summary>Fills a recorder.</summary>
internal sealed class RecordingObserver(GatewayRecorder recorder) : IGatewayObserver
{
    public void RequestCompleted(GatewayContext context) => recorder.Add(context);
}
