using System.Runtime.CompilerServices;
using GatewayKit.Clusters;
using GatewayKit.Forwarding.Attempts;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using GatewayKit.Resilience.Bulkheads;
using Microsoft.AspNetCore.Http;
using Polly;

namespace GatewayKit.Forwarding;

/// <summary>
/// Sends a request to a destination and brings back its answer. The terminal of every gateway route; from DI also usable in any endpoint
/// of the host. Safe for concurrent use.
/// </summary>
public sealed class Forwarder : IClusterSender, IDisposable
{
    private readonly ClusterStates _clusters;
    private readonly AttemptSender _sender;
    private readonly Tunnels _tunnels;
    private readonly TrustedPeers _peers;
    private readonly AddressClusters _addresses;
    private readonly ConditionalWeakTable<ClusterState, RingOfCluster> _rings = [];
    private readonly ConditionalWeakTable<ClusterState, RingOfCluster>.CreateValueCallback _createRing;

    internal Forwarder(ClusterStates clusters, AttemptSender sender, RetryMetrics retries, HedgeMetrics hedges, TrustedPeers peers, Tunnels tunnels, UpstreamHandlers handlers)
    {
        (_clusters, _sender, _peers, _tunnels) = (clusters, sender, peers, tunnels);
        _addresses = new(clusters, handlers);
        _createRing = cluster => new(AttemptRing.TryCreate(cluster, sender, retries, hedges, peers, Random.Shared.NextDouble));
    }

