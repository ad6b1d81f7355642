using System.Globalization;
using System.Runtime.CompilerServices;

namespace GatewayKit.Pipeline;

/// <summary>
/// The syntax of <c>RateLimit-Policy</c> and <c>RateLimit</c>, which may still change: lists of strings with parameters (RFC 9651 §3.1,
/// draft-ietf-httpapi-ratelimit-headers).
/// </summary>
internal static class RateLimitField
{
    public const string Name = "RateLimit";

    public const string PolicyName = "RateLimit-Policy";

    // RFC 9651 §3.3.1.
    private const long MaxInteger = 999_999_999_999_999;

    // Two limits with names of some length.
    private const int UsualLength = 128;

    /// <summary>What the limits are: <c>"burst";q=100;w=60, "inflight";q=20;qu="concurrent-requests"</c>.</summary>
    public static string WritePolicy(ReadOnlySpan<LimitItem> limits)
    {
        var text = new DefaultInterpolatedStringHandler(0, 0, CultureInfo.InvariantCulture, stackalloc char[UsualLength]);
        var isFirst = true;
        foreach (ref readonly var limit in limits)
        {
            Begin(ref text, limit.Name, ref isFirst);
            AppendNumber(ref text, ";q=", limit.Quota);
            if (limit.Unit is not LimitUnit.Requests)
            {
                text.AppendLiteral(limit.Unit is LimitUnit.ContentBytes ? ";qu=\"content-bytes\"" : ";qu=\"concurrent-requests\"");
            }

            if (limit.WindowSeconds != 0)
            {
                AppendNumber(ref text, ";w=", limit.WindowSeconds);
            }
        }

        return text.ToStringAndClear();
    }

    /// <summary>How the limits stand: <c>"burst";r=42;t=1, "inflight";r=17</c>.</summary>
    /// <param name="limits">The limits.</param>
    /// <param name="withLow">Whether those are among them of which little is left.</param>
    /// <returns><see langword="null"/> if none is.</returns>
    public static string? Write(ReadOnlySpan<LimitItem> limits, bool withLow)
    {
        var text = new DefaultInterpolatedStringHandler(0, 0, CultureInfo.InvariantCulture, stackalloc char[UsualLength]);
        var isFirst = true;
        foreach (ref readonly var limit in limits)
        {
            if (!withLow && limit.IsLow)
            {
                continue;
            }

            Begin(ref text, limit.Name, ref isFirst);
            AppendNumber(ref text, ";r=", limits.Length == 1 ? limit.Remaining : Bearable(limit, limits));
            if (limit.ResetSeconds != 0)
            {
                AppendNumber(ref text, ";t=", limit.ResetSeconds);
            }
        }

        var field = text.ToStringAndClear();
        return isFirst ? null : field;
    }

    // A client may use up in time what remains: what is left of a day in its last seconds is told as the bursts that fit into them. A
    // burst is what the limit with the shortest window holds; that one, and one that is alone, is its own bound.
    private static long Bearable(in LimitItem limit, ReadOnlySpan<LimitItem> limits)
    {
        if (limit.ResetSeconds == 0)
        {
            return limit.Remaining;
        }

        var (window, burst) = (limit.WindowSeconds, limit.Quota);
        foreach (ref readonly var other in limits)
        {
            if (other.Unit == limit.Unit && other.WindowSeconds != 0 && other.WindowSeconds < window)
            {
                (window, burst) = (other.WindowSeconds, other.Quota);
            }
        }

        return limit.Remaining / limit.ResetSeconds < burst ? limit.Remaining : burst * limit.ResetSeconds;
    }

    private static void Begin(ref DefaultInterpolatedStringHandler text, string name, ref bool isFirst)
    {
        text.AppendLiteral(isFirst ? "\"" : ", \"");
        isFirst = false;
        if (LimitNames.NeedsEscape(name))
        {
            AppendEscaped(ref text, name);
        }
        else
        {
            text.AppendLiteral(name);
        }

        text.AppendLiteral("\"");
    }

    // RFC 9651 §4.1.6. Names are checked where they are set; what slipped through ends no field.
    private static void AppendEscaped(ref DefaultInterpolatedStringHandler text, string name)
    {
        foreach (var c in name)
        {
            if (c is '"' or '\\')
            {
                text.AppendLiteral("\\");
            }

            text.AppendFormatted(c is >= ' ' and <= '~' ? c : '?');
        }
    }

    private static void AppendNumber(ref DefaultInterpolatedStringHandler text, string key, long value)
    {
        text.AppendLiteral(key);
        text.AppendFormatted(Math.Clamp(value, 0, MaxInteger));
    }
}
