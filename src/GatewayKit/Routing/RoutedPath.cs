using System.Text;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace GatewayKit.Routing;

/// <summary>One path of a route in a form that two can be compared by: equal texts mean equal demands.</summary>
internal sealed class RoutedPath
{
    private static readonly HostPattern[] EveryHost = [default];
    private static readonly string?[] EveryMethod = [null];

    public RoutedPath(GatewayRoute route, RoutePattern pattern, string conventions = "")
    {
        (Route, Pattern) = (route, pattern);
        var match = route.Match;
        var keepCase = match.PathComparison is not PathComparison.IgnoreCase;
        Segments = new string[pattern.PathSegments.Count];
        for (var i = 0; i < Segments.Length; i++)
        {
            Segments[i] = Describe(pattern.PathSegments[i], pattern, keepCase);
        }

        Shape = string.Join('/', Segments) + (match.PathComparison is PathComparison.Exact && pattern.RawText is [.., '/'] ? "/" : string.Empty);
        Hosts = match.Hosts.Count == 0 ? EveryHost : [.. match.Hosts.Select(static host => HostPattern.TryParse(host, out var parsed) ? parsed : default)];
        Methods = match.Methods.Count == 0 ? EveryMethod : [.. match.Methods.Select(static method => method.ToUpperInvariant())];
        Conditions = match.Headers.Count + match.Query.Count + match.ClientAddresses.Count == 0 && !keepCase ? string.Empty : DescribeConditions(match);
        Conditions = conventions.Length == 0 ? Conditions : $"{Conditions}\n{conventions}";
    }

    public GatewayRoute Route { get; }

    public RoutePattern Pattern { get; }

    public string[] Segments { get; }

    public string Shape { get; }

    public HostPattern[] Hosts { get; }

    public string?[] Methods { get; }

    /// <summary>Everything but path, hosts and methods.</summary>
    public string Conditions { get; }

    /// <summary>The paths of a route. Templates that cannot be parsed are skipped: they are errors of their own.</summary>
    public static RoutedPath[] Of(GatewayRoute route, RouteTemplates templates)
    {
        var paths = GatewayEndpointFactory.PathsOf(route);
        var routed = new List<RoutedPath>(paths.Count);
        foreach (var path in paths)
        {
            try
            {
                routed.Add(new(route, templates.Parse(path)));
            }
            catch (RoutePatternException)
            {
            }
        }

        return [.. routed];
    }

    /// <summary>The path of an endpoint, with the prefix of its group.</summary>
    public static RoutedPath Of(RouteEndpoint endpoint, GatewayRoute route) => new(route, endpoint.RoutePattern, ConventionsOf(endpoint));

    // What the framework's own matcher policies tell endpoints apart by, and only a convention of the host can have said.
    private static string ConventionsOf(Endpoint endpoint)
    {
        var hosts = endpoint.Metadata.Last<IHostMetadata>()?.Hosts ?? [];
        var types = endpoint.Metadata.Last<IAcceptsMetadata>()?.ContentTypes ?? [];
        return hosts.Count + types.Count == 0 ? string.Empty : $"hosts {string.Join(' ', hosts)} types {string.Join(' ', types)}";
    }

    // What a parameter is called does not matter; what it is constrained to does.
    private static string Describe(RoutePatternPathSegment segment, RoutePattern pattern, bool keepCase)
    {
        if (segment.Parts is [RoutePatternLiteralPart only])
        {
            return keepCase ? only.Content : only.Content.ToLowerInvariant();
        }

        if (segment.Parts is [RoutePatternParameterPart { IsCatchAll: true, ParameterPolicies.Count: 0 }])
        {
            return "{**}";
        }

        var text = new StringBuilder();
        foreach (var part in segment.Parts)
        {
            switch (part)
            {
                case RoutePatternLiteralPart literal:
                    text.Append(keepCase ? literal.Content : literal.Content.ToLowerInvariant());
                    break;
                case RoutePatternSeparatorPart separator:
                    text.Append(separator.Content);
                    break;
                case RoutePatternParameterPart parameter:
                    text.Append(parameter.IsCatchAll ? "{**" : parameter.IsOptional || pattern.Defaults.ContainsKey(parameter.Name) ? "{?" : "{");
                    foreach (var policy in parameter.ParameterPolicies.Select(static policy => policy.Content).Order(StringComparer.Ordinal))
                    {
                        text.Append(':').Append(policy);
                    }

                    text.Append('}');
                    break;
            }
        }

        return text.ToString();
    }

    private static string DescribeConditions(RouteMatch match)
    {
        var headers = match.Headers.Select(static header => $"header {Describe(header)}");
        var query = match.Query.Select(static parameter => $"query {Describe(parameter)}");
        var addresses = match.ClientAddresses.Select(static network => $"address {network}");
        return $"{match.PathComparison}\n{string.Join('\n', headers.Concat(query).Concat(addresses).Distinct().Order(StringComparer.Ordinal))}";
    }

    private static string Describe(FieldMatch field)
    {
        var values = field.CaseSensitive || field.Mode is FieldMatchMode.Regex or FieldMatchMode.NotRegex
            ? field.Values
            : field.Values.Select(static value => value.ToLowerInvariant());
        return $"{field.Name.ToLowerInvariant()} {field.Mode} {field.CaseSensitive} {string.Join('\t', values.Distinct().Order(StringComparer.Ordinal))}";
    }
}
