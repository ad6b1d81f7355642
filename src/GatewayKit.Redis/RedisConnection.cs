using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace GatewayKit.Redis;

/// <summary>The connection to Redis, the gateway's own or the host's. Made when it is first needed; later it comes back by itself.</summary>
/// <param name="options">Where Redis is.</param>
/// <param name="ofHost">Gives the connection that the host has registered.</param>
internal sealed class RedisConnection(IOptions<RedisOptions> options, Func<IConnectionMultiplexer> ofHost) : IAsyncDisposable, IDisposable
{
    private static readonly TimeSpan ReconnectInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MinAsyncTimeout = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly string? _connectionString = options.Value.ConnectionString;
    private Task<IConnectionMultiplexer>? _connecting;
    private bool _isDisposed;

    /// <summary>The database, whether there is a connection now or not. For one caller at a time.</summary>
    /// <param name="restored">Called when a connection is there again.</param>
    public async Task<IDatabase> OpenAsync(Action restored)
    {
        var (connecting, isNew) = Connect();
        var connection = await connecting.ConfigureAwait(false);
        if (isNew)
        {
            connection.ConnectionRestored += (_, _) => restored();
        }

        return connection.GetDatabase();
    }

    public ValueTask DisposeAsync()
    {
        Task<IConnectionMultiplexer>? made;
        lock (_lock)
        {
            (_isDisposed, made) = (true, _connecting);
        }

        if (made is not { } connecting || _connectionString is null)
        {
            return ValueTask.CompletedTask;
        }

        // One that is still being made may take as long as it likes; the host does not wait for it.
        var disposing = DisposeAsync(connecting);
        return connecting.IsCompleted ? new(disposing) : ValueTask.CompletedTask;
    }

    // A container that is disposed so has nobody who could wait.
    public void Dispose() => _ = DisposeAsync().AsTask();

    // What is begun after the end, nobody would end.
    private (Task<IConnectionMultiplexer> Connecting, bool IsNew) Connect()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_connecting is { IsFaulted: false, IsCanceled: false } known)
            {
                return (known, false);
            }

            // The host's may be made by code that waits.
            return (_connecting = _connectionString is null ? Task.Run(ofHost) : Task.Run(() => ConnectAsync(_connectionString, options.Value.Timeout)), true);
        }
    }

    private static async Task DisposeAsync(Task<IConnectionMultiplexer> connecting)
    {
        try
        {
            await (await connecting.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
        catch (RedisException)
        {
            // There was none.
        }
    }

    private static async Task<IConnectionMultiplexer> ConnectAsync(string connectionString, TimeSpan timeout)
    {
        var configuration = ConfigurationOptions.Parse(connectionString);
        configuration.ClientName ??= "GatewayKit";
        configuration.AbortOnConnectFail = false;

        // What is not sent at once would be counted when nobody waits for it any more.
        configuration.BacklogPolicy = BacklogPolicy.FailFast;

        // A connection on which nothing has come for four times this long is taken for dead, and made anew. Requests do not wait so long in any case.
        configuration.AsyncTimeout = (int)Math.Max(2 * timeout.TotalMilliseconds, MinAsyncTimeout.TotalMilliseconds);
        configuration.ReconnectRetryPolicy = new LinearRetry((int)ReconnectInterval.TotalMilliseconds);
        return await ConnectionMultiplexer.ConnectAsync(configuration).ConfigureAwait(false);
    }
}
