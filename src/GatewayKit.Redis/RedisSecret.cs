using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace GatewayKit.Redis;

/// <summary>
/// What keys are hashed with, the same for all instances: set by an option, or kept in Redis by whoever comes first. Who knows it brings it back to a Redis that has forgotten it.
/// </summary>
internal sealed partial class RedisSecret(RedisOptions options, ILogger logger)
{
    /// <summary>How many bytes it has at least.</summary>
    public const int MinLength = 32;

    private readonly bool _isSet = options.Secret is not null;
    private readonly RedisKey _key = $"{options.KeyPrefix}:secret";
    private byte[]? _value = options.Secret is null ? null : Encoding.UTF8.GetBytes(options.Secret);

    /// <summary>The secret; empty as long as it is not known.</summary>
    public ReadOnlyMemory<byte> Value => Volatile.Read(ref _value);

    /// <summary>Agrees on it with the other instances. Without a lifetime, because it has to outlive every key.</summary>
    public async Task ExchangeAsync(IDatabase database)
    {
        if (_isSet)
        {
            return;
        }

        var known = Volatile.Read(ref _value);
        await database.StringSetAsync(_key, known ?? RandomNumberGenerator.GetBytes(MinLength), expiry: null, When.NotExists, CommandFlags.DemandMaster).ConfigureAwait(false);
        var kept = (byte[]?)await database.StringGetAsync(_key, CommandFlags.DemandMaster).ConfigureAwait(false);
        if (kept is not { Length: >= MinLength })
        {
            throw new InvalidOperationException($"The key '{_key}' in Redis is not the secret of a gateway. Delete it, or set another RedisOptions.KeyPrefix.");
        }

        if (known is null || !known.AsSpan().SequenceEqual(kept))
        {
            Volatile.Write(ref _value, kept);
            if (known is not null)
            {
                Log.Changed(logger);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.RedisSecretChanged, LogLevel.Warning, "Redis was emptied, and another instance has made a new secret of keys: what this one has counted is no longer found.")]
        public static partial void Changed(ILogger logger);
    }
}
