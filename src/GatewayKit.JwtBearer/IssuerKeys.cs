using GatewayKit.Identity.Schemes;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace GatewayKit.JwtBearer;

/// <summary>
/// The keys of one issuer. They are fetched by one request for all, again after an hour, and for a key that nobody knows at most once in 30 s, so that tokens with made-up ids cost the issuer
/// nothing. Safe for concurrent use.
/// </summary>
internal sealed partial class IssuerKeys(string scheme, Func<CancellationToken, Task<IReadOnlyList<SecurityKey>>> fetch, TimeSpan lifetime, TimeProvider time, ILogger logger)
{
    /// <summary>How soon unknown ids may lead to another fetch.</summary>
    public static readonly TimeSpan Pace = TimeSpan.FromSeconds(30);

    /// <summary>How soon a fetch is tried again while there are no keys at all.</summary>
    public static readonly TimeSpan RetryPace = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(15);

    private readonly TimeSpan _refreshAfter = lifetime < TimeSpan.FromHours(1) ? lifetime / 2 : TimeSpan.FromHours(1);
    private readonly Lock _lock = new();
    private volatile Snapshot? _snapshot;
    private Task? _flight;
    private long _triedAt;
    private bool _hasTried;
    private volatile bool _hasFailed;

    /// <summary>The key of an id.</summary>
    /// <param name="id">The id; <see langword="null"/> for that of an issuer that has one key only.</param>
    /// <param name="fits">Whether a key can be used.</param>
    /// <returns><see langword="null"/> if the issuer has none.</returns>
    /// <exception cref="AuthenticationUnavailableException">The issuer cannot be asked.</exception>
    public ValueTask<SecurityKey?> FindAsync(string? id, Func<SecurityKey, bool> fits)
    {
        if (_snapshot is { } snapshot && IsFresh(snapshot) && snapshot.Find(id, fits) is { } key)
        {
            if (time.GetElapsedTime(snapshot.FetchedAt) >= _refreshAfter)
            {
                _ = Refresh(Pace);
            }

            return new(key);
        }

        return AskAsync(id, fits);
    }

    private async ValueTask<SecurityKey?> AskAsync(string? id, Func<SecurityKey, bool> fits)
    {
        var isHeld = _snapshot is { } held && IsFresh(held);
        await Refresh(isHeld ? Pace : RetryPace).ConfigureAwait(false);
        if (_snapshot is not { } snapshot || !IsFresh(snapshot))
        {
            throw new AuthenticationUnavailableException($"There are no keys of the issuer of scheme '{scheme}'.");
        }

        // The issuer may have got the key since it was last asked with success: nobody can say that the token is not its own.
        return snapshot.Find(id, fits) ?? (_hasFailed ? throw new AuthenticationUnavailableException($"The issuer of scheme '{scheme}' could not be asked for a key that is not known.") : null);
    }

    private bool IsFresh(Snapshot snapshot) => time.GetElapsedTime(snapshot.FetchedAt) < lifetime;

    // The fetch that is under way, or another one if the last was long enough ago.
    private Task Refresh(TimeSpan pace)
    {
        lock (_lock)
        {
            if (_flight is { IsCompleted: false })
            {
                return _flight;
            }

            if (_hasTried && time.GetElapsedTime(_triedAt) < pace)
            {
                return Task.CompletedTask;
            }

            (_hasTried, _triedAt) = (true, time.GetTimestamp());

            // It is of no request: one that goes away takes nothing from the others, and none of their scopes and traces goes on the wire.
            using (ExecutionContext.SuppressFlow())
            {
                _flight = Task.Run(FetchAsync);
            }

            return _flight;
        }
    }

    private async Task FetchAsync()
    {
        try
        {
            using var deadline = new CancellationTokenSource(Longest, time);
            var keys = await fetch(deadline.Token).ConfigureAwait(false);
            _snapshot = new(keys, time.GetTimestamp());
            _hasFailed = false;
            Log.Fetched(logger, scheme, keys.Count);
        }
#pragma warning disable CA1031 // Whatever it is, there are no new keys.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _hasFailed = true;
            Log.NotFetched(logger, scheme, _snapshot is { } held && IsFresh(held) ? "Those that are held are used on" : "No token can be checked", Describe(exception));
        }
    }

    // Documents of others may be quoted in it: no control character of theirs ends a line.
    private static string Describe(Exception exception)
    {
        const int MostShown = 300;
        var text = exception.GetBaseException().Message;
        return $"{exception.GetType().Name}: {string.Concat(text.Take(MostShown).Select(static letter => char.IsControl(letter) ? '?' : letter))}";
    }

    private sealed class Snapshot(IReadOnlyList<SecurityKey> keys, long fetchedAt)
    {
        public long FetchedAt { get; } = fetchedAt;

        public SecurityKey? Find(string? id, Func<SecurityKey, bool> fits)
        {
            SecurityKey? found = null;
            foreach (var key in keys)
            {
                if ((id is null || string.Equals(key.KeyId, id, StringComparison.Ordinal)) && fits(key))
                {
                    // Of two nobody knows which is meant.
                    if (found is not null)
                    {
                        return null;
                    }

                    found = key;
                }
            }

            return found;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.KeysFetched, LogLevel.Information, "Scheme {Scheme} has fetched {Count} keys of its issuer.")]
        public static partial void Fetched(ILogger logger, string scheme, int count);

        [LoggerMessage(EventIds.KeysNotFetched, LogLevel.Warning, "Scheme {Scheme} could not fetch the keys of its issuer. {Consequence}. {Fault}")]
        public static partial void NotFetched(ILogger logger, string scheme, string consequence, string fault);
    }
}
