using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>
/// The field in which gateways tell each other how long an answer is still wanted, in milliseconds. A time that is left, not a time of day: clocks differ.
/// Clients' copies are stripped with all fields of the family.
/// </summary>
internal static class DeadlineField
{
    public const string Name = "X-GW-Deadline-Ms";

    /// <summary>What the answer still needs to travel.</summary>
    public static readonly TimeSpan Travel = TimeSpan.FromMilliseconds(5);

    private const long Most = 86_400_000;

    /// <summary>What the peer says is left; who asks has to know that it may be believed.</summary>
    /// <returns>Whether there is one that can be read. Any other is none.</returns>
    public static bool TryRead(HttpRequest request, out TimeSpan left)
    {
        left = default;
        if (!request.Headers.TryGetValue(Name, out var values) || values.Count != 1
            || !long.TryParse(values[0], NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) || milliseconds > Most)
        {
            return false;
        }

        left = TimeSpan.FromMilliseconds(milliseconds);
        return true;
    }

    public static string Format(TimeSpan left) => ((long)Math.Max(0, (left - Travel).TotalMilliseconds)).ToString(CultureInfo.InvariantCulture);
}
