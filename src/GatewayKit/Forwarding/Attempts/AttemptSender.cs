using System.Diagnostics;
using System.Runtime.CompilerServices;
using GatewayKit.Clusters;
using GatewayKit.Pipeline;

namespace GatewayKit.Forwarding.Attempts;

/// <summary>Makes one attempt: a destination, a message, an answer. Nothing of the client's response is touched.</summary>
internal sealed class AttemptSender(RequestHead head, ExchangeClocks clocks, ForwardMetrics metrics, Tunnels tunnels)
{
    /// <summary>The clock that attempts and their deadlines are measured by.</summary>
    public TimeProvider Time => clocks.Time;

    /// <summary>Cancelled when the host begins to stop: nothing waits any more.</summary>
    public CancellationToken Draining => clocks.Draining;

    /// <summary>All up to the first wait runs here, so that the state machine behind it is small.</summary>
    /// <param name="call">The request.</param>
    /// <param name="tried">Where it was already; the destination that is asked now joins them before this returns.</param>
    /// <param name="number">Which attempt: 1 for the first.</param>
    /// <param name="replay">Where the body is kept for another attempt; <see langword="null"/> if it is not.</param>
    /// <returns>An attempt with an answer; one that failed and has given back what it held; or why there was none.</returns>
    public ValueTask<AttemptResult> SendAsync(in ForwardCall call, ref TriedDestinations tried, int number, ReplayBuffer? replay)
    {
        if (number > 1 && call.Upgrade?.Reserve(tunnels) is { } full and not ForwardError.None)
        {
            return new(new AttemptResult(full));
        }

        var refusal = call.Cluster.TryBegin(call.HttpContext, tried, out var lease);
        if (refusal is not PickRefusal.None)
        {
            call.Upgrade?.Release();
            return new(new AttemptResult(refusal is PickRefusal.CircuitsOpen ? ForwardError.CircuitOpen : ForwardError.NoHealthyDestination, call.Cluster.RetryAfter));
        }

        tried.Add(lease.Destination);
        var exchange = new Exchange(call, lease, clocks.Rent(), metrics);
        try
        {
            var invoker = exchange.Begin();
            return exchange.Destination.InFlight > call.Cluster.MostInFlight
                ? QueueAsync(exchange, invoker, call.Target, number, replay)
                : Send(exchange, invoker, call.Target, number, replay);
        }
        catch (Exception exception)
        {
            return FailAsync(exchange, ForwardError.TransformFailed, exception);
        }
    }

    // All connections are in use. Waiting for one is not the destination's time, and ends with a refusal of its own.
    private async ValueTask<AttemptResult> QueueAsync(Exchange exchange, HttpMessageInvoker invoker, RequestTarget target, int number, ReplayBuffer? replay)
    {
        var (clock, cluster) = (exchange.Clock, exchange.Cluster);
        exchange.Phase = ForwardPhase.Waiting;
        clock.AttemptWaits();
        try
        {
            if (!await clock.WaitAsync(exchange.Destination.Queue, cluster.MostInFlight, cluster.Timeouts.PoolWait).ConfigureAwait(false))
            {
                return await FailAsync(exchange, ForwardError.Overloaded, null).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException exception)
        {
            return await FailAsync(exchange, exception).ConfigureAwait(false);
        }

        exchange.Phase = ForwardPhase.Request;
        clock.AttemptBegins();
        return await Send(exchange, invoker, target, number, replay).ConfigureAwait(false);
    }

    private ValueTask<AttemptResult> Send(Exchange exchange, HttpMessageInvoker invoker, RequestTarget target, int number, ReplayBuffer? replay)
    {
        var http = exchange.Cluster.Cluster.Http;
        Task<HttpResponseMessage> sending;
        var sent = false;
        try
        {
            var message = new HttpRequestMessage { Version = http.Version, VersionPolicy = http.VersionPolicy };
            var error = Compose(exchange, message, target, number, replay);
            if (error is not ForwardError.None)
            {
                return FailAsync(exchange, error, null);
            }

            sent = true;
            sending = invoker.SendAsync(message, exchange.Clock.Token);
        }
        catch (Exception exception)
        {
            // Before it was sent, the fault is the gateway's own and must not count against the destination.
            return sent || exception is ForwardTransformException ? FailAsync(exchange, exception) : FailAsync(exchange, ForwardError.TransformFailed, exception);
        }

        return ReceiveAsync(exchange, sending);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<AttemptResult> ReceiveAsync(Exchange exchange, Task<HttpResponseMessage> sending)
    {
        // Looked at rather than caught: a catch that awaits would keep an exception and one more kind of awaiter in every request's state.
        await ((Task)sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!sending.IsCompletedSuccessfully)
        {
            return await FailAsync(exchange, sending).ConfigureAwait(false);
        }

        exchange.Accept(sending.GetAwaiter().GetResult());
        return new(exchange);
    }

    private async Task<AttemptResult> FailAsync(Exchange exchange, Task sending)
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
                return await FailAsync(exchange, exception).ConfigureAwait(false);
            }
        }

