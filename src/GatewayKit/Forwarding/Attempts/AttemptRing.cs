using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using GatewayKit.Clusters;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using GatewayKit.Resilience.Bulkheads;
using Microsoft.AspNetCore.Http;
using Polly;

namespace GatewayKit.Forwarding.Attempts;

/// <summary>
/// The strategies that run around the attempts of a cluster, and the attempts inside. Its callback is one attempt including the choice of a
/// destination, so each execution goes elsewhere.
/// </summary>
internal sealed class AttemptRing
{
    private readonly ClusterState _cluster;
    private readonly AttemptSender _sender;
    private readonly ResiliencePipeline<AttemptResult> _pipeline;
    private readonly int _replayBytes;

    // Polly hands the state of the whole to a strategy that stands alone; of several, each gets one of its own making.
    private readonly bool _hasSeveral;
    private readonly bool _hedges;

    private AttemptRing(ClusterState cluster, AttemptSender sender, ResiliencePipeline<AttemptResult> pipeline, bool retries, bool hedges)
    {
        (_cluster, _sender, _pipeline, _hasSeveral, _hedges) = (cluster, sender, pipeline, retries && hedges, hedges);
        _replayBytes = cluster.Cluster.Retry is { Mode: PolicyMode.Enforce, ReplayBufferBytes: > 0 and var bytes } ? bytes : 0;
    }

    /// <returns><see langword="null"/> if the cluster makes one attempt and no more.</returns>
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Polly validates the annotations of the options; ours have none but the name's.")]
    public static AttemptRing? TryCreate(ClusterState cluster, AttemptSender sender, RetryMetrics retryMetrics, HedgeMetrics hedgeMetrics, TrustedPeers peers, Func<double> random)
    {
        var (retry, hedging, time) = (cluster.Cluster.Retry, cluster.Cluster.Hedging, sender.Time);

        // With one destination and no policy in force there is nowhere else to go. Behind the handlers of a client one that could not be reached may have
        // been reached before: sending again is theirs alone.
        var isInForce = retry is { Mode: PolicyMode.Enforce, MaxRetries: > 0 };
        var failsOver = retry is null or { Mode: PolicyMode.Shadow } && cluster.MayHaveOtherDestinations && cluster.Cluster.Http.Client is null;
        var isShadow = retry is { Mode: PolicyMode.Shadow, MaxRetries: > 0 };
        var retries = isInForce || failsOver || isShadow;
        var share = hedging is { Mode: not PolicyMode.Off } && cluster.MayHaveOtherDestinations ? cluster.HedgeShare : null;
        if (!retries && share is null)
        {
            return null;
        }

        var builder = new ResiliencePipelineBuilder<AttemptResult> { TimeProvider = time, Name = cluster.Cluster.Id };
        if (retries)
        {
            RetryAdmission By(RetryPolicy? policy) => new(policy, cluster.Budget, cluster.AttemptTime, time, peers, random, sender.Draining);
            var (admission, shadow) = (isInForce ? By(retry) : failsOver ? By(null) : null, isShadow ? By(retry) : null);
            builder.AddStrategy(_ => new RetryStrategy(admission, shadow, retryMetrics, time, sender.Draining), new RingStrategyOptions("Retry"));
        }

        if (share is not null)
        {
            builder.AddStrategy(_ => new HedgingStrategy(hedging!, cluster, share, retry, hedgeMetrics, time, sender.Draining), new RingStrategyOptions("Hedging"));
        }

        return new(cluster, sender, builder.Build(), retries, share is not null);
    }

    /// <summary>Makes attempts until one is kept.</summary>
    /// <param name="call">The request.</param>
    /// <param name="place">The request's place in the cluster; given back if there is no result.</param>
    /// <param name="forwarder">Makes an answer or a refusal of the attempt that is kept.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<object?> RunAsync(ForwardCall call, PlaceClass? place, Forwarder forwarder)
    {
        RingCall? ring = null;
        AttemptResult kept;
        bool isExhausted;
        try
        {
            _cluster.Budget.Deposit();
            ring = new(call, _sender, CreateReplay(call));

            // What retries has nothing to do for an answer that nobody would retry: most requests never meet the strategies.
            var first = _hedges ? default : await ring.AttemptAsync().ConfigureAwait(false);
            if (!_hedges && !RetryAdmission.IsNeeded(first))
            {
                (kept, isExhausted) = (first.Result, false);
            }
            else
            {
                if (!_hedges)
                {
                    ring.Keep(first);
                }

                (kept, isExhausted) = (await RunAsync(ring).ConfigureAwait(false), ring.IsExhausted);
            }
        }
        catch
        {
            place?.GiveBack();
            throw;
        }
        finally
        {
            ring?.End();
        }

        return forwarder.Conclude(kept, place, isExhausted ? call.HttpContext : null);
    }

    private async ValueTask<AttemptResult> RunAsync(RingCall ring)
    {
        var context = ResilienceContextPool.Shared.Get();
        if (_hasSeveral)
        {
            context.Properties.Set(RingCall.Key, ring);
        }

        try
        {
            var outcome = await _pipeline.ExecuteOutcomeAsync(static (_, ring) => ring.AttemptAsync(), context, ring).ConfigureAwait(false);
            outcome.ThrowIfException();
            return outcome.Result;
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    // A body that is known to be larger, or a call that streams, is not kept at all.
    private ReplayBuffer? CreateReplay(in ForwardCall call)
    {
        var httpContext = call.HttpContext;
        if (_replayBytes == 0 || call.IsGrpc || httpContext.Request.ContentLength > _replayBytes || !BodyDetection.MayHaveBody(httpContext))
        {
            return null;
        }

        if (call.Context is not { IsBodyWanted: true })
        {
            return new(_replayBytes);
        }

        if (ReplayBuffer.Of(call.Context) is not { } replay)
        {
            httpContext.Features.Set(replay = new(_replayBytes));
            httpContext.Response.RegisterForDispose(replay);
        }

        replay.Use();
        return replay;
    }
}

/// <summary>Names a strategy of the ring in Polly's telemetry.</summary>
internal sealed class RingStrategyOptions : ResilienceStrategyOptions
{
    public RingStrategyOptions(string name) => Name = name;
}
