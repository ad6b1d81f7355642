using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace GatewayKit.Routing;

/// <summary>Compares the literal parts of a matched path again, with regard to case and, if asked, to the slash at the end.</summary>
internal sealed class PathCondition(RoutePattern pattern, bool endsWithSlash, PathComparison comparison)
{
    private readonly IReadOnlyList<RoutePatternPathSegment> _segments = pattern.PathSegments;

    public bool Holds(PathString path, RouteValueDictionary? values)
    {
        var text = path.Value.AsSpan();
        if (comparison is PathComparison.Exact && !HasItsSlash(text))
        {
            return false;
        }

        var rest = text is ['/', .. var relative] ? relative : text;
        foreach (var segment in _segments)
        {
            if (segment is { IsSimple: true, Parts: [RoutePatternParameterPart { IsCatchAll: true }] })
            {
                return true;
            }

            var end = rest.IndexOf('/') is var slash and >= 0 ? slash : rest.Length;
            if (!Matches(segment, rest[..end], values))
            {
                return false;
            }

            rest = end == rest.Length ? default : rest[(end + 1)..];
        }

        return true;
    }

    // Only the root itself is a path that is nothing but a slash; what a catch-all took is its own affair.
    private bool HasItsSlash(ReadOnlySpan<char> text) =>
        _segments is [] or [.., { IsSimple: true, Parts: [RoutePatternParameterPart { IsCatchAll: true }] }]
        || text is [.., '/'] == endsWithSlash;

    private static bool Matches(RoutePatternPathSegment segment, ReadOnlySpan<char> text, RouteValueDictionary? values)
    {
        if (segment.IsSimple)
        {
            // A parameter takes what it took; an optional one may have taken nothing.
            return segment.Parts[0] is not RoutePatternLiteralPart literal || text.SequenceEqual(literal.Content);
        }

        // Several parts, such as {name}.json: put together again from what the parameters took.
        foreach (var part in segment.Parts)
        {
            var expected = part switch
            {
                RoutePatternLiteralPart literal => literal.Content,
                RoutePatternSeparatorPart separator => separator.Content,
                RoutePatternParameterPart parameter => values?[parameter.Name] as string,
                _ => null,
            };

            // The separator before an optional parameter that is absent is absent too.
            if (part is RoutePatternSeparatorPart && text.IsEmpty)
            {
                continue;
            }

            if (!text.StartsWith(expected, StringComparison.Ordinal))
            {
                return false;
            }

            text = text[(expected?.Length ?? 0)..];
        }

        return text.IsEmpty;
    }
}
