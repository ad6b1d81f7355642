using StackExchange.Redis;

namespace GatewayKit.RedisTests.Hosting;

/// <summary>Scripts by a clock that the test moves, and that keys outlive.</summary>
internal static class ScriptClock
{
    /// <summary>The last argument says what time it is, in microseconds.</summary>
    public const string OfArgument = "local now, spare = tonumber(ARGV[#ARGV]), 3600000";

    /// <summary>Each key has one beside it.</summary>
    public const string OfKey = "local now, spare = tonumber(redis.call('GET', 'clock:' .. KEYS[1])), 3600000";

    public static Task SetAsync(IDatabase database, string key, DateTimeOffset now) => database.StringSetAsync($"clock:{key}", (now - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
}
