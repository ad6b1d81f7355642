using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace GatewayKit.Redis;

/// <summary>The connection to Redis, the gateway's own or the host's. Made when it is first needed; later it comes back by itself.</summary>
/// <param name="options">Where Redis is.</param>
/// <param name="ofHost">Gives the connection that the host has registered.</param>
internal sealed class RedisConnection(IOptions<RedisOptions> options, Func<IConnectionMultiplexer> ofHost) : IAsyncDisposable, IDisposable
{
    private static readonly TimeSpan ReconnectInterval = TimeSpan.FromSeconds(1);

    private readonly string? _connectionString = options.Value.ConnectionString;
    private Task<IConnectionMultiplexer>? _connecting;
    private bool _isDisposed;

    /// <summary>The database, whether there is a connection now or not. For one caller at a time.</summary>
    /// <param name="restored">Called when a connection is there again.</param>
    public async Task<IDatabase> OpenAsync(Action restored)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_connecting is null or { IsFaulted: true } or { IsCanceled: true })
        {
            // The host's may be made by code that waits.
            _connecting = _connectionString is null ? Task.Run(ofHost) : ConnectAsync(_connectionString);
            (await _connecting.ConfigureAwait(false)).ConnectionRestored += (_, _) => restored();
        }

        return (await _connecting.ConfigureAwait(false)).GetDatabase();
    }

    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        if (_connecting is { } connecting && _connectionString is not null)
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
    }

    // A container that is disposed so has nobody who could wait.
    public void Dispose() => _ = DisposeAsync().AsTask();

    private static async Task<IConnectionMultiplexer> ConnectAsync(string connectionString)
    {
        var configuration = ConfigurationOptions.Parse(connectionString);
        configuration.ClientName ??= "GatewayKit";
        configuration.AbortOnConnectFail = false;

        // What is not sent at once would be counted when nobody waits for it any more.
        configuration.BacklogPolicy = BacklogPolicy.FailFast;
        configuration.ReconnectRetryPolicy = new LinearRetry((int)ReconnectInterval.TotalMilliseconds);
        return await ConnectionMultiplexer.ConnectAsync(configuration).ConfigureAwait(false);
    }
}
