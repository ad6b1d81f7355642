using GatewayKit.Forwarding;
using GatewayKit.Pipeline;
using GatewayKit.Rollout.Diffing;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Rollout.Mirroring;

/// <summary>What a mirror sees of one request that was chosen. All that it does here is to copy; the rest is done elsewhere.</summary>
internal sealed class MirrorWatch(MirrorRoute route, GatewayContext context, MirrorPair? pair) : IForwardWatch
{
    private MirrorRequest? _request;
    private AnswerRecord? _answer;
    private BodyCapture? _answerBody;
    private int _seen;
    private bool _isLaunched;

    /// <summary>The body of the request, if it has one.</summary>
    public BodyCapture? RequestBody { get; init; }

    /// <inheritdoc/>
    public void Sending(HttpRequestMessage message, IForwardAttempt attempt)
    {
        // Of several attempts the first; two may be on their way at once.
        if (Interlocked.Exchange(ref _seen, 1) != 0)
        {
            return;
        }

        try
        {
            Begin(MirrorRequest.Of(message, attempt, context, route.Fields));
        }
        catch (Exception)
        {
            // The request goes on: what was not copied is counted at its end.
        }
    }

    /// <inheritdoc/>
    public Stream Reading(Stream body) => _answerBody is { } capture ? new CapturingStream(body, capture) : body;

    /// <summary>Takes what is to be sent, and sends it if there is no body to wait for.</summary>
    public void Begin(MirrorRequest request)
    {
        _request = request;
        if (RequestBody is null)
        {
            Launch();
        }
    }

    /// <summary>The body of the request has been read to its end.</summary>
    public void BodyConsumed()
    {
        if (RequestBody is { IsTooLarge: false } body && _request is { } request)
        {
            request.Body = body.Bytes;
            Launch();
        }
    }

    /// <summary>The answer is there that the client will get.</summary>
    public void Answered(object? result, MirrorComparison compare, TimeSpan elapsed)
    {
        if (result is not ForwardResult forwarded)
        {
            return;
        }

        _answer = AnswerRecord.Of(forwarded.Answer, compare, elapsed);
        if (compare.Body && !_answer.IsStream)
        {
            _answerBody = new(compare.MaxBodyBytes);
            _answer = _answer with { Body = _answerBody };
        }
    }

    /// <summary>The exchange with the client is over, however it ended.</summary>
    /// <param name="ownAnswer">What an endpoint of the host answered; <see langword="null"/> on a gateway route.</param>
    public void End(AnswerRecord? ownAnswer = null)
    {
        if (!_isLaunched)
        {
            route.Skipped(RequestBody is { IsTooLarge: true } ? MirrorSkip.BodyTooLarge : RequestBody is not null && _request is not null ? MirrorSkip.BodyUnread : MirrorSkip.NotSent);
            route.Leave();
            return;
        }

        pair?.MainEnded(ownAnswer ?? _answer, WhyNotCompared());
    }

    private string? WhyNotCompared() =>
        context.HttpContext.RequestAborted.IsCancellationRequested ? "client-aborted"
        : context.Fallback is not null ? "main-failed"
        : _answer is not null && context.GetForwardOutcome() is { Error: not ForwardError.None } ? "main-failed"
        : null;

    private void Launch()
    {
        _isLaunched = true;
        ThreadPool.UnsafeQueueUserWorkItem(new MirrorExchange(route, _request!, pair), preferLocal: false);
    }
}
