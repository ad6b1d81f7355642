using GatewayKit.Identity.OwnCalls;

namespace GatewayKit.Identity.Upstream;

/// <summary>
/// A token that is kept, for one place of the settings and, where that matters, one caller. However many want it, it is fetched once at a time; while it is still good it is renewed
/// beside the requests; after a failure the server is left alone for a while. Safe for concurrent use.
/// </summary>
/// <param name="fetch">Gets one; it is given the caller's token, if that matters, and never throws.</param>
/// <param name="time">The clock.</param>
/// <param name="recovered">Told of the first token after a failure.</param>
internal sealed class TokenSlot(Func<string?, Task<TokenResult>> fetch, TimeProvider time, Action? recovered = null)
{
    private const int MostDoublings = 5;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    // A destination that takes no token at all must not make the gateway ask for one with each request.
    private static readonly TimeSpan KeptAtLeast = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private UpstreamToken? _token;
    private Task<TokenResult>? _fetching;
    private CallFailure _failure;
    private DateTimeOffset _pauseEnds;
    private int _failures;

    /// <summary>The token, if there is one that is good.</summary>
    /// <param name="subject">The caller's token, where it matters.</param>
    public UpstreamToken? Ready(string? subject)
    {
        if (Volatile.Read(ref _token) is not { } token)
        {
            return null;
        }

        var now = time.GetUtcNow();
        if (now < token.RenewAt)
        {
            return token;
        }

        if (now >= token.ExpiresAt)
        {
            return null;
        }

        lock (_lock)
        {
            if (_fetching is null && now >= _pauseEnds && _token == token)
            {
                Begin(subject);
            }
        }

        return token;
    }

    /// <summary>The token, fetched if need be: by whoever asks first, for all who ask meanwhile.</summary>
    /// <param name="subject">The caller's token, where it matters.</param>
    public Task<TokenResult> GetAsync(string? subject)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            return _token is { } token && now < token.ExpiresAt ? Task.FromResult(new TokenResult(token, CallFailure.None))
                : _fetching is { } fetching ? fetching
                : now < _pauseEnds ? Task.FromResult(new TokenResult(null, _failure, _pauseEnds - now))
                : Begin(subject);
        }
    }

    /// <summary>Gives up a token that a destination did not take.</summary>
    /// <returns>Whether another one may be better: not if this one is new.</returns>
    public bool Drop(UpstreamToken token)
    {
        lock (_lock)
        {
            if (_token == token)
            {
                if (time.GetUtcNow() - token.FetchedAt < KeptAtLeast)
                {
                    return false;
                }

                Volatile.Write(ref _token, null);
            }

            return true;
        }
    }

    // Of no request: one that goes away takes nothing from the others, and its trace does not live on in it.
    private Task<TokenResult> Begin(string? subject)
    {
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            return _fetching = Task.Run(() => FetchAsync(subject));
        }
    }

    private async Task<TokenResult> FetchAsync(string? subject)
    {
        var result = await fetch(subject).ConfigureAwait(false);
        var isRecovery = false;
        lock (_lock)
        {
            _fetching = null;
            if (result.Token is { } token)
            {
                isRecovery = _failures > 0;
                (_failures, _pauseEnds) = (0, default);
                Volatile.Write(ref _token, token);
            }
            else
            {
                var pause = FirstPause * (1 << Math.Min(_failures, MostDoublings));
                _failures++;
                (_failure, _pauseEnds) = (result.Failure, time.GetUtcNow() + pause);
                result = result with { RetryAfter = pause };
            }
        }

        if (isRecovery)
        {
            recovered?.Invoke();
        }

        return result;
    }
}