    /// <summary>Forwards a request to one address, with the default settings of a cluster.</summary>
    /// <param name="httpContext">The client's request; its path and query go below the address.</param>
    /// <param name="address">An absolute <c>http</c> or <c>https</c> address, such as <c>http://localhost:5001</c>.</param>
    /// <returns>The answer or a refusal, to be returned from the endpoint: nothing is written before it is executed.</returns>
    /// <exception cref="ArgumentException"><paramref name="address"/> is no such address.</exception>
    public async Task<IResult> ForwardAsync(HttpContext httpContext, string address)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        return await StandAloneAsync(httpContext, _addresses.Of(address)).ConfigureAwait(false);
    }

    /// <summary>Forwards a request to a cluster of the configuration in force.</summary>
    /// <param name="httpContext">The client's request; its path and query go below the address of the destination.</param>
    /// <param name="clusterId">The id of the cluster; case is ignored.</param>
    /// <returns>The answer or a refusal, to be returned from the endpoint: nothing is written before it is executed.</returns>
    /// <exception cref="ArgumentException">There is no such cluster; the message has the nearest name.</exception>
    public async Task<IResult> ForwardToClusterAsync(HttpContext httpContext, string clusterId)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        ArgumentNullException.ThrowIfNull(clusterId);
        var cluster = _clusters.InForce.GetValueOrDefault(clusterId)
            ?? throw new ArgumentException(DescribeUnknown(clusterId), nameof(clusterId));
        return await StandAloneAsync(httpContext, cluster).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _addresses.Dispose();

    /// <summary>The terminal of the routes of a cluster.</summary>
    internal EndpointFilterDelegate CreateTerminal(ClusterState cluster)
    {
        var ring = RingOf(cluster);
        return context => SendAsync(context.HttpContext, GatewayContext.From(context), cluster, ring);
    }

    async ValueTask<object?> IClusterSender.SendOnceAsync(GatewayContext context, string clusterId) =>
        _clusters.InForce.TryGetValue(clusterId, out var cluster)
            ? Keep(context.HttpContext, await SendAsync(context.HttpContext, context, cluster, ring: null, (context.LatestAttempt as Exchange)?.Deadline).ConfigureAwait(false))
            : Refuse(ForwardError.NoHealthyDestination);

    // Somebody wrote the name into code: the same words as for one in the configuration.
    private string DescribeUnknown(string clusterId) => $"There is no cluster '{clusterId}'. " + (
        NearestName.Of(clusterId, _clusters.InForce.Keys) is { } nearest ? $"Did you mean '{nearest}'?"
        : _clusters.InForce.Count == 0 ? "There are no clusters in force."
        : "Name a cluster of the configuration or of AddCluster().");

    private async ValueTask<IResult> StandAloneAsync(HttpContext httpContext, ClusterState cluster)
    {
        var context = httpContext.Features.Get<GatewayContext>();
        return (IResult)Keep(httpContext, await SendAsync(httpContext, context, cluster, RingOf(cluster)).ConfigureAwait(false))!;
    }

    // Whoever asked may throw it away: it goes with the request.
    private static object? Keep(HttpContext httpContext, object? result)
    {
        if (result is ForwardResult answer)
        {
            httpContext.Response.RegisterForDisposeAsync(answer);
        }

        return result;
    }

    // The life of a request: what it must be to be sent at all, one attempt or several, and the answer or refusal that is kept.
    private ValueTask<object?> SendAsync(HttpContext httpContext, GatewayContext? context, ClusterState cluster, AttemptRing? ring, CallDeadline? former = null)
    {
        var error = WebSocketUpgrade.TryCreate(httpContext, cluster.Cluster.Http, out var upgrade);
        if (error is ForwardError.None)
        {
            error = RequestRules.Check(httpContext, upgrade is not null);
        }

        if (error is not ForwardError.None)
        {
            if (error is ForwardError.AmbiguousFraming)
            {
                // Where the next request begins is anyone's guess (RFC 9112 §6.1).
                httpContext.Response.Headers.Connection = "close";
            }

            return new(Refuse(error));
        }

        if (!RequestTarget.TryRead(httpContext, context?.Endpoint.AllowsEncodedSlash ?? false, out var target))
        {
            return new(Refuse(ForwardError.AmbiguousPath));
        }

        if (MaxForwards.Answer(httpContext.Request) is { } answer)
        {
            return new(answer);
        }

        error = TryReadDeadline(httpContext, context, cluster, former, out var deadline, out var isGrpc);
        if (error is ForwardError.None && upgrade is not null)
        {
            error = upgrade.Reserve(_tunnels);
        }

        if (error is not ForwardError.None)
        {
            return new(Refuse(error));
        }

        if (cluster.Admission is { } admission && !admission.TryEnter())
        {
            upgrade?.Release();
            return new(Refuse(ForwardError.Overloaded, cause: OverloadCauses.AdmissionShed));
        }

        var call = new ForwardCall(httpContext, context, cluster, target, upgrade, deadline, isGrpc);
        if (cluster.Bulkhead is not { } bulkhead)
        {
            return Send(call, ring, place: null);
        }

        // An event stream is told by its answer: who only says that it wants one would choose another limit, and no class.
        var isStream = isGrpc || upgrade is not null;
        if (bulkhead.TryEnter(isStream, context?.Priority, out var place))
        {
            return Send(call, ring, place);
        }

        if (bulkhead.MayWait(isStream))
        {
            return EnterAsync(call, ring, bulkhead);
        }

        upgrade?.Release();
        return new(Refuse(ForwardError.Overloaded));
    }

    private async ValueTask<object?> EnterAsync(ForwardCall call, AttemptRing? ring, ClusterBulkhead bulkhead)
    {
        PlaceClass? place;
        string? cause;
        try
        {
            (place, cause) = await bulkhead.EnterAsync(call.Deadline.At, call.Context?.Priority, call.HttpContext.RequestAborted).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return Refuse(_sender.AbortedBy(call));
        }

        return place is not null ? await Send(call, ring, place).ConfigureAwait(false)
            : call.Deadline.At <= _sender.Time.GetTimestamp() ? Refuse(ForwardError.DeadlineExceeded)
            : Refuse(ForwardError.Overloaded, cause: cause);
    }

    private ValueTask<object?> Send(in ForwardCall call, AttemptRing? ring, PlaceClass? place)
    {
        if (ring is not null)
        {
            return ring.RunAsync(call, place, this);
        }

        BegunAttempt attempt;
        try
        {
            attempt = _sender.Begin(call, ring: null);
        }
        catch
        {
            place?.GiveBack();
            throw;
        }

        return attempt.Sending is { } sending ? ConcludeAsync(attempt.Exchange!, sending, place) : ConcludeAsync(attempt.Outcome, place);
    }

    // The one wait of most requests. Looked at rather than caught: a catch that awaits would keep an exception in every request's state.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<object?> ConcludeAsync(Exchange exchange, Task<HttpResponseMessage> sending, PlaceClass? place)
    {
        await ((Task)sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return _sender.Receive(exchange, sending, out var failing)
            ? Conclude(new AttemptResult(exchange), place)
            : await ConcludeAsync(new ValueTask<Outcome<AttemptResult>>(failing), place).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<object?> ConcludeAsync(ValueTask<Outcome<AttemptResult>> attempt, PlaceClass? place)
    {
        AttemptResult kept;
        try
        {
            kept = (await attempt.ConfigureAwait(false)).Result;
        }
        catch
        {
            place?.GiveBack();
            throw;
        }

        return Conclude(kept, place);
    }

    /// <summary>Makes an answer or a refusal of the attempt that is kept.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="place">The request's place in the cluster. From here on it is this that gives it back, or the answer, and nobody else.</param>
    /// <param name="exhausted">The request, if gateways in front should not try it again.</param>
    internal object Conclude(in AttemptResult attempt, PlaceClass? place, HttpContext? exhausted = null)
    {
        if (attempt.Exchange is not { Error: ForwardError.None })
        {
            // Nothing runs in the cluster any more. An answer keeps the place until it is written.
            place?.GiveBack();
            place = null;
        }

        try
        {
            if (exhausted is not null && _peers.Include(exhausted))
            {
                AttemptFields.MarkExhausted(exhausted.Response);
            }

            return Conclude(attempt, ref place);
        }
        catch
        {
            place?.GiveBack();
            throw;
        }
    }

    private object Conclude(in AttemptResult attempt, ref PlaceClass? place)
    {
        if (attempt.Exchange is not { } exchange)
        {
            return Refuse(attempt.Error, attempt.RetryAfter);
        }

        if (exchange.Context is { } kept && !ReferenceEquals(kept.LatestAttempt, exchange))
        {
            // Another attempt has begun later and lost: records tell of the one that counts.
            kept.LatestAttempt = exchange;
        }

        if (exchange.Error is not ForwardError.None and var error)
        {
            // The server's own word on a body, unless something else ended the exchange first.
            var status = error is ForwardError.ClientAborted ? null : (exchange.Body?.ReadFailure as BadHttpRequestException)?.StatusCode;
            var reason = exchange.Reason!;
            return new GatewayProblem(reason, retryAfter: RetryAfter(error)) { StatusCode = status ?? reason.Status };
        }

        if ((int)attempt.Answer!.StatusCode >= StatusCodes.Status500InternalServerError && AttemptFields.IsExhausted(attempt.Answer) && _peers.Include(exchange.HttpContext))
        {
            // A gateway that does not retry itself passes the word on.
            AttemptFields.MarkExhausted(exchange.HttpContext.Response);
        }

        if (place is not null && AttemptOutcomes.IsStream(attempt.Answer, isGrpc: false))
        {
            place = exchange.Cluster.Bulkhead!.ToStreams(place);
        }

        // A filter that asked twice: the former answer goes with the request.
        if (exchange.Context?.PendingAnswer is { } former)
        {
            exchange.HttpContext.Response.RegisterForDisposeAsync(former);
        }

        var result = new ForwardResult(exchange, place);
        if (exchange.Context is { } context)
        {
            context.PendingAnswer = result;
        }

        return result;
    }

    // The shortest of the deadlines counts, and what a call has spent in filters is gone. Streams end by what was said of them: by the caller's
    // deadline, by a total that was asked for, by a policy that says so.
    private ForwardError TryReadDeadline(HttpContext httpContext, GatewayContext? context, ClusterState cluster, CallDeadline? former, out CallDeadline deadline, out bool isGrpc)
    {
        deadline = CallDeadline.None;
        isGrpc = GrpcCall.Is(httpContext.Request);
        var total = cluster.Timeouts.Total!.Value;
        if (total != Timeout.InfiniteTimeSpan)
        {
            var end = After(total);
            deadline = new(end, cluster.TotalEndsStreams ? end : long.MaxValue, IsGranted: true);
        }

        if (context is not null && context.Deadline < deadline.At)
        {
            deadline = new(context.Deadline, deadline.StreamsAt, IsGranted: context.DeadlineGrants > TimeSpan.Zero);
        }

        if (context is { DeadlineSparesStreams: false })
        {
            deadline = deadline with { StreamsAt = Math.Min(deadline.StreamsAt, context.Deadline) };
        }

        if (_peers.Include(httpContext) && DeadlineField.TryRead(httpContext.Request, out var wanted))
        {
            deadline = deadline.Shorten(After(wanted));
        }

        if (isGrpc)
        {
            // Nothing tells one that streams from one that does not.
            deadline = deadline with { At = deadline.StreamsAt };
            if (httpContext.Request.Headers.TryGetValue(GrpcTimeout.Name, out var stated))
            {
                if (!GrpcTimeout.TryParse(stated, out var asked))
                {
                    return ForwardError.DeadlineInvalid;
                }

                asked -= context is null ? TimeSpan.Zero : GrpcCall.Age(context, _sender.Time);
                deadline = deadline.Shorten(After(asked));
            }
        }

        // A second cluster has what the first has left of it.
        deadline = former is { } granted ? deadline.Within(granted) : deadline;
        return deadline.Exists && deadline.At <= _sender.Time.GetTimestamp() ? ForwardError.DeadlineExceeded : ForwardError.None;
    }

    private long After(TimeSpan time) => _sender.Time.GetTimestamp() + (long)(time.TotalSeconds * _sender.Time.TimestampFrequency);

    private static GatewayProblem Refuse(ForwardError error, TimeSpan? retryAfter = null, string? cause = null) =>
        new(ForwardFailure.Of(error).Reason, retryAfter: retryAfter ?? RetryAfter(error)) { Cause = cause };

    // Room may be made at any time, and another instance of the gateway may have some (RFC 9110 §15.6.4).
    private static TimeSpan? RetryAfter(ForwardError error) => error is ForwardError.Overloaded or ForwardError.Draining ? TimeSpan.FromSeconds(1) : null;

    private AttemptRing? RingOf(ClusterState cluster) => _rings.GetValue(cluster, _createRing).Ring;

    /// <summary>The ring of a cluster, if it has one; built once for all of its routes.</summary>
    private sealed record RingOfCluster(AttemptRing? Ring);
}
