using System.Diagnostics;
using System.Runtime.CompilerServices;
using GatewayKit.Clusters;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Forwarding;

/// <summary>
/// Sends a request to a destination and brings back its answer. The terminal of every gateway route; from DI also usable in any endpoint
/// of the host. Safe for concurrent use.
/// </summary>
public sealed class Forwarder : IDisposable
{
    private readonly ClusterStates _clusters;
    private readonly RequestHead _head;
    private readonly ExchangeClocks _clocks;
    private readonly ForwardMetrics _metrics;
    private readonly Tunnels _tunnels;
    private readonly AddressClusters _addresses;

    internal Forwarder(ClusterStates clusters, RequestHead head, ExchangeClocks clocks, ForwardMetrics metrics, Tunnels tunnels, UpstreamHandlers handlers)
    {
        (_clusters, _head, _clocks, _metrics, _tunnels) = (clusters, head, clocks, metrics, tunnels);
        _addresses = new(handlers);
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
    internal EndpointFilterDelegate CreateTerminal(ClusterState cluster) =>
        context => SendAsync(context.HttpContext, GatewayContext.From(context), cluster);

    // Somebody wrote the name into code: the same words as for one in the configuration.
    private string DescribeUnknown(string clusterId) => $"There is no cluster '{clusterId}'. " + (
        NearestName.Of(clusterId, _clusters.InForce.Keys) is { } nearest ? $"Did you mean '{nearest}'?"
        : _clusters.InForce.Count == 0 ? "There are no clusters in force."
        : "Name a cluster of the configuration or of AddCluster().");

    private async ValueTask<IResult> StandAloneAsync(HttpContext httpContext, ClusterState cluster)
    {
        var context = httpContext.Features.Get<GatewayContext>();
        var result = (IResult)(await SendAsync(httpContext, context, cluster).ConfigureAwait(false))!;
        if (result is ForwardResult answer)
        {
            httpContext.Response.RegisterForDisposeAsync(answer);
        }

        return result;
    }

    // The life of an attempt: a destination, a message, an answer. Nothing of the client's response is touched. All up to the first
    // wait runs here, so that the state machine behind it is small.
    private ValueTask<object?> SendAsync(HttpContext httpContext, GatewayContext? context, ClusterState cluster)
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

        TimeSpan? timeLeft = null;
        if (GrpcCall.Is(httpContext.Request))
        {
            error = TryReadDeadline(httpContext, context, cluster.Cluster.Timeouts.Total, out timeLeft);
            if (error is not ForwardError.None)
            {
                return new(Refuse(error));
            }
        }

        if (upgrade is not null)
        {
            error = upgrade.Reserve(_tunnels);
            if (error is not ForwardError.None)
            {
                return new(Refuse(error));
            }
        }

        var destination = cluster.Begin();
        if (destination is null)
        {
            upgrade?.Release();
            return new(Refuse(ForwardError.NoHealthyDestination));
        }

        var exchange = new Exchange(httpContext, context, cluster, destination, _clocks.Rent(), _metrics) { Upgrade = upgrade, TimeLeft = timeLeft ?? Timeout.InfiniteTimeSpan };
        try
        {
            var invoker = exchange.Begin();
            return destination.InFlight > cluster.MostInFlight ? QueueAsync(exchange, invoker, target) : SendAsync(exchange, invoker, target);
        }
        catch (Exception exception)
        {
            return EndAsync(exchange, ForwardError.TransformFailed, exception);
        }
    }

