using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Forwarding;

/// <summary>
/// The answer of a destination that nobody has written yet: its head is here, its body unread. A filter may look at it, return another
/// result in its place, or let it be executed; in any case it is released once, with the request at the latest.
/// </summary>
public sealed class ForwardResult : IResult, IStatusCodeHttpResult, IAsyncDisposable
{
    private readonly Exchange _exchange;

    internal ForwardResult(Exchange exchange) => _exchange = exchange;

    /// <summary>The status the destination answered with.</summary>
    public int StatusCode => (int)Answer.StatusCode;

    /// <summary>The destination's answer. Reading its content takes it away from the client.</summary>
    public HttpResponseMessage Answer => _exchange.Response!;

    int? IStatusCodeHttpResult.StatusCode => StatusCode;

    /// <summary>Copies the head, streams the body, copies the trailers; or turns the exchange into a tunnel.</summary>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        try
        {
            var refusal = await WriteAsync(httpContext).ConfigureAwait(false);
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
    public ValueTask DisposeAsync() => _exchange.EndAsync();

    private async ValueTask<GatewayProblem?> WriteAsync(HttpContext httpContext)
    {
        var upgrade = _exchange.Upgrade is { } asked && asked.IsAccepted(Answer) ? asked : null;
        if (upgrade is null ? Answer.StatusCode is System.Net.HttpStatusCode.SwitchingProtocols : !upgrade.IsValid(Answer))
        {
            return Refuse(ForwardError.UpstreamProtocolError, null);
        }

        long? length;
        try
        {
            ResponseHead.Copy(_exchange, out length);
        }
        catch (InvalidOperationException exception) when (!httpContext.Response.HasStarted)
        {
            // A value the server cannot write (V5): never a cut one.
            httpContext.Response.Clear();
            return Refuse(ForwardError.UpstreamProtocolError, exception);
        }

        if (upgrade is not null)
        {
            await TunnelAsync(httpContext, upgrade).ConfigureAwait(false);
            return null;
        }

        if (HasNoBody(httpContext))
        {
            return null;
        }

        httpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        var body = Answer.Content.ReadAsStream();
        var (error, cause) = await ResponseBody.CopyAsync(body, httpContext.Response, length, _exchange.Clock, _exchange.Body).ConfigureAwait(false);
        if (error is ForwardError.None)
        {
            ResponseHead.CopyTrailers(_exchange);
            return null;
        }

        if (!httpContext.Response.HasStarted && error is not ForwardError.ClientAborted)
        {
            httpContext.Response.Clear();
            return Refuse(error, cause);
        }

        Abort(httpContext, error, cause);
        return null;
    }

    private async ValueTask TunnelAsync(HttpContext httpContext, WebSocketUpgrade upgrade)
    {
        var destination = Answer.Content.ReadAsStream();
        var client = await upgrade.AcceptAsync(httpContext).ConfigureAwait(false);
        var (error, cause) = await Tunnel.RunAsync(client, destination, _exchange.Clock).ConfigureAwait(false);
        if (error is not ForwardError.None)
        {
            Abort(httpContext, error, cause);
        }
    }

    private void Abort(HttpContext httpContext, ForwardError error, Exception? cause)
    {
        var failure = _exchange.Fail(error, cause);
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