        return await SendByHttp11Async(exchange).ConfigureAwait(false);
    }

    // A WebSocket that the destination did not take over HTTP/2, from the start over HTTP/1.1. Nothing of it was processed.
    private async Task<AttemptResult> SendByHttp11Async(Exchange exchange)
    {
        Task<HttpResponseMessage> sending;
        try
        {
            var message = new HttpRequestMessage();
            if (!RequestTarget.TryRead(exchange.HttpContext, exchange.Context?.Endpoint.AllowsEncodedSlash ?? false, out var target))
            {
                throw new UnreachableException();
            }

            var error = Compose(exchange, message, target, number: 1, replay: null);
            if (error is not ForwardError.None)
            {
                return await FailAsync(exchange, error, null).ConfigureAwait(false);
            }

            // The exchange is counted already.
            var transport = exchange.Cluster.Transport;
            var invoker = transport.Acquire();
            transport.Release();
            sending = invoker.SendAsync(message, exchange.Clock.Token);
        }
        catch (Exception exception)
        {
            return await FailAsync(exchange, exception).ConfigureAwait(false);
        }

        return await ReceiveAsync(exchange, sending).ConfigureAwait(false);
    }

    private ForwardError Compose(Exchange exchange, HttpRequestMessage message, RequestTarget target, int number, ReplayBuffer? replay)
    {
        message.Method = HttpMethod.Parse(exchange.HttpContext.Request.Method);
        exchange.Upgrade?.Begin(message);
        RequestContent.Add(exchange, message, replay);
        var error = head.Copy(exchange, message);
        if (error is not ForwardError.None)
        {
            return error;
        }

        exchange.Upgrade?.Write(message);
        ForwardRequest? transformed = null;
        if (exchange.Context?.ForwardTransform is { } transform)
        {
            transformed = head.Prepare(exchange, message, target);
            error = Transform(transform, exchange, transformed);
            if (error is not ForwardError.None)
            {
                return error;
            }

            target = transformed.Target;
        }

        if (exchange.StatesDeadline)
        {
            message.Headers.Remove(GrpcTimeout.Name);
            message.Headers.TryAddWithoutValidation(GrpcTimeout.Name, GrpcTimeout.Format(exchange.Clock.TimeLeft));
        }

        if (number > 1)
        {
            AttemptFields.Write(message, number);
        }

        message.RequestUri = TargetUri.Create(exchange.Destination, target);
        return head.Own(exchange, message, transformed);
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

    private static ValueTask<AttemptResult> FailAsync(Exchange exchange, Exception exception) => FailAsync(
        exchange,
        exception is ForwardTransformException
            ? ForwardError.TransformRefused
            : ForwardErrors.BeforeHead(exception, exchange.Clock, exchange.Body, exchange.HttpContext),
        exception);

    private static async ValueTask<AttemptResult> FailAsync(Exchange exchange, ForwardError error, Exception? exception)
    {
        exchange.Fail(error, exception);
        await exchange.EndAsync().ConfigureAwait(false);
        return new(exchange);
    }
}
