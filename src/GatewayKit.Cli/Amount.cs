using System.Globalization;

namespace GatewayKit.Cli;

/// <summary>How many of something, in words.</summary>
internal static class Amount
{
    public static string Of(long count, string one, string? several = null) => string.Create(CultureInfo.InvariantCulture, $"{count} {(count is 1 ? one : several ?? one + "s")}");
}
