namespace GatewayKit.Redis.Quotas;

/// <summary>Instants as scripts have them: microseconds since 1970, which stay below 2^53 until the year 2255.</summary>
internal static class RedisTime
{
    public static long ToMicroseconds(DateTimeOffset instant) => (instant.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset ToInstant(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);

    /// <summary>A span, rounded up: buckets cover their window.</summary>
    public static long ToMicroseconds(TimeSpan span) => (span.Ticks + TimeSpan.TicksPerMicrosecond - 1) / TimeSpan.TicksPerMicrosecond;
}