    // All connections are in use. Waiting for one is not the destination's time, and ends with a refusal of its own.
    private async ValueTask<object?> QueueAsync(Exchange exchange, HttpMessageInvoker invoker, RequestTarget target)
    {
        var (clock, cluster) = (exchange.Clock, exchange.Cluster);
        exchange.Phase = ForwardPhase.Waiting;
        clock.AttemptWaits();
        try
        {
            if (!await clock.WaitAsync(exchange.Destination.Queue, cluster.MostInFlight, cluster.Cluster.Timeouts.PoolWait).ConfigureAwait(false))
            {
                return await EndAsync(exchange, ForwardError.Overloaded, null).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException exception)
        {
            return await EndAsync(exchange, exception).ConfigureAwait(false);
        }

        exchange.Phase = ForwardPhase.Request;
        clock.AttemptBegins();
        return await SendAsync(exchange, invoker, target).ConfigureAwait(false);
    }

    private ValueTask<object?> SendAsync(Exchange exchange, HttpMessageInvoker invoker, RequestTarget target)
    {
        var http = exchange.Cluster.Cluster.Http;
        Task<HttpResponseMessage> sending;
        var sent = false;
        try
        {
            var message = new HttpRequestMessage { Version = http.Version, VersionPolicy = http.VersionPolicy };
            var error = Compose(exchange, message, target);
            if (error is not ForwardError.None)
            {
                return EndAsync(exchange, error, null);
            }

            sent = true;
            sending = invoker.SendAsync(message, exchange.Clock.Token);
        }
        catch (Exception exception)
        {
            // Before it was sent, the fault is the gateway's own and must not count against the destination.
            return sent || exception is ForwardTransformException ? EndAsync(exchange, exception) : EndAsync(exchange, ForwardError.TransformFailed, exception);
        }

        return ReceiveAsync(exchange, sending);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<object?> ReceiveAsync(Exchange exchange, Task<HttpResponseMessage> sending)
    {
        // Looked at rather than caught: a catch that awaits would keep an exception and one more kind of awaiter in every request's state.
        await ((Task)sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!sending.IsCompletedSuccessfully)
        {
            return await EndFailedAsync(exchange, sending).ConfigureAwait(false);
        }

        exchange.Response = sending.GetAwaiter().GetResult();
        exchange.Phase = ForwardPhase.Response;
        exchange.Clock.HeadArrived();
        var result = new ForwardResult(exchange);
        if (exchange.Context is { } context)
        {
            // A filter that asked twice: the former answer goes with the request.
            if (context.PendingAnswer is { } former)
            {
                exchange.HttpContext.Response.RegisterForDisposeAsync(former);
            }

            context.PendingAnswer = result;
        }

        return result;
    }

    private async Task<object?> EndFailedAsync(Exchange exchange, Task sending)
    {
        try
        {
            await sending.ConfigureAwait(false);
            throw new UnreachableException();
        }
        catch (Exception exception)
        {
            if (exchange.Clock.Error is not ForwardError.None || exchange.Upgrade?.TryFallBack(exception) is not true)
            {
                return await EndAsync(exchange, exception).ConfigureAwait(false);
            }
        }

        return await SendAgainAsync(exchange).ConfigureAwait(false);
    }

    // A WebSocket that the destination did not take over HTTP/2, from the start over HTTP/1.1. Nothing of it was processed.
    private async Task<object?> SendAgainAsync(Exchange exchange)
    {
        Task<HttpResponseMessage> sending;
        try
        {
            var message = new HttpRequestMessage();
            if (!RequestTarget.TryRead(exchange.HttpContext, exchange.Context?.Endpoint.AllowsEncodedSlash ?? false, out var target))
            {
                throw new UnreachableException();
            }

            var error = Compose(exchange, message, target);
            if (error is not ForwardError.None)
            {
                return await EndAsync(exchange, error, null).ConfigureAwait(false);
            }

            // The exchange is counted already.
            var transport = exchange.Cluster.Transport;
            var invoker = transport.Acquire();
            transport.Release();
            sending = invoker.SendAsync(message, exchange.Clock.Token);
        }
        catch (Exception exception)
        {
            return await EndAsync(exchange, exception).ConfigureAwait(false);
        }

        return await ReceiveAsync(exchange, sending).ConfigureAwait(false);
    }

    private static ValueTask<object?> EndAsync(Exchange exchange, Exception exception) => EndAsync(
        exchange,
        exception is ForwardTransformException
            ? ForwardError.TransformRefused
            : ForwardErrors.BeforeHead(exception, exchange.Clock, exchange.Body, exchange.HttpContext),
        exception);

    private static async ValueTask<object?> EndAsync(Exchange exchange, ForwardError error, Exception? exception)
    {
        var reason = exchange.Fail(error, exception).Reason;

        // The server's own word on a body, unless something else ended the exchange first.
        var status = error is ForwardError.ClientAborted ? null : (exchange.Body?.ReadFailure as BadHttpRequestException)?.StatusCode;
        await exchange.EndAsync().ConfigureAwait(false);
        return new GatewayProblem(reason, retryAfter: RetryAfter(error)) { StatusCode = status ?? reason.Status };
    }

    private ForwardError Compose(Exchange exchange, HttpRequestMessage message, RequestTarget target)
    {
        var (httpContext, destination) = (exchange.HttpContext, exchange.Destination);
        message.Method = HttpMethod.Parse(httpContext.Request.Method);
        exchange.Upgrade?.Begin(message);
        RequestContent.Add(exchange, message);
        var error = _head.Copy(exchange, message);
        if (error is not ForwardError.None)
        {
            return error;
        }

        exchange.Upgrade?.Write(message);
        ForwardRequest? transformed = null;
        if (exchange.Context?.ForwardTransform is { } transform)
        {
            transformed = _head.Prepare(exchange, message, target);
            error = Transform(transform, exchange, transformed);
            if (error is not ForwardError.None)
            {
                return error;
            }

            target = transformed.Target;
        }

        if (exchange.HasDeadline)
        {
            message.Headers.Remove(GrpcTimeout.Name);
            message.Headers.TryAddWithoutValidation(GrpcTimeout.Name, GrpcTimeout.Format(exchange.TimeLeft));
        }

        message.RequestUri = TargetUri.Create(destination, target);
        return _head.Own(exchange, message, transformed);
    }

    // The shorter of two deadlines counts, and what the call has spent in filters is gone.
    private ForwardError TryReadDeadline(HttpContext httpContext, GatewayContext? context, TimeSpan total, out TimeSpan? timeLeft)
    {
        timeLeft = total == Timeout.InfiniteTimeSpan ? null : total;
        if (!httpContext.Request.Headers.TryGetValue(GrpcTimeout.Name, out var stated))
        {
            return ForwardError.None;
        }

        if (!GrpcTimeout.TryParse(stated, out var deadline))
        {
            return ForwardError.DeadlineInvalid;
        }

        deadline -= context is null ? TimeSpan.Zero : GrpcCall.Age(context, _clocks.Time);
        timeLeft = timeLeft < deadline ? timeLeft : deadline;
        return deadline > TimeSpan.Zero ? ForwardError.None : ForwardError.DeadlineExceeded;
    }

    private static ForwardError Transform(IForwardTransform transform, Exchange exchange, ForwardRequest request)
    {
        try
        {
            transform.TransformRequest(request);
        }
        catch (Exception exception) when (exception is not ForwardTransformException)
        {
            // The gateway's own fault: it must not count against the destination.
            exchange.Fail(ForwardError.TransformFailed, exception);
            return ForwardError.TransformFailed;
        }

        return ForwardError.None;
    }

    private static GatewayProblem Refuse(ForwardError error) => new(ForwardFailure.Of(error).Reason, retryAfter: RetryAfter(error));

    // Room may be made at any time, and another instance of the gateway may have some (RFC 9110 §15.6.4).
    private static TimeSpan? RetryAfter(ForwardError error) => error is ForwardError.Overloaded or ForwardError.Draining ? TimeSpan.FromSeconds(1) : null;
}
