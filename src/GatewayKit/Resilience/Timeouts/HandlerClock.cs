using GatewayKit.Diagnostics;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Resilience.Timeouts;

/// <summary>
/// The deadline of a request at an endpoint of the host: a token in place of <see cref="HttpContext.RequestAborted"/>, until the response is done.
/// After the deadline no answer begins but the refusal, and one that has begun is cut: the framework swallows a cancellation in the middle of
/// writing JSON, and half an answer must not look whole. Nobody can stop a handler that does not look at its token.
/// </summary>
internal sealed partial class HandlerClock : IDisposable
{
    private const long Off = long.MaxValue;

    private readonly HandlerClocks _pool;
    private readonly CancellationTokenSource _source = new();
    private readonly object _boxedToken;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private HttpContext _httpContext = null!;
    private CancellationToken _client;
    private CancellationTokenRegistration _clientAbort;
    private long _due = Off, _timerDue = Off;
    private bool _running, _started, _released, _sparesStreams;
    private volatile bool _hasPassed;

    public HandlerClock(HandlerClocks pool)
    {
        _pool = pool;
        _boxedToken = _source.Token;
        _timer = pool.Time.CreateDetachedTimer(static state => ((HandlerClock)state!).OnTimer(), this);
    }

    /// <summary>Whether the deadline has passed and the request was cancelled for it.</summary>
    public bool HasPassed => _hasPassed;

    /// <summary>Runs until the response is done, or to <see cref="GatewayContext.Deadline"/>.</summary>
    /// <param name="context">The request.</param>
    /// <param name="sparesStreams">Whether an event stream that has begun goes on.</param>
    /// <param name="takesToken">Whether the handler may have the token among its arguments.</param>
    public void Start(GatewayContext context, bool sparesStreams, bool takesToken)
    {
        var httpContext = context.HttpContext;
        _client = httpContext.RequestAborted;
        httpContext.RequestAborted = _source.Token;
        if (takesToken)
        {
            ReplaceArguments(context.Arguments);
        }

        lock (_lock)
        {
            (_httpContext, _due, _sparesStreams) = (httpContext, context.Deadline, sparesStreams);
            (_running, _started, _released) = (true, httpContext.Response.HasStarted, false);
            Arm(_pool.Time.GetTimestamp());
        }

        _clientAbort = _client.UnsafeRegister(static state => ((HandlerClock)state!).Cancel(), this);
        httpContext.Response.RegisterForDispose(this);
        if (!httpContext.Response.HasStarted)
        {
            httpContext.Response.OnStarting(static state => ((HandlerClock)state).OnStarting(), this);
        }
    }

    /// <summary>The refusal is the answer: it may begin, and the token is the client's own again.</summary>
    public void Release()
    {
        lock (_lock)
        {
            _released = true;
        }

        _httpContext.RequestAborted = _client;
    }

    /// <summary>The response is done.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _running = false;
        }

        _clientAbort.Dispose();
        _httpContext.RequestAborted = _client;
        (_httpContext, _client) = (null!, default);

        // The timer stays armed: when it fires it finds nothing to do, or the next request.
        if (!_hasPassed && _source.TryReset())
        {
            _pool.Return(this);
        }
        else
        {
            Free();
        }
    }

    /// <summary>It is not used again.</summary>
    public void Free()
    {
        _timer.Dispose();
        _source.Dispose();
    }

    // The framework has bound a handler's parameters before filters run.
    private void ReplaceArguments(IList<object?> arguments)
    {
        for (var index = 0; index < arguments.Count; index++)
        {
            if (arguments[index] is CancellationToken token && token == _client)
            {
                arguments[index] = _boxedToken;
            }
        }
    }

    private void Arm(long now)
    {
        if (_due >= _timerDue)
        {
            return;
        }

        _timerDue = _due;
        var wait = _pool.Time.GetElapsedTime(now, _due);
        _timer.Change(TimeSpan.FromMilliseconds(Math.Max(0, Math.Ceiling(wait.TotalMilliseconds))), Timeout.InfiniteTimeSpan);
    }

    private Task OnStarting()
    {
        lock (_lock)
        {
            _started = true;
            if (_running && _hasPassed && !_released)
            {
                _httpContext.Abort();
            }
        }

        return Task.CompletedTask;
    }

    private void OnTimer()
    {
        lock (_lock)
        {
            _timerDue = Off;
            if (!_running || _hasPassed)
            {
                return;
            }

            var now = _pool.Time.GetTimestamp();
            if (now < _due)
            {
                Arm(now);
                return;
            }

            if (_started && _sparesStreams && LongLived.IsEventStream(_httpContext.Response.ContentType))
            {
                return;
            }

            // Under the lock: the request does not end meanwhile, and its context is nobody else's.
            _hasPassed = true;
            if (_started)
            {
                _httpContext.Abort();
            }
        }

        Cancel();
    }

    // What the handler registered runs here, and what it throws would end the process.
    private void Cancel()
    {
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The request has ended.
        }
#pragma warning disable CA1031 // Code of the host may throw anything.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.CallbackFailed(_pool.Logger, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.DeadlineCallbackFailed, LogLevel.Error, "What a handler does on cancellation failed.")]
        public static partial void CallbackFailed(ILogger logger, Exception exception);
    }
}
