using System.Diagnostics;
using System.Runtime.CompilerServices;
using GatewayKit.Clusters;
using GatewayKit.Pipeline;
using Polly;

namespace GatewayKit.Forwarding.Attempts;

/// <summary>Makes one attempt: a destination, a message, an answer. Nothing of the client's response is touched.</summary>
internal sealed class AttemptSender(
    RequestHead head, ExchangeClocks clocks, ForwardMetrics metrics, Tunnels tunnels, AttemptStrategies strategies, AttemptFaults faults, bool statesDeadlines = false, bool tellsWouldReject = false)
{
    /// <summary>Tells destinations which policies in shadow would have refused the request. Clients' copies are stripped with all fields of the family.</summary>
    private const string WouldRejectField = "X-GW-Would-Reject";

    /// <summary>The clock that attempts and their deadlines are measured by.</summary>
    public TimeProvider Time => clocks.Time;

    /// <summary>Cancelled when the host begins to stop: nothing waits any more.</summary>
    public CancellationToken Draining => clocks.Draining;

    /// <summary>Why a request was given up whose <c>RequestAborted</c> has fired; <see cref="ForwardError.None"/> while it has not.</summary>
    public ForwardError AbortedBy(in ForwardCall call) =>
        call.HttpContext.RequestAborted.IsCancellationRequested ? clocks.CauseOfAbort(call.HttpContext, call.Deadline.At) : ForwardError.None;

    /// <summary>Makes an attempt of several.</summary>
    /// <param name="call">The request.</param>
    /// <param name="ring">Its way round the ring, where the attempt is noted before this returns.</param>
    /// <returns>An attempt with an answer; one that failed and has given back what it held; or why there was none.</returns>
    public ValueTask<Outcome<AttemptResult>> SendAsync(in ForwardCall call, RingCall ring) => EndAsync(Begin(call, ring));

    /// <summary>Begins an attempt. All up to the first wait runs here, so that the state machine behind it is small.</summary>
    /// <param name="call">The request.</param>
    /// <param name="ring">Its way round the ring; <see langword="null"/> if there is one attempt and no more.</param>
    /// <returns>A message on its way, whose answer <see cref="Receive"/> takes; or what came of the attempt instead.</returns>
    public BegunAttempt Begin(in ForwardCall call, RingCall? ring)
    {
        if (ring is { Attempts: > 0 } && call.Upgrade?.Reserve(tunnels) is { } full and not ForwardError.None)
        {
            return new(new AttemptResult(full));
        }

        var refusal = call.Cluster.TryBegin(call.HttpContext, ring is null ? default : ring.Tried, out var lease, ring is { MustGoElsewhere: true });
        if (refusal is not PickRefusal.None)
        {
            call.Upgrade?.Release();
            return new(new AttemptResult(refusal is PickRefusal.CircuitsOpen ? ForwardError.CircuitOpen : ForwardError.NoHealthyDestination, call.Cluster.RetryAfter));
        }

        var exchange = new Exchange(call, lease, clocks.Rent(), metrics);
        ring?.Note(exchange);
        try
        {
            var invoker = exchange.Begin();
            return exchange.Destination.InFlight > call.Cluster.MostInFlight
                ? new(QueueAsync(exchange, invoker, call.Target, ring))
                : Send(exchange, invoker, call.Target, ring);
        }
        catch (Exception exception)
        {
            return new(FailAsync(exchange, ForwardError.TransformFailed, exception));
        }
    }

    /// <summary>Takes the answer to a message that was sent.</summary>
    /// <param name="exchange">What the attempt holds.</param>
    /// <param name="sending">The message, which has come back or failed.</param>
    /// <param name="failing">What comes of the attempt if there is no answer.</param>
    /// <returns>Whether there is one.</returns>
    public bool Receive(Exchange exchange, Task<HttpResponseMessage> sending, out Task<Outcome<AttemptResult>> failing)
    {
        if (!sending.IsCompletedSuccessfully)
        {
            failing = FailAsync(exchange, sending);
            return false;
        }

        try
        {
            exchange.Accept(sending.GetAwaiter().GetResult());
        }
        catch (Exception exception)
        {
            // Whoever is told of answers has thrown, such as a log of the host: not the destination's doing, and nothing that is held may be lost with it.
            failing = FailAsync(exchange, ForwardError.TransformFailed, exception).AsTask();
            return false;
        }

        failing = null!;
        return true;
    }

    private ValueTask<Outcome<AttemptResult>> EndAsync(in BegunAttempt attempt) => attempt.Sending is { } sending ? ReceiveAsync(attempt.Exchange!, sending) : attempt.Outcome;

    // All connections are in use. Waiting for one is not the destination's time, and ends with a refusal of its own.
    private async ValueTask<Outcome<AttemptResult>> QueueAsync(Exchange exchange, HttpMessageInvoker invoker, RequestTarget target, RingCall? ring)
    {
        var (clock, cluster) = (exchange.Clock, exchange.Cluster);
        exchange.Phase = ForwardPhase.Waiting;
        clock.AttemptWaits();
        try
        {
            if (!await clock.WaitAsync(exchange.Destination.Use.Queue, cluster.MostInFlight, cluster.Timeouts.PoolWait).ConfigureAwait(false))
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
        return await EndAsync(Send(exchange, invoker, target, ring)).ConfigureAwait(false);
    }

    private BegunAttempt Send(Exchange exchange, HttpMessageInvoker invoker, RequestTarget target, RingCall? ring)
    {
        var http = exchange.Cluster.Cluster.Http;
        var sent = false;
        try
        {
            var message = new HttpRequestMessage { Version = http.Version, VersionPolicy = http.VersionPolicy };
            var error = Compose(exchange, message, target, ring);
            if (error is not ForwardError.None)
            {
                return new(FailAsync(exchange, error, null));
            }

            exchange.Context?.ForwardWatch?.Sending(message, exchange);
            var (pipeline, injection) = (strategies.Of(exchange.Cluster.Cluster.Id), faults.Of(exchange.HttpContext));
            if (pipeline is not null || injection is not null)
            {
                return new(SendThroughAsync(exchange, new(invoker, message, injection, FallBackOf(exchange)), pipeline ?? ResiliencePipeline<AttemptResult>.Empty));
            }

            sent = true;
            return new(exchange, invoker.SendAsync(message, exchange.Clock.Token));
        }
        catch (Exception exception)
        {
            // Before it was sent, the fault is the gateway's own and must not count against the destination.
            return new(sent || exception is ForwardTransformException ? FailAsync(exchange, exception) : FailAsync(exchange, ForwardError.TransformFailed, exception));
        }
    }

    // Apart, because it captures.
    private Func<Exception, HttpRequestMessage?>? FallBackOf(Exchange exchange) => exchange.Upgrade is null ? null : exception => FallBack(exchange, exception);

    private static async ValueTask<Outcome<AttemptResult>> SendThroughAsync(Exchange exchange, Sending sending, ResiliencePipeline<AttemptResult> pipeline)
    {
        var context = ResilienceContextPool.Shared.Get(exchange.Clock.Token);
        try
        {
            var outcome = await pipeline.ExecuteOutcomeAsync(Sending.SendAsync, context, sending).ConfigureAwait(false);
            exchange.IsSentAgain = sending.Count > 1;
            var answer = outcome.Exception is null && exchange.Error is ForwardError.None ? outcome.Result.Answer : null;
            sending.DropBut(answer);
            if (answer is not null)
            {
                exchange.Accept(answer);
                return Outcome.FromResult(new AttemptResult(exchange));
            }

            return outcome.Exception is { } exception
                ? await FailAsync(exchange, exception).ConfigureAwait(false)
                : await FailAsync(exchange, ForwardError.UpstreamReset, null).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // A strategy that throws itself, or its predicate: nothing that the attempt holds may be lost with it.
            sending.DropBut(null);
            var isOfHost = exchange.Clock.Error is ForwardError.None && exception is not ExecutionRejectedException;
            return isOfHost
                ? await FailAsync(exchange, ForwardError.TransformFailed, exception).ConfigureAwait(false)
                : await FailAsync(exchange, exception).ConfigureAwait(false);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Outcome<AttemptResult>> ReceiveAsync(Exchange exchange, Task<HttpResponseMessage> sending)
    {
        // Looked at rather than caught: a catch that awaits would keep an exception and one more kind of awaiter in every request's state.
        await ((Task)sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return Receive(exchange, sending, out var failing) ? Outcome.FromResult(new AttemptResult(exchange)) : await failing.ConfigureAwait(false);
    }

    private async Task<Outcome<AttemptResult>> FailAsync(Exchange exchange, Task sending)
    {
        Task<HttpResponseMessage> again;
        try
        {
            await sending.ConfigureAwait(false);
            throw new UnreachableException();
        }
        catch (Exception exception)
        {
            if (FallBack(exchange, exception) is not { } message)
            {
                return await FailAsync(exchange, exception).ConfigureAwait(false);
            }

            again = SendByHttp11(exchange, message);
        }

        return await ReceiveAsync(exchange, again).ConfigureAwait(false);
    }

    // The exchange is counted already.
    private static async Task<HttpResponseMessage> SendByHttp11(Exchange exchange, HttpRequestMessage message)
    {
        var transport = exchange.Cluster.Transport;
        var invoker = transport.Acquire();
        transport.Release();
        return await invoker.SendAsync(message, exchange.Clock.Token).ConfigureAwait(false);
    }

    // A WebSocket that the destination did not take over HTTP/2, from the start over HTTP/1.1. Nothing of it was processed.
    private HttpRequestMessage? FallBack(Exchange exchange, Exception exception)
    {
        if (exchange.Clock.Error is not ForwardError.None || exchange.Upgrade?.TryFallBack(exception) is not true)
        {
            return null;
        }

        try
        {
            var message = new HttpRequestMessage();
            if (!RequestTarget.TryRead(exchange.HttpContext, exchange.Context?.Endpoint.AllowsEncodedSlash ?? false, out var target))
            {
                throw new UnreachableException();
            }

            var error = Compose(exchange, message, target, ring: null);
            if (error is ForwardError.None)
            {
                return message;
            }

            exchange.Fail(error, null);
        }
        catch (Exception fault)
        {
            exchange.Fail(fault is ForwardTransformException ? ForwardError.TransformRefused : ForwardError.TransformFailed, fault);
        }

        return null;
    }

    private ForwardError Compose(Exchange exchange, HttpRequestMessage message, RequestTarget target, RingCall? ring)
    {
        message.Method = HttpMethod.Parse(exchange.HttpContext.Request.Method);
        exchange.Upgrade?.Begin(message);
        RequestContent.Add(exchange, message, ring?.Replay);
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

        if (exchange.Deadline.Exists)
        {
            StateDeadline(exchange, message);
        }

        if (tellsWouldReject && exchange.Context?.WouldReject is { } policies)
        {
            message.Headers.Remove(WouldRejectField);
            message.Headers.TryAddWithoutValidation(WouldRejectField, policies);
        }

        if (ring is { Attempts: > 1 and var number })
        {
            AttemptFields.Write(message, number);
        }

        message.RequestUri = TargetUri.Create(exchange.Destination, target);
        error = head.Own(exchange, message, transformed);
        if (error is ForwardError.None && exchange.Context?.ForwardSigner is { } signer)
        {
            signer.Sign(message, exchange.HttpContext);
        }

        return error;
    }

    private void StateDeadline(Exchange exchange, HttpRequestMessage message)
    {
        var left = exchange.Clock.TimeLeft;
        if (exchange.IsGrpc)
        {
            message.Headers.Remove(GrpcTimeout.Name);
            message.Headers.TryAddWithoutValidation(GrpcTimeout.Name, GrpcTimeout.Format(left > 2 * DeadlineField.Travel ? left - DeadlineField.Travel : left));
        }
        else if (statesDeadlines)
        {
            message.Headers.TryAddWithoutValidation(DeadlineField.Name, DeadlineField.Format(left));
        }
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

    private static ValueTask<Outcome<AttemptResult>> FailAsync(Exchange exchange, Exception exception) => FailAsync(
        exchange,
        exception is ForwardTransformException
            ? ForwardError.TransformRefused
            : ForwardErrors.BeforeHead(exception, exchange.Clock, exchange.Body, exchange.HttpContext),
        exception);

    private static async ValueTask<Outcome<AttemptResult>> FailAsync(Exchange exchange, ForwardError error, Exception? exception)
    {
        try
        {
            exchange.Fail(error, exception);
        }
        finally
        {
            await exchange.EndAsync().ConfigureAwait(false);
        }

        return Outcome.FromResult(new AttemptResult(exchange));
    }
}
