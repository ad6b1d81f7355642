using System.Globalization;

namespace GatewayKit.EntityFrameworkCore;

/// <summary>The versions of consumers as the gateway passes them on.</summary>
internal static class VersionText
{
    public static string Of(long version) => version.ToString(CultureInfo.InvariantCulture);

    public static bool TryParse(string text, out long version) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out version);
}
