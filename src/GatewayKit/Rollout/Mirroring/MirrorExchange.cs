using GatewayKit.Clusters;
using GatewayKit.Forwarding.Attempts;
using GatewayKit.Resilience;
using GatewayKit.Rollout.Diffing;

namespace GatewayKit.Rollout.Mirroring;

/// <summary>One copy on its way. Runs on a thread of its own and knows nothing of the request's context.</summary>
internal sealed class MirrorExchange(MirrorRoute route, MirrorRequest request, MirrorPair? pair) : IThreadPoolWorkItem
{
    // What is read of an answer that nobody compares, so that its connection can be used again.
    private const int MostDrained = 65_536;

    public void Execute() => _ = RunAsync();

    private async Task RunAsync()
    {
        try
        {
            var answer = await SendAsync().ConfigureAwait(false);
            pair?.MirrorEnded(answer);
        }
        catch (Exception)
        {
            // Nobody awaits it, and nobody's request depends on it: the counter says that it happens.
            route.Skipped(MirrorSkip.Internal);
            pair?.MirrorEnded(null);
        }
        finally
        {
            if (pair is null)
            {
                route.Leave();
            }
        }
    }

    /// <returns>The answer; <see langword="null"/> if there was none.</returns>
    private async Task<AnswerRecord?> SendAsync()
    {
        if (route.FindCluster() is not { } cluster)
        {
            route.Skipped(MirrorSkip.NoCluster);
            return null;
        }

        var refusal = cluster.TryBegin(request.ToContext(), default, out var lease);
        if (refusal is not PickRefusal.None)
        {
            route.Skipped(refusal is PickRefusal.CircuitsOpen ? MirrorSkip.CircuitOpen : MirrorSkip.NoDestination);
            return null;
        }

        var (result, start) = (CallResult.Neutral, route.Time.GetTimestamp());
        var acquired = false;
        var (status, reason) = (0, (string?)null);
        TimeSpan? headTime = null, retryAfter = null;
        try
        {
            if (lease.Destination.InFlight > cluster.MostInFlight)
            {
                // It would have to wait for a connection.
                route.Skipped(MirrorSkip.Busy);
                return null;
            }

            var invoker = cluster.Transport.Acquire();
            acquired = true;
            using var deadline = new CancellationTokenSource(route.Policy.Timeout, route.Time);
            using var draining = route.Draining.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), deadline);

            // What cannot be sent is no fault of the destination.
            using var message = request.ToMessage(cluster.Cluster, lease.Destination, route.Policy);
            try
            {
                using var answer = await invoker.SendAsync(message, deadline.Token).ConfigureAwait(false);
                headTime = route.Time.GetElapsedTime(start);
                (status, retryAfter) = ((int)answer.StatusCode, AttemptOutcomes.RetryAfter(answer, route.Time));
                result = AttemptOutcomes.OfHead(answer, isGrpc: false, cluster.Cluster.CircuitBreaker);
                var record = await ReadAsync(answer, headTime.Value, deadline.Token).ConfigureAwait(false);
                route.Ended("answered");
                return record;
            }
            catch (Exception) when (route.Draining.IsCancellationRequested)
            {
                (result, headTime) = (CallResult.Neutral, null);
                route.Ended("cancelled");
                return null;
            }
            catch (Exception exception)
            {
                (result, reason) = (CallResult.Failure, exception is OperationCanceledException ? "timed-out" : "failed");
                route.Ended(reason);
                return null;
            }
        }
        finally
        {
            lease.Report(result, headTime ?? route.Time.GetElapsedTime(start), retryAfter, status, reason);
            lease.Destination.End();
            if (acquired)
            {
                cluster.Transport.Release();
            }
        }
    }

    private async Task<AnswerRecord> ReadAsync(HttpResponseMessage answer, TimeSpan elapsed, CancellationToken cancellationToken)
    {
        var record = AnswerRecord.Of(answer, route.Policy.Compare, elapsed);
        if (record.IsStream)
        {
            return record;
        }

        var capture = new BodyCapture(route.Policy.Compare is { Body: true } compare ? compare.MaxBodyBytes : 0);
        var most = Math.Max(MostDrained, route.Policy.Compare?.MaxBodyBytes ?? 0);
        var body = await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(16_384);
        try
        {
            for (var read = 0L; read <= most;)
            {
                var count = await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
                if (count == 0)
                {
                    break;
                }

                read += count;
                capture.Append(buffer.AsSpan(0, count));
            }
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }

        return record with { Body = capture };
    }
}
