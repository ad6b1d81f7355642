using System.Net;
using System.Text.RegularExpressions;
using GatewayKit.Pipeline;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace GatewayKit.Configuration;

/// <summary>Checks what a route says.</summary>
internal sealed class RouteChecks(ParameterPolicyFactory constraints, RouteTemplates templates)
{
    private const string WithoutCluster = "It says how a request is forwarded, but the route has no Cluster and no Split. Remove it.";

    private readonly TemplateChecks _templates = new(constraints, templates);

    /// <param name="route">The route.</param>
    /// <param name="path">What its errors' paths start with.</param>
    /// <param name="known">What it may name.</param>
    /// <param name="report">Takes the errors.</param>
    /// <returns>Whether the match has no error, so that it can be compared with others.</returns>
    public bool Check(GatewayRoute route, string path, KnownNames known, Report report)
    {
        CheckTerminal(route, path, known.Clusters, report);
        var sound = true;
        CheckMatch(route.Match, ModelPath.Join(path, nameof(GatewayRoute.Match)), (where, message) =>
        {
            sound = false;
            report(where, message);
        });
        if (sound && route.Redirect is { } redirect)
        {
            CheckRedirect(redirect, route, known.PrefixParameters, ModelPath.Join(path, [nameof(GatewayRoute.Redirect), nameof(RouteRedirect.To)]), report);
        }

        return sound;
    }

    private static void CheckTerminal(GatewayRoute route, string path, IReadOnlySet<string>? clusters, Report report)
    {
        string[] said =
        [
            .. new[]
            {
                route.Cluster is null ? null : nameof(route.Cluster),
                route.Split is null ? null : nameof(route.Split),
                route.Respond is null ? null : nameof(route.Respond),
                route.Redirect is null ? null : nameof(route.Redirect),
            }.OfType<string>(),
        ];
        if (said.Length != 1)
        {
            report(path, said.Length == 0
                ? "The route goes nowhere. Say one of Cluster, Split, Respond and Redirect."
                : $"The route goes several ways: {string.Join(" and ", said)}. Keep one of them.");
        }

        if (route is { IsForwarded: false, AllowEncodedSlash: true })
        {
            report(ModelPath.Join(path, nameof(route.AllowEncodedSlash)), WithoutCluster);
        }

        if (route is { IsForwarded: false, ForwardExpectation: true })
        {
            report(ModelPath.Join(path, nameof(route.ForwardExpectation)), WithoutCluster);
        }

        CheckCluster(route, path, clusters, report);
        if (route.Split is { } split)
        {
            SplitChecks.Check(split, ModelPath.Join(path, nameof(route.Split)), report);
        }

        if (route.Respond is { } respond)
        {
            ResponseChecks.Check(respond, ModelPath.Join(path, nameof(route.Respond)), report);
        }
    }

    /// <summary>Checks that the route's cluster is there: the one thing that other changes can take from a route.</summary>
    public static void CheckCluster(GatewayRoute route, string path, IReadOnlySet<string>? clusters, Report report)
    {
        if (route.Cluster is { } cluster)
        {
            ClusterNames.Check(cluster, clusters, ModelPath.Join(path, nameof(route.Cluster)), report);
        }

        if (route.Split is { } split)
        {
            SplitChecks.CheckClusters(split, clusters, ModelPath.Join(path, nameof(route.Split)), report);
        }
    }

