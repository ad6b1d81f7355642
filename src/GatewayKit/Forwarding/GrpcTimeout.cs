using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Forwarding;

/// <summary>The field <c>grpc-timeout</c>: at most eight digits and a unit (gRPC over HTTP/2, Timeout).</summary>
internal static class GrpcTimeout
{
    public const string Name = "grpc-timeout";

    private const long Most = 99_999_999;

    // Beyond this a deadline is none, and sums of clocks would overflow.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3_650);

    public static bool TryParse(StringValues values, out TimeSpan timeout)
    {
        timeout = default;
        if (values.Count != 1 || values[0] is not { Length: >= 2 and <= 9 } text
            || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        long? ticks = text[^1] switch
        {
            'H' => number * TimeSpan.TicksPerHour,
            'M' => number * TimeSpan.TicksPerMinute,
            'S' => number * TimeSpan.TicksPerSecond,
            'm' => number * TimeSpan.TicksPerMillisecond,
            'u' => number * TimeSpan.TicksPerMicrosecond,
            'n' => number / TimeSpan.NanosecondsPerTick,
            _ => null,
        };
        timeout = TimeSpan.FromTicks(Math.Min(ticks ?? 0, Longest.Ticks));
        return ticks is not null;
    }

    /// <summary>Writes a time in the finest unit that has room for it, never longer than it is.</summary>
    public static string Format(TimeSpan timeout)
    {
        var (number, unit) = timeout.Ticks switch
        {
            var ticks when ticks / TimeSpan.TicksPerMicrosecond <= Most => (ticks / TimeSpan.TicksPerMicrosecond, 'u'),
            var ticks when ticks / TimeSpan.TicksPerMillisecond <= Most => (ticks / TimeSpan.TicksPerMillisecond, 'm'),
            var ticks => (Math.Min(Most, ticks / TimeSpan.TicksPerSecond), 'S'),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{number}{unit}");
    }
}
