using GatewayKit.Lifecycle;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Bulkheads;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Net.Http.Headers;

namespace GatewayKit.Forwarding;

/// <summary>
/// The answer of a destination that nobody has written yet: its head is here, its body unread. A filter may look at it, return another
/// result in its place, or let it be executed; in any case it is released once, with the request at the latest.
/// </summary>
public sealed class ForwardResult : IResult, IStatusCodeHttpResult, IAsyncDisposable
{
    private readonly Exchange _exchange;

    // The place at the cluster.
    private PlaceClass? _place;

    internal ForwardResult(Exchange exchange, PlaceClass? place) => (_exchange, _place) = (exchange, place);

    /// <summary>The status the destination answered with.</summary>
    public int StatusCode => (int)Answer.StatusCode;

    /// <summary>The destination's answer. Reading its content takes it away from the client.</summary>
    public HttpResponseMessage Answer => _exchange.Response!;

    /// <summary>What came of the attempt so far.</summary>
    public ForwardOutcome Outcome => _exchange.Outcome;

    int? IStatusCodeHttpResult.StatusCode => StatusCode;

    /// <summary>Copies the head, streams the body, copies the trailers; or turns the exchange into a tunnel.</summary>
    /// <exception cref="ObjectDisposedException">It was executed or released before.</exception>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        ObjectDisposedException.ThrowIf(_exchange.HasEnded, this);
        try
        {
            var refusal = await WriteAsync(httpContext).ConfigureAwait(false);
            _exchange.IsAnswered = true;
            if (refusal is not null)
            {
                await refusal.ExecuteAsync(httpContext).ConfigureAwait(false);
            }
        }
        finally
        {
            await DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Releases the answer: what was not read of it is dropped.</summary>
    public ValueTask DisposeAsync()
    {
        var place = Interlocked.Exchange(ref _place, null);
        ValueTask ending;
        try
        {
            ending = _exchange.EndAsync();
        }
        catch
        {
            place?.GiveBack();
            throw;
        }

        if (place is null)
        {
            return ending;
        }

        if (!ending.IsCompletedSuccessfully)
        {
            return LeaveAsync(ending, place);
        }

        place.GiveBack();
        return ending;
    }

    private static async ValueTask LeaveAsync(ValueTask ending, PlaceClass place)
    {
        try
        {
            await ending.ConfigureAwait(false);
        }
        finally
        {
            place.GiveBack();
        }
    }

    private async ValueTask<GatewayProblem?> WriteAsync(HttpContext httpContext)
    {
        var upgrade = _exchange.Upgrade is { } asked && asked.IsAccepted(Answer) ? asked : null;
        if (upgrade is null ? !IsAnswer() : !upgrade.IsValid(Answer))
        {
            return Refuse(ForwardError.UpstreamProtocolError, null);
        }

        long? length;
        try
        {
            if (!ResponseHead.TryCopy(_exchange, out length))
            {
                ResponseHead.Withdraw(_exchange);
                return Refuse(ForwardError.UpstreamProtocolError, null);
            }
        }
        catch (InvalidOperationException exception) when (!httpContext.Response.HasStarted)
        {
            // A value the server cannot write (V5): never a cut one.
            ResponseHead.Withdraw(_exchange);
            return Refuse(ForwardError.UpstreamProtocolError, exception);
        }

        if (_exchange.Clock.HostIsDraining)
        {
            // It may have come before the host began to drain.
            Farewell.Say(httpContext);
        }

        if (_exchange.Cluster.Affinity?.Bind(httpContext, _exchange.Destination, StatusCode) is { } token)
        {
            ResponseHead.Append(_exchange, token.Name, token.Value);
        }

        if (upgrade is not null)
        {
            return await TunnelAsync(httpContext, upgrade).ConfigureAwait(false);
        }

        if (HasNoBody(httpContext))
        {
            return null;
        }

        httpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        var (error, cause) = length is null && ChunkedBody.TryBegin(_exchange)
            ? await ChunkedBody.CopyAsync(_exchange).ConfigureAwait(false)
            : await ResponseBody.CopyAsync(httpContext.Response, length, _exchange).ConfigureAwait(false);
        if (error is ForwardError.None && !_exchange.WritesChunks)
        {
            (error, cause) = TryCopyTrailers();
        }

        if (error is ForwardError.None)
        {
            return null;
        }

        if (!httpContext.Response.HasStarted && error is not ForwardError.ClientAborted)
        {
            ResponseHead.Withdraw(_exchange);
            return Refuse(error, cause);
        }

        Abort(httpContext, error, cause);
        return null;
    }

    // RFC 9110 §15: what is outside these classes, or switches a protocol nobody asked to switch, is no answer. To a client that connects
    // by HTTP/2 any 2xx opens the tunnel, so one that opened none cannot be passed on (RFC 8441 §5).
    private bool IsAnswer() => StatusCode is >= 200 and <= 599
        && !(StatusCode < 300 && _exchange.Upgrade is { ClientConnects: true });

    // The body is out: trailers that cannot be written must not let the answer look whole.
    private (ForwardError Error, Exception? Cause) TryCopyTrailers()
    {
        try
        {
            ResponseTrailers.Copy(_exchange);
            return (ForwardError.None, null);
        }
        catch (InvalidOperationException exception)
        {
            return (ForwardError.UpstreamProtocolError, exception);
        }
    }

    private async ValueTask<GatewayProblem?> TunnelAsync(HttpContext httpContext, WebSocketUpgrade upgrade)
    {
        var destination = Answer.Content.ReadAsStream();
        Stream client;
        try
        {
            client = await upgrade.AcceptAsync(httpContext).ConfigureAwait(false);
        }
        catch (InvalidOperationException exception) when (!httpContext.Response.HasStarted)
        {
            // The server upgrades no more connections (KestrelServerLimits.MaxConcurrentUpgradedConnections).
            ResponseHead.Withdraw(_exchange);
            httpContext.Response.Headers.Remove(HeaderNames.Connection);
            httpContext.Response.Headers.Remove(HeaderNames.Upgrade);
            httpContext.Response.Headers.Remove(HeaderNames.SecWebSocketAccept);
            return Refuse(ForwardError.UpgradesFull, exception);
        }

        _exchange.Phase = ForwardPhase.Tunnel;

        // Clocks of a request have no say over a tunnel.
        httpContext.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();
        _exchange.Clock.BecomesTunnel(_exchange.Cluster.Timeouts.Tunnel);
        var tunnel = new Tunnel(httpContext, client, destination, _exchange.Clock, upgrade.EndsInHalves);
        var maxDuration = httpContext.Features.Get<WebSocketTerms>()?.MaxDuration ?? Timeout.InfiniteTimeSpan;
        var outcome = await upgrade.RunAsync(tunnel, _exchange, maxDuration).ConfigureAwait(false);
        if (outcome.Error is not ForwardError.None)
        {
            Abort(httpContext, outcome.Error, outcome.Cause);
        }

        return null;
    }

    private void Abort(HttpContext httpContext, ForwardError error, Exception? cause)
    {
        var failure = _exchange.Fail(error, cause);
        _exchange.IsCut = true;
        if (_exchange.Context is { } context)
        {
            context.Reason = failure.Reason;
        }

        ResponseAbort.Abort(httpContext, error);
    }

    private GatewayProblem Refuse(ForwardError error, Exception? cause)
    {
        var problem = new GatewayProblem(_exchange.Fail(error, cause).Reason);
        if (_exchange.Context is { } context)
        {
            context.Reason = problem.Reason;
        }

        return problem;
    }

    // RFC 9110 §6.4.1, §9.3.2.
    private bool HasNoBody(HttpContext httpContext) =>
        HttpMethods.IsHead(httpContext.Request.Method)
        || StatusCode is StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent or StatusCodes.Status304NotModified;
}
