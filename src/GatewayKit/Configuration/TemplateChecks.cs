using System.Text.RegularExpressions;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Constraints;
using Microsoft.AspNetCore.Routing.Patterns;

namespace GatewayKit.Configuration;

/// <summary>Checks path templates: what routing would refuse later, and what it would take in another sense than was meant.</summary>
internal sealed class TemplateChecks(ParameterPolicyFactory constraints, RouteTemplates templates)
{
    public void Check(string template, string path, Report report)
    {
        if (!template.StartsWith('/'))
        {
            report(path, $"The path '{template}' must start with '/'.");
            return;
        }

        try
        {
            var pattern = templates.Parse(template);
            foreach (var parameter in pattern.Parameters)
            {
                foreach (var constraint in parameter.ParameterPolicies)
                {
                    // Routing makes constraints when it builds its matcher, where an unknown one would take every endpoint down.
                    CheckExpression(constraints.Create(parameter, constraint), constraint);
                }
            }

            foreach (var literal in pattern.PathSegments.SelectMany(static segment => segment.Parts).OfType<RoutePatternLiteralPart>())
            {
                CheckLiteral(literal.Content, template, path, report);
            }
        }
        catch (Exception exception) when (exception is RoutePatternException or RouteCreationException or InvalidOperationException or ArgumentException)
        {
            report(path, $"'{template}' is not a path template: {exception.Message}");
        }
    }

    // The framework reads the expression of a constraint when the first request asks for it, which a wrong one would then fail.
    private static void CheckExpression(IParameterPolicy constraint, RoutePatternParameterPolicyReference reference)
    {
        var inner = constraint is OptionalRouteConstraint optional ? optional.InnerConstraint : constraint;
        if (inner is RegexInlineRouteConstraint && reference.Content is { } content && content.IndexOf('(', StringComparison.Ordinal) is var open and >= 0)
        {
            _ = new Regex(content[(open + 1)..content.LastIndexOf(')')], RegexOptions.CultureInvariant);
        }
    }

    private static void CheckLiteral(string literal, string template, string path, Report report)
    {
        if (literal is "*" or "**")
        {
            report(path, $"The '{literal}' in '{template}' would only match itself. Write {{name}} for one segment, or {{**name}} at the end for all that follow.");
        }

        if (!literal.Contains('%', StringComparison.Ordinal))
        {
            return;
        }

        // Paths are decoded before they are compared, but for the slash (dotnet/aspnetcore#30655).
        foreach (var escape in Regex.Matches(literal, "%[0-9A-Fa-f]{2}", RegexOptions.CultureInvariant).Select(static match => match.Value))
        {
            if (!escape.Equals("%2F", StringComparison.OrdinalIgnoreCase))
            {
                report(path, $"The '{escape}' in '{template}' matches no request: paths are decoded before they are compared. Write '{Uri.UnescapeDataString(escape)}'.");
                return;
            }
        }
    }
}