    private void CheckMatch(RouteMatch match, string path, Report report)
    {
        if (match.Path is not null)
        {
            _templates.Check(match.Path, ModelPath.Join(path, nameof(match.Path)), report);
        }

        Each(match.Paths, nameof(match.Paths), path, report, _templates.Check);
        Each(
            match.Methods,
            nameof(match.Methods),
            path,
            report,
            static (method, where, report) =>
            {
                if (!HttpToken.Is(method))
                {
                    report(where, $"'{method}' is not a method: letters, digits and hyphens, such as \"GET\".");
                }
            },
            StringComparer.OrdinalIgnoreCase);
        Each(match.Hosts, nameof(match.Hosts), path, report, static (host, where, report) =>
        {
            if (!HostPattern.TryParse(host, out _))
            {
                report(where, $"'{host}' is not a host. Write \"api.example.com\", \"*.example.com\" or \"[::1]\", each with or without \":8080\", or \"*:8080\"; no scheme and no path.");
            }
        });
        Each(match.ClientAddresses, nameof(match.ClientAddresses), path, report, CheckNetwork);
        Each(match.Headers, nameof(match.Headers), path, report, static (field, where, report) => CheckField(field, isHeader: true, where, report));
        Each(match.Query, nameof(match.Query), path, report, static (field, where, report) => CheckField(field, isHeader: false, where, report));
    }

    private static void CheckNetwork(IPNetwork network, string path, Report report)
    {
        if (network.BaseAddress.IsIPv4MappedToIPv6)
        {
            report(path, $"'{network}' is written as IPv6, but clients with IPv4 addresses are compared as IPv4. Write \"{network.BaseAddress.MapToIPv4()}/{Math.Max(0, network.PrefixLength - 96)}\".");
        }
    }

    private static void CheckField(FieldMatch field, bool isHeader, string path, Report report)
    {
        if (field.Name.Length == 0 || (isHeader && !HttpToken.Is(field.Name)))
        {
            report(ModelPath.Join(path, nameof(field.Name)), $"'{field.Name}' is not a {(isHeader ? "header" : "parameter")} name.");
        }

        var values = ModelPath.Join(path, nameof(field.Values));
        var takesNone = field.Mode is FieldMatchMode.Exists or FieldMatchMode.NotExists;
        if (takesNone != (field.Values.Count == 0))
        {
            report(values, takesNone
                ? $"Mode {field.Mode} compares with nothing. Remove Values."
                : $"Mode {field.Mode} needs something to compare with. Add Values, or use Mode Exists or NotExists.");
        }

        // An empty text is a prefix and a part of everything.
        if (field.Mode is not (FieldMatchMode.Exact or FieldMatchMode.NotExact) && field.Values.Contains(string.Empty))
        {
            report(values, $"An empty value with Mode {field.Mode} would match everything. Use Mode Exists, or remove it.");
        }

        if (field.Mode is FieldMatchMode.Regex or FieldMatchMode.NotRegex)
        {
            Each(field.Values, nameof(field.Values), path, report, CheckExpression);
        }
    }

    private static void CheckExpression(string expression, string path, Report report)
    {
        try
        {
            _ = new Regex(expression, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (NotSupportedException)
        {
            report(path, $"'{expression}' needs backtracking (lookaround, backreferences, atomic groups), which an attacker can make endless. Write it without.");
        }
        catch (ArgumentException exception)
        {
            report(path, $"'{expression}' is not a regular expression: {exception.Message}");
        }
    }

    // Which group a route is in shows when its endpoint is built; here a parameter of any group will do.
    private void CheckRedirect(RouteRedirect redirect, GatewayRoute route, IReadOnlyCollection<string> prefixParameters, string path, Report report)
    {
        foreach (var template in GatewayEndpointFactory.PathsOf(route))
        {
            try
            {
                _ = RedirectTemplate.Parse(redirect.To, templates.Parse(template).Parameters.Select(static parameter => parameter.Name).Concat(prefixParameters));
            }
            catch (FormatException exception)
            {
                report(path, exception.Message);
                return;
            }
        }
    }

    private static void Each<T>(
        IReadOnlyList<T> items, string name, string path, Report report, Action<T, string, Report> check, IEqualityComparer<T>? comparer = null)
    {
        if (items.Count == 0)
        {
            return;
        }

        var seen = new HashSet<T>(comparer);
        for (var index = 0; index < items.Count; index++)
        {
            var where = ModelPath.Join(path, [name, index.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            if (!seen.Add(items[index]))
            {
                report(where, $"{items[index]} is there twice. Remove one.");
            }

            check(items[index], where, report);
        }
    }
}
