using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Forwarding;

/// <summary>
/// Two streams of bytes after an upgrade, until both have ended or nothing has moved for too long. Where the end of one direction can be
/// passed on alone it is, and the other goes on for a while; where it cannot, both end.
/// </summary>
internal sealed class Tunnel
{
    /// <summary>How long one direction goes on after the end of the other, and how long the peers have to answer a Close.</summary>
    public static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(5);

    private readonly HttpContext _httpContext;
    private readonly ExchangeClock _clock;
    private readonly bool _endsInHalves;
    private readonly TunnelDirection _up;
    private readonly TunnelDirection _down;
    private readonly TaskCompletionSource _clientIsGone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isAskedToClose;

    /// <param name="httpContext">The client's request.</param>
    /// <param name="client">The client's side.</param>
    /// <param name="destination">The destination's side.</param>
    /// <param name="clock">The clocks of the exchange.</param>
    /// <param name="endsInHalves">
    /// Whether the client can be told of the destination's end and still go on to send. That takes a stream of HTTP/2 on both sides: an upgraded connection
    /// of the server can only be closed, and the handler closes one that has ended.
    /// </param>
    public Tunnel(HttpContext httpContext, Stream client, Stream destination, ExchangeClock clock, bool endsInHalves)
    {
        (_httpContext, _clock, _endsInHalves) = (httpContext, clock, endsInHalves);
        _up = new(client, destination, fromClient: true, clock);
        _down = new(destination, client, fromClient: false, clock);
    }

    public long BytesFromClient => _up.Bytes;

    public long BytesFromDestination => _down.Bytes;

    private bool HasClosed => _up.SourceHasClosed && _down.SourceHasClosed;

    /// <summary>Asks both sides to close, with status 1001 between two frames. Does not wait. A Close that is on its way already is left to its peers.</summary>
    public void Close()
    {
        Volatile.Write(ref _isAskedToClose, true);
        if (!_up.SourceHasClosed && !_down.SourceHasClosed)
        {
            _up.AskToClose();
            _down.AskToClose();
        }
    }

    /// <summary>The same because its destination goes, and ends it when the peers take too long to answer. Does not wait.</summary>
    public void Leave() => _ = EndAfterAsync(TimeSpan.Zero, ForwardError.Draining);

    /// <summary>Ends it now.</summary>
    public void Abort(ForwardError error) => _clock.TryCancel(error);

    /// <summary>Copies until the end.</summary>
    /// <param name="maxDuration">After which time it is closed; <see cref="Timeout.InfiniteTimeSpan"/> for never.</param>
    public async ValueTask<TunnelOutcome> RunAsync(TimeSpan maxDuration)
    {
        var ending = maxDuration == Timeout.InfiniteTimeSpan ? Task.CompletedTask : EndAfterAsync(maxDuration, ForwardError.DeadlineExceeded);

        // A client that closes its connection has often sent something before: that still arrives, so this alone does not cancel.
        await using var gone = _httpContext.RequestAborted.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), _clientIsGone).ConfigureAwait(false);
        var (up, down) = (_up.RunAsync(), _down.RunAsync());
        var first = await Task.WhenAny(up, down, _clientIsGone.Task).ConfigureAwait(false) == down ? down : up;
        if (!first.IsCompleted)
        {
            await WaitAsync(up, up).ConfigureAwait(false);
        }
        else if (await first.ConfigureAwait(false) is { Cause: null })
        {
            await LetOtherEndAsync(first == up, up, down).ConfigureAwait(false);
        }

        var (asked, error) = (Volatile.Read(ref _isAskedToClose), _clock.Error);
        _clock.Cancel();

        // The clock is the next exchange's, or gone, as soon as this returns: nothing may look at it after that.
        await Task.WhenAll(up, down, ending).ConfigureAwait(false);
        var (cause, inRead) = await first.ConfigureAwait(false);

        // A failed read is its sender's fault, a failed write its receiver's. After a Close from both, how the connections end says nothing.
        var byClient = first == up == (cause is null || inRead);
        if (error is ForwardError.None && cause is not null && !asked && !HasClosed)
        {
            error = byClient ? ForwardError.ClientAborted : ForwardError.UpstreamTruncated;
        }

        var byGateway = asked || error is not (ForwardError.None or ForwardError.ClientAborted or ForwardError.UpstreamTruncated);
        return new(error, cause, byGateway ? TunnelSide.Gateway : byClient ? TunnelSide.Client : TunnelSide.Destination);
    }

    private async Task LetOtherEndAsync(bool clientHasEnded, Task up, Task down)
    {
        if (HasClosed && !Volatile.Read(ref _isAskedToClose))
        {
            // Both have said goodbye. The server closes first (RFC 6455 §7.1.1), and this is it.
            return;
        }

        if (clientHasEnded)
        {
            // The handler cannot end its side alone, whatever the version, so the destination does not learn of it yet. What it still says may arrive.
            await WaitAsync(down, _clientIsGone.Task).ConfigureAwait(false);
        }
        else if (Volatile.Read(ref _isAskedToClose))
        {
            await WaitAsync(up, up).ConfigureAwait(false);
        }
        else if (_endsInHalves)
        {
            await _httpContext.Response.CompleteAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await WaitAsync(up, up).ConfigureAwait(false);
        }
    }

    private async Task WaitAsync(Task one, Task other)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_clock.Token);
        await Task.WhenAny(one, other, _clock.Delay(CloseLimit, limit.Token)).ConfigureAwait(false);
        await limit.CancelAsync().ConfigureAwait(false);
    }

    // The end of what may be a long life: the same polite way as at shutdown, then the short one.
    private async Task EndAfterAsync(TimeSpan duration, ForwardError late)
    {
        try
        {
            var ended = _clock.Token;
            await _clock.Delay(duration, ended).ConfigureAwait(false);
            Close();
            await _clock.Delay(CloseLimit, ended).ConfigureAwait(false);
            Abort(late);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
        {
            // It has ended before.
        }
    }
}

/// <summary>How a tunnel ended.</summary>
/// <param name="Error">How it failed; <see cref="ForwardError.None"/> if it did not.</param>
/// <param name="Cause">What broke it, if anything did.</param>
/// <param name="EndedBy">Who ended it.</param>
internal readonly record struct TunnelOutcome(ForwardError Error, Exception? Cause, TunnelSide EndedBy);
