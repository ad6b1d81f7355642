using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace GatewayKit.Redis;

/// <summary>The way to Redis: steps that are sent with a bound on time, or not at all while Redis is away. Safe to use from any thread.</summary>
internal sealed class RedisLink(RedisConnection connection, RedisBreaker breaker, RedisMetrics metrics, IOptions<RedisOptions> options, TimeProvider time, ILogger<RedisLink> logger)
{
    // A Redis that is emptied while connections stay tells nobody: it gets its secret back with the first step after this time. An instance that starts before makes another one, of which
    // the others learn within the same time.
    private static readonly TimeSpan ExchangeInterval = TimeSpan.FromSeconds(3);

    private const long Never = long.MinValue;

    private static readonly RedisScript Probing = new("probe", ["Probe.lua"]);

    private readonly TimeSpan _timeout = options.Value.Timeout;
    private readonly RedisKey _probeKey = $"{options.Value.KeyPrefix}:{{probe}}";
    private readonly RedisSecret _secret = new(options.Value, logger);
    private volatile IDatabase? _database;
    private long _lastExchange = Never;
    private bool _isExchanging;

    /// <summary>What all keys start with.</summary>
    public string KeyPrefix { get; } = options.Value.KeyPrefix;

    /// <summary>What keys are hashed with; empty as long as it is not known.</summary>
    public ReadOnlyMemory<byte> Secret => _secret.Value;

    /// <summary>Whether steps are sent. The secret is known then.</summary>
    public bool IsUp => breaker.IsUp;

    /// <summary>Takes a step. Once <see cref="IsUp"/> was true.</summary>
    /// <param name="script">What is done.</param>
    /// <param name="key">Its key.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="cancellationToken">What is canceled before it is sent is not sent. What is sent is waited for: its caller may go away, and what it takes has to be known.</param>
    /// <exception cref="RedisStoreException">There is no answer.</exception>
    public async Task<long[]> RunAsync(RedisScript script, RedisKey key, RedisValue[] arguments, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (database, start) = (_database!, time.GetTimestamp());
        RefreshSecret(database);
        var sent = Observed(script.RunAsync(database, key, arguments));
        try
        {
            var reply = await sent.WaitAsync(_timeout, time, CancellationToken.None).ConfigureAwait(false);
            breaker.Succeeded();
            metrics.Sent(script.Name, "answered", time.GetElapsedTime(start));
            return reply;
        }
        catch (Exception exception)
        {
            breaker.Failed(exception);
            metrics.Sent(script.Name, exception is TimeoutException ? "timeout" : "failed", time.GetElapsedTime(start));
            throw new RedisStoreException("Redis gave no answer.", exception) { Late = sent };
        }
    }

    /// <summary>The answer of a step that is not sent, at once and without a throw. Perhaps a probe begins, for which nobody waits.</summary>
    public ValueTask<T> Refuse<T>(string step)
    {
        metrics.Unsent(step);
        Probe();
        return ValueTask.FromException<T>(new RedisStoreException("Redis does not answer; it is tried beside the requests."));
    }

    /// <summary>Tries whether Redis answers, if it is time to.</summary>
    public void Probe()
    {
        if (breaker.TryBeginProbe())
        {
            using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
            {
                _ = Task.Run(ProbeAsync);
            }
        }
    }

    private async Task ProbeAsync()
    {
        Exception? failure = null;
        try
        {
            var database = await connection.OpenAsync(restored: () => Volatile.Write(ref _lastExchange, Never)).ConfigureAwait(false);
            await _secret.ExchangeAsync(database).ConfigureAwait(false);
            Volatile.Write(ref _lastExchange, time.GetTimestamp());

            // The first one may wait for connections and for code that has never run; the second has the time of a request.
            await Probing.RunAsync(database, _probeKey, []).ConfigureAwait(false);
            await Observed(Probing.RunAsync(database, _probeKey, [])).WaitAsync(_timeout, time).ConfigureAwait(false);
            _database = database;
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        breaker.EndProbe(failure);
    }

    private void RefreshSecret(IDatabase database)
    {
        var last = Volatile.Read(ref _lastExchange);
        if ((last == Never || time.GetElapsedTime(last) > ExchangeInterval) && !Interlocked.Exchange(ref _isExchanging, true))
        {
            // If it fails, so do the steps.
            _ = Observed(ExchangeSecretAsync(database, last));
        }
    }

    // Done only when it has succeeded, and not if a connection came back meanwhile.
    private async Task ExchangeSecretAsync(IDatabase database, long last)
    {
        try
        {
            var start = time.GetTimestamp();
            await _secret.ExchangeAsync(database).ConfigureAwait(false);
            Interlocked.CompareExchange(ref _lastExchange, start, last);
        }
        finally
        {
            Volatile.Write(ref _isExchanging, false);
        }
    }

    // Its failure counts as seen: nobody may be waiting any more when it comes.
    private static TTask Observed<TTask>(TTask task)
        where TTask : Task
    {
        _ = task.ContinueWith(static late => _ = late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return task;
    }
}
