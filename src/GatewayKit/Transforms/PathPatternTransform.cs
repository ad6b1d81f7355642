using System.Globalization;
using System.Text;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace GatewayKit.Transforms;

/// <summary>Replaces the path by a template with values of the route.</summary>
public sealed record PathPatternTransform : Transform
{
    /// <summary>
    /// A route template such as <c>/v2/{tenant}/{**rest}</c>. Values are percent-encoded; a catch-all keeps its slashes. A value that the route may lack is written <c>{name?}</c> or <c>{name=default}</c>.
    /// </summary>
    public required string PathPattern { get; init; }

    internal override string Key => nameof(PathPattern);

    internal override bool UsesRouteValues => true;

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before)
    {
        if (Parse(out var problem) is not { } pattern)
        {
            yield return problem!;
            yield break;
        }

        foreach (var parameter in pattern.Parameters.Where(static parameter => parameter.ParameterPolicies.Count > 0))
        {
            yield return $"'{{{parameter.Name}}}' has a constraint, which has no meaning here.";
        }

        foreach (var parameter in pattern.Parameters.Where(static parameter => parameter is { IsCatchAll: true, EncodeSlashes: true }))
        {
            yield return $"'{{*{parameter.Name}}}' would encode the slashes, which then have two readings; write {{**{parameter.Name}}}.";
        }

        var literals = pattern.PathSegments.SelectMany(static segment => segment.Parts).OfType<RoutePatternLiteralPart>();
        foreach (var literal in literals.Where(static literal => !CanonicalPath.TryRewrite("/-" + literal.Content, out _)))
        {
            yield return $"'{literal.Content}' cannot stand in a path; percent-encode it.";
        }

        if (pattern.PathSegments.Any(static segment => segment is { IsSimple: true, Parts: [RoutePatternLiteralPart { Content: "." or ".." }] }))
        {
            yield return "has a dot segment.";
        }
    }

    internal override IEnumerable<string> Errors(RoutePattern route)
    {
        foreach (var parameter in Parse(out _)?.Parameters ?? [])
        {
            if (route.GetParameter(parameter.Name) is not { } source)
            {
                yield return $"'{{{parameter.Name}}}' is not a value of the route '{route.RawText}'.";
            }
            else if (source.IsOptional && !parameter.IsOptional && parameter.Default is null)
            {
                yield return $"'{{{parameter.Name}}}' may be absent in the route '{route.RawText}'; write {{{parameter.Name}?}} or give it a default.";
            }
        }
    }

    internal override void AddTo(TransformPlan plan)
    {
        if (Parse(out _) is { } pattern)
        {
            plan.OnPath(request => request.Path = Bind(pattern, request));
        }
    }

    private static string Bind(RoutePattern pattern, ForwardRequest request)
    {
        var values = request.HttpContext.Request.RouteValues;
        var path = new StringBuilder(pattern.RawText!.Length + 32);
        foreach (var segment in pattern.PathSegments)
        {
            var start = path.Length;
            path.Append('/');
            foreach (var part in segment.Parts)
            {
                switch (part)
                {
                    case RoutePatternLiteralPart literal:
                        path.Append(literal.Content);
                        break;
                    case RoutePatternSeparatorPart separator:
                        path.Append(separator.Content);
                        break;
                    case RoutePatternParameterPart parameter:
                        PathText.AppendValue(path, ValueOf(values, parameter), parameter is { IsCatchAll: true, EncodeSlashes: false });
                        break;
                }
            }

            if (path.Length == start + 1)
            {
                // An absent value takes its slash along.
                path.Length = start;
            }
        }

        // Route values do not tell /orders from /orders/; the path does.
        if (path.Length == 0 || (request.Path.EndsWith('/') && path[^1] is not '/' && EndsInEmptyCatchAll(pattern, values)))
        {
            path.Append('/');
        }

        return path.ToString();
    }

    private static bool EndsInEmptyCatchAll(RoutePattern pattern, RouteValueDictionary values) =>
        pattern.PathSegments is [.., { Parts: [RoutePatternParameterPart { IsCatchAll: true } last] }] && ValueOf(values, last).Length == 0;

    private static string ValueOf(RouteValueDictionary values, RoutePatternParameterPart parameter) =>
        RouteText.Of(values, parameter.Name) is { Length: > 0 } text
            ? text
            : Convert.ToString(parameter.Default, CultureInfo.InvariantCulture) ?? string.Empty;

    private RoutePattern? Parse(out string? problem)
    {
        problem = null;
        if (PathPattern is null || !PathPattern.StartsWith('/'))
        {
            problem = $"'{PathPattern}' must start with a slash.";
            return null;
        }

        try
        {
            return RoutePatternFactory.Parse(PathPattern);
        }
        catch (RoutePatternException exception)
        {
            problem = $"'{PathPattern}' is not a route template: {exception.Message}";
            return null;
        }
    }
}
