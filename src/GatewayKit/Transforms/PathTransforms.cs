using GatewayKit.Pipeline;

namespace GatewayKit.Transforms;

/// <summary>Puts segments in front of the path.</summary>
public sealed record PathPrefixTransform : Transform
{
    /// <summary>What to put there: percent-encoded, with a slash in front and none at the end.</summary>
    public required string PathPrefix { get; init; }

    internal override string Key => nameof(PathPrefix);

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before) => PathText.PrefixErrors(PathPrefix);

    internal override void AddTo(TransformPlan plan) => plan.OnPath(request => request.Path = PathPrefix + request.Path);
}

/// <summary>
/// Removes whole segments from the front of the path, ignoring case; a path that does not start with them stays as it is. What was
/// removed is told in <c>X-Forwarded-Prefix</c>.
/// </summary>
public sealed record PathRemovePrefixTransform : Transform
{
    /// <summary>What to remove: percent-encoded, with a slash in front and none at the end.</summary>
    public required string PathRemovePrefix { get; init; }

    internal override string Key => nameof(PathRemovePrefix);

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before) => PathText.PrefixErrors(PathRemovePrefix);

    internal override void AddTo(TransformPlan plan)
    {
        // The path is canonical, so only a canonical prefix finds itself in it: /~user, not /%7Euser.
        if (!CanonicalPath.TryRewrite(PathRemovePrefix, out var prefix))
        {
            return;
        }

        plan.OnPath(request =>
        {
            var path = request.Path;
            if (!PathText.StartsWith(path, prefix, StringComparison.OrdinalIgnoreCase))
            {
                return;
            }

            request.Path = path.Length == prefix.Length ? "/" : path[prefix.Length..];
            request.RemovedPrefix += path[..prefix.Length];
        });
    }
}

/// <summary>Replaces the path.</summary>
public sealed record PathSetTransform : Transform
{
    /// <summary>The new path: percent-encoded, with a slash in front. Route values are not inserted; <see cref="PathPatternTransform"/> does that.</summary>
    public required string PathSet { get; init; }

    internal override string Key => nameof(PathSet);

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before)
    {
        if (!CanonicalPath.TryRewrite(PathSet, out _))
        {
            yield return $"'{PathSet}' is not a path: percent-encoded, with one slash in front and no dot segment.";
        }
        else if (PathSet.Contains('{', StringComparison.Ordinal))
        {
            yield return $"'{PathSet}' has braces, but route values are not inserted here. Use PathPattern.";
        }
    }

    internal override void AddTo(TransformPlan plan) => plan.OnPath(request => request.Path = PathSet);
}
