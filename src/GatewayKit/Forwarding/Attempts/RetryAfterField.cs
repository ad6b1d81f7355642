using System.Globalization;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace GatewayKit.Forwarding.Attempts;

/// <summary>The field <c>Retry-After</c>: seconds or a date (RFC 9110 §10.2.3).</summary>
internal static class RetryAfterField
{
    /// <returns>The wait, never negative; <see langword="null"/> if the answer asks for none that can be read.</returns>
    public static TimeSpan? Of(HttpResponseMessage answer, TimeProvider time)
    {
        if (!answer.Headers.NonValidated.TryGetValues("Retry-After", out var values) || values.Count != 1)
        {
            return null;
        }

        var text = values.ToString().AsSpan().Trim();
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds))
        {
            // A year is as good as for ever, and does not overflow.
            return TimeSpan.FromSeconds(Math.Clamp(seconds, 0, 31_536_000));
        }

        // The one place where the wall clock counts: a date is one.
        return HeaderUtilities.TryParseDate(new StringSegment(values.ToString()), out var date)
            ? TimeSpan.FromTicks(Math.Max(0, (date - time.GetUtcNow()).Ticks))
            : null;
    }
}
