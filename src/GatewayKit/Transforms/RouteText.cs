using System.Globalization;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace GatewayKit.Transforms;

/// <summary>Route values as text.</summary>
internal static class RouteText
{
    public static string? Of(RouteValueDictionary values, string name) =>
        values.TryGetValue(name, out var value) ? value as string ?? Convert.ToString(value, CultureInfo.InvariantCulture) : null;

    public static IEnumerable<string> Errors(RoutePattern route, string? name)
    {
        if (name is not null && route.GetParameter(name) is null)
        {
            yield return $"'{name}' is not a value of the route '{route.RawText}'.";
        }
    }
}
