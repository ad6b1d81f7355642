using StackExchange.Redis;

namespace GatewayKit.RedisTests.Hosting;

/// <summary>Scripts by a clock that the test moves, and that keys outlive.</summary>
internal static class ScriptClock
{
    /// <summary>The last argument says what time it is, in microseconds.</summary>
    public const string OfArgument = "local now, spare = tonumber(ARGV[#ARGV]), 3600000";

    /// <summary>A key says it.</summary>
    public const string OfKey = "local now, spare = tonumber(redis.call('GET', 'test:clock')), 3600000";

    public static Task SetAsync(IDatabase database, DateTimeOffset now) => database.StringSetAsync("test:clock", (now - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
}
