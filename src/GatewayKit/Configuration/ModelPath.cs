using Microsoft.Extensions.Configuration;

namespace GatewayKit.Configuration;

/// <summary>Joins the keys of an error's path.</summary>
internal static class ModelPath
{
    public static string Join(string prefix, string key) => prefix.Length == 0 ? key : ConfigurationPath.Combine(prefix, key);

    public static string Join(string prefix, params ReadOnlySpan<string> keys)
    {
        var path = prefix;
        foreach (var key in keys)
        {
            path = Join(path, key);
        }

        return path;
    }

    /// <summary>Whether one path is the other's or leads to it.</summary>
    public static bool Overlap(string left, string right)
    {
        var (shorter, longer) = left.Length <= right.Length ? (left, right) : (right, left);
        return longer.StartsWith(shorter, StringComparison.OrdinalIgnoreCase) && (longer.Length == shorter.Length || longer[shorter.Length] == ':');
    }
}
