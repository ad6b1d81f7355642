using Microsoft.AspNetCore.Http;

namespace GatewayKit.Transforms;

/// <summary>Rewrites the domain of cookies that the client gets; everything else of them stays as it is.</summary>
public sealed record RewriteCookieDomainTransform : Transform
{
    /// <summary>The domain to replace, ignoring case and a dot in front; <c>*</c> for every domain.</summary>
    public required string RewriteCookieDomain { get; init; }

    /// <summary>The domain to put in its place.</summary>
    public string? Set { get; init; }

    /// <summary><see langword="true"/> to remove the attribute: the cookie then belongs to the host that the client asked for.</summary>
    public bool Remove { get; init; }

    internal override string Key => nameof(RewriteCookieDomain);

    internal override bool ChangesResponse => true;

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before)
    {
        if (string.IsNullOrEmpty(RewriteCookieDomain))
        {
            yield return "needs a domain, or * for every domain.";
        }

        if (Set is null == !Remove)
        {
            yield return "needs either Set or Remove.";
        }

        if (Set is not null && (Set.Length == 0 || Set.Any(static c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-'))))
        {
            yield return $"'{Set}' is not a domain.";
        }
    }

    internal override void AddTo(TransformPlan plan)
    {
        var from = RewriteCookieDomain.TrimStart('.');
        plan.OnResponse(ResponseCondition.Always, context => CookieText.Rewrite(
            context.HttpContext.Response.Headers,
            cookie => CookieText.Replace(cookie, "Domain", domain => from is "*" || domain.TrimStart('.').Equals(from, StringComparison.OrdinalIgnoreCase)
                ? Set ?? CookieText.Removed
                : null)));
    }
}

/// <summary>
/// Rewrites the start of the path of cookies that the client gets; everything else of them stays as it is. Cookies named
/// <c>__Host-…</c> must have the path <c>/</c> and are left alone.
/// </summary>
public sealed record RewriteCookiePathTransform : Transform
{
    /// <summary>The path prefix to replace, by whole segments; <c>/</c> for every path.</summary>
    public required string RewriteCookiePath { get; init; }

    /// <summary>The path prefix to put in its place.</summary>
    public required string Set { get; init; }

    internal override string Key => nameof(RewriteCookiePath);

    internal override bool ChangesResponse => true;

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before) =>
        new[] { RewriteCookiePath, Set }
            .Where(static path => path is not "/" && (PathText.PrefixErrors(path).Any() || path.Contains(';', StringComparison.Ordinal)))
            .Select(static path => $"'{path}' is not a path prefix: with one slash in front and none at the end.");

    internal override void AddTo(TransformPlan plan)
    {
        var (from, to) = (RewriteCookiePath.TrimEnd('/'), Set.TrimEnd('/'));
        plan.OnResponse(ResponseCondition.Always, context => CookieText.Rewrite(
            context.HttpContext.Response.Headers,
            cookie => cookie.StartsWith("__Host-", StringComparison.OrdinalIgnoreCase)
                ? cookie
                : CookieText.Replace(cookie, "Path", path =>
                    !PathText.StartsWith(path, from, StringComparison.Ordinal) ? null
                    : string.Concat(to, path[from.Length..]) is { Length: > 0 } rewritten ? rewritten
                    : "/")));
    }
}
