using System.Collections.Frozen;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Routing.Patterns;

namespace GatewayKit.Transforms;

/// <summary>
/// One change to an exchange: an immutable record with value equality. In JSON it is the object with its key; in code the method of that
/// name on <see cref="TransformSteps"/>.
/// </summary>
[ConfigurationCase(typeof(PathPrefixTransform))]
[ConfigurationCase(typeof(PathRemovePrefixTransform))]
[ConfigurationCase(typeof(PathSetTransform))]
[ConfigurationCase(typeof(PathPatternTransform))]
[ConfigurationCase(typeof(QueryValueTransform))]
[ConfigurationCase(typeof(QueryRouteValueTransform))]
[ConfigurationCase(typeof(QueryRemoveTransform))]
[ConfigurationCase(typeof(HttpMethodChangeTransform))]
[ConfigurationCase(typeof(RequestHostTransform))]
[ConfigurationCase(typeof(RequestHeaderOriginalHostTransform))]
[ConfigurationCase(typeof(RequestHeadersCopyTransform))]
[ConfigurationCase(typeof(RequestHeadersAllowedTransform))]
[ConfigurationCase(typeof(RequestHeaderTransform))]
[ConfigurationCase(typeof(RequestHeaderRouteValueTransform))]
[ConfigurationCase(typeof(RequestHeaderRemoveTransform))]
[ConfigurationCase(typeof(XForwardedTransform))]
[ConfigurationCase(typeof(ForwardedTransform))]
[ConfigurationCase(typeof(ClientCertTransform))]
[ConfigurationCase(typeof(ResponseHeadersCopyTransform))]
[ConfigurationCase(typeof(ResponseHeadersAllowedTransform))]
[ConfigurationCase(typeof(ResponseHeaderTransform))]
[ConfigurationCase(typeof(ResponseHeaderRemoveTransform))]
[ConfigurationCase(typeof(RewriteLocationTransform))]
[ConfigurationCase(typeof(RewriteCookieDomainTransform))]
[ConfigurationCase(typeof(RewriteCookiePathTransform))]
[ConfigurationCase(typeof(ResponseTrailersCopyTransform))]
[ConfigurationCase(typeof(ResponseTrailersAllowedTransform))]
[ConfigurationCase(typeof(ResponseTrailerTransform))]
[ConfigurationCase(typeof(ResponseTrailerRemoveTransform))]
public abstract record Transform
{
    private protected Transform()
    {
    }

    /// <summary>Its key in JSON, which also names it in errors.</summary>
    internal abstract string Key { get; }

    /// <summary>Whether it changes the head of the answer, whoever made it.</summary>
    internal virtual bool ChangesResponse => false;

    /// <summary>Whether it inserts values of the route.</summary>
    internal virtual bool UsesRouteValues => false;

    /// <summary>Whether it has an effect only if the whole gateway trusts proxies.</summary>
    internal virtual bool NeedsTrustedProxies => false;

    /// <summary>What is wrong with it, in sentences that follow its name.</summary>
    /// <param name="before">The steps that run earlier.</param>
    internal abstract IEnumerable<string> Errors(IReadOnlyList<Transform> before);

    /// <summary>What is wrong with it on this route.</summary>
    internal virtual IEnumerable<string> Errors(RoutePattern route) => [];

    /// <summary>Adds what it does to the plan of an endpoint.</summary>
    internal abstract void AddTo(TransformPlan plan);

    private protected static IEnumerable<string> TwiceErrors<T>(IReadOnlyList<Transform> before) =>
        before.Any(static step => step is T) ? ["is there twice."] : [];

    private protected static FrozenSet<string> NameSet(IReadOnlyList<string> names) => names.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
}
