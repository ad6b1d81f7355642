using System.Net;

namespace GatewayKit.Transforms;

/// <summary>
/// Writes a list of transforms in code. The methods have the names of the keys in JSON, so that who knows one form knows the other.
/// </summary>
/// <example><code>
/// app.MapGatewayRoute("/orders/{**rest}", cluster: "orders").WithTransforms(steps => steps
///     .PathRemovePrefix("/orders")
///     .RequestHeader("X-Tenant", set: "blue"));
/// </code></example>
public sealed class TransformSteps
{
    private readonly List<Transform> _steps = [];

    internal TransformSteps()
    {
    }

    /// <summary>Adds a transform that has more settings than its method here.</summary>
    public TransformSteps Add(Transform step)
    {
        ArgumentNullException.ThrowIfNull(step);
        _steps.Add(step);
        return this;
    }

    /// <inheritdoc cref="PathPrefixTransform"/>
    /// <param name="prefix"><inheritdoc cref="PathPrefixTransform.PathPrefix" path="/summary"/></param>
    public TransformSteps PathPrefix(string prefix) => Add(new PathPrefixTransform { PathPrefix = prefix });

    /// <inheritdoc cref="PathRemovePrefixTransform"/>
    /// <param name="prefix"><inheritdoc cref="PathRemovePrefixTransform.PathRemovePrefix" path="/summary"/></param>
    public TransformSteps PathRemovePrefix(string prefix) => Add(new PathRemovePrefixTransform { PathRemovePrefix = prefix });

    /// <inheritdoc cref="PathSetTransform"/>
    /// <param name="path"><inheritdoc cref="PathSetTransform.PathSet" path="/summary"/></param>
    public TransformSteps PathSet(string path) => Add(new PathSetTransform { PathSet = path });

    /// <inheritdoc cref="PathPatternTransform"/>
    /// <param name="pattern"><inheritdoc cref="PathPatternTransform.PathPattern" path="/summary"/></param>
    public TransformSteps PathPattern(string pattern) => Add(new PathPatternTransform { PathPattern = pattern });

    /// <inheritdoc cref="QueryValueTransform"/>
    /// <param name="name"><inheritdoc cref="QueryValueTransform.QueryValueParameter" path="/summary"/></param>
    /// <param name="set"><inheritdoc cref="QueryValueTransform.Set" path="/summary"/></param>
    /// <param name="append"><inheritdoc cref="QueryValueTransform.Append" path="/summary"/></param>
    public TransformSteps QueryValueParameter(string name, string? set = null, string? append = null) =>
        Add(new QueryValueTransform { QueryValueParameter = name, Set = set, Append = append });

    /// <inheritdoc cref="QueryRouteValueTransform"/>
    /// <param name="name"><inheritdoc cref="QueryRouteValueTransform.QueryRouteParameter" path="/summary"/></param>
    /// <param name="set"><inheritdoc cref="QueryRouteValueTransform.Set" path="/summary"/></param>
    /// <param name="append"><inheritdoc cref="QueryRouteValueTransform.Append" path="/summary"/></param>
    public TransformSteps QueryRouteParameter(string name, string? set = null, string? append = null) =>
        Add(new QueryRouteValueTransform { QueryRouteParameter = name, Set = set, Append = append });

    /// <inheritdoc cref="QueryRemoveTransform"/>
    /// <param name="name"><inheritdoc cref="QueryRemoveTransform.QueryRemoveParameter" path="/summary"/></param>
    public TransformSteps QueryRemoveParameter(string name) => Add(new QueryRemoveTransform { QueryRemoveParameter = name });

    /// <inheritdoc cref="HttpMethodChangeTransform"/>
    /// <param name="method"><inheritdoc cref="HttpMethodChangeTransform.HttpMethodChange" path="/summary"/></param>
    /// <param name="set"><inheritdoc cref="HttpMethodChangeTransform.Set" path="/summary"/></param>
    public TransformSteps HttpMethodChange(string method, string set) => Add(new HttpMethodChangeTransform { HttpMethodChange = method, Set = set });

    /// <inheritdoc cref="RequestHostTransform"/>
    /// <param name="host"><inheritdoc cref="RequestHostTransform.RequestHost" path="/summary"/></param>
    public TransformSteps RequestHost(string host) => Add(new RequestHostTransform { RequestHost = host });

    /// <inheritdoc cref="RequestHeaderOriginalHostTransform"/>
    /// <param name="original"><inheritdoc cref="RequestHeaderOriginalHostTransform.RequestHeaderOriginalHost" path="/summary"/></param>
    public TransformSteps RequestHeaderOriginalHost(bool original = true) =>
        Add(new RequestHeaderOriginalHostTransform { RequestHeaderOriginalHost = original });

    /// <inheritdoc cref="RequestHeadersCopyTransform"/>
    /// <param name="copy"><inheritdoc cref="RequestHeadersCopyTransform.RequestHeadersCopy" path="/summary"/></param>
    public TransformSteps RequestHeadersCopy(bool copy) => Add(new RequestHeadersCopyTransform { RequestHeadersCopy = copy });

    /// <inheritdoc cref="RequestHeadersAllowedTransform"/>
    /// <param name="names"><inheritdoc cref="RequestHeadersAllowedTransform.RequestHeadersAllowed" path="/summary"/></param>
    public TransformSteps RequestHeadersAllowed(params IEnumerable<string> names) =>
        Add(new RequestHeadersAllowedTransform { RequestHeadersAllowed = [.. names] });

    /// <inheritdoc cref="RequestHeaderTransform"/>
    /// <param name="name"><inheritdoc cref="RequestHeaderTransform.RequestHeader" path="/summary"/></param>
    /// <param name="set"><inheritdoc cref="RequestHeaderTransform.Set" path="/summary"/></param>
    /// <param name="append"><inheritdoc cref="RequestHeaderTransform.Append" path="/summary"/></param>
    public TransformSteps RequestHeader(string name, string? set = null, string? append = null) =>
        Add(new RequestHeaderTransform { RequestHeader = name, Set = set, Append = append });

    /// <inheritdoc cref="RequestHeaderRouteValueTransform"/>
    /// <param name="name"><inheritdoc cref="RequestHeaderRouteValueTransform.RequestHeaderRouteValue" path="/summary"/></param>
    /// <param name="set"><inheritdoc cref="RequestHeaderRouteValueTransform.Set" path="/summary"/></param>
    /// <param name="append"><inheritdoc cref="RequestHeaderRouteValueTransform.Append" path="/summary"/></param>
    public TransformSteps RequestHeaderRouteValue(string name, string? set = null, string? append = null) =>
        Add(new RequestHeaderRouteValueTransform { RequestHeaderRouteValue = name, Set = set, Append = append });

    /// <inheritdoc cref="RequestHeaderRemoveTransform"/>
    /// <param name="name"><inheritdoc cref="RequestHeaderRemoveTransform.RequestHeaderRemove" path="/summary"/></param>
    public TransformSteps RequestHeaderRemove(string name) => Add(new RequestHeaderRemoveTransform { RequestHeaderRemove = name });

    /// <inheritdoc cref="XForwardedTransform"/>
    /// <param name="action">What happens to all four fields. For one each, use <see cref="XForwardedTransform"/>.</param>
    /// <param name="trustedNetworks"><inheritdoc cref="XForwardedTransform.TrustedNetworks" path="/summary"/></param>
    public TransformSteps XForwarded(ForwardedAction action, params IEnumerable<IPNetwork> trustedNetworks) =>
        Add(new XForwardedTransform { XForwarded = action, TrustedNetworks = [.. trustedNetworks] });

    /// <inheritdoc cref="ForwardedTransform"/>
    /// <param name="parameters"><inheritdoc cref="ForwardedTransform.Forwarded" path="/summary"/></param>
    /// <param name="forFormat"><inheritdoc cref="ForwardedTransform.ForFormat" path="/summary"/></param>
    /// <param name="byFormat"><inheritdoc cref="ForwardedTransform.ByFormat" path="/summary"/></param>
    public TransformSteps Forwarded(ForwardedParameters parameters, NodeFormat? forFormat = null, NodeFormat? byFormat = null) =>
        Add(new ForwardedTransform { Forwarded = parameters, ForFormat = forFormat, ByFormat = byFormat });

    /// <inheritdoc cref="ClientCertTransform"/>
    /// <param name="name"><inheritdoc cref="ClientCertTransform.ClientCert" path="/summary"/></param>
    /// <param name="format"><inheritdoc cref="ClientCertTransform.Format" path="/summary"/></param>
    public TransformSteps ClientCert(string name, ClientCertFormat format = ClientCertFormat.Base64) =>
        Add(new ClientCertTransform { ClientCert = name, Format = format });

    /// <inheritdoc cref="ResponseHeadersCopyTransform"/>
    /// <param name="copy"><inheritdoc cref="ResponseHeadersCopyTransform.ResponseHeadersCopy" path="/summary"/></param>
    public TransformSteps ResponseHeadersCopy(bool copy) => Add(new ResponseHeadersCopyTransform { ResponseHeadersCopy = copy });

    /// <inheritdoc cref="ResponseHeadersAllowedTransform"/>
    /// <param name="names"><inheritdoc cref="ResponseHeadersAllowedTransform.ResponseHeadersAllowed" path="/summary"/></param>
    public TransformSteps ResponseHeadersAllowed(params IEnumerable<string> names) =>
        Add(new ResponseHeadersAllowedTransform { ResponseHeadersAllowed = [.. names] });

    /// <inheritdoc cref="ResponseHeaderTransform"/>
    /// <param name="name"><inheritdoc cref="ResponseHeaderTransform.ResponseHeader" path="/summary"/></param>
    /// <param name="set"><inheritdoc cref="ResponseHeaderTransform.Set" path="/summary"/></param>
    /// <param name="append"><inheritdoc cref="ResponseHeaderTransform.Append" path="/summary"/></param>
    /// <param name="when"><inheritdoc cref="ResponseHeaderTransform.When" path="/summary"/></param>
    public TransformSteps ResponseHeader(string name, string? set = null, string? append = null, ResponseCondition when = ResponseCondition.Success) =>
        Add(new ResponseHeaderTransform { ResponseHeader = name, Set = set, Append = append, When = when });

    /// <inheritdoc cref="ResponseHeaderRemoveTransform"/>
    /// <param name="name"><inheritdoc cref="ResponseHeaderRemoveTransform.ResponseHeaderRemove" path="/summary"/></param>
    /// <param name="when"><inheritdoc cref="ResponseHeaderRemoveTransform.When" path="/summary"/></param>
    public TransformSteps ResponseHeaderRemove(string name, ResponseCondition when = ResponseCondition.Success) =>
        Add(new ResponseHeaderRemoveTransform { ResponseHeaderRemove = name, When = when });

    /// <inheritdoc cref="RewriteLocationTransform"/>
    /// <param name="from"><inheritdoc cref="RewriteLocationTransform.From" path="/summary"/></param>
    /// <param name="to"><inheritdoc cref="RewriteLocationTransform.To" path="/summary"/></param>
    /// <param name="hosts"><inheritdoc cref="RewriteLocationTransform.Hosts" path="/summary"/></param>
    public TransformSteps RewriteLocation(string? from = null, string? to = null, params IEnumerable<string> hosts) =>
        Add(new RewriteLocationTransform { RewriteLocation = true, From = from, To = to, Hosts = [.. hosts] });

    /// <inheritdoc cref="RewriteCookieDomainTransform"/>
    /// <param name="domain"><inheritdoc cref="RewriteCookieDomainTransform.RewriteCookieDomain" path="/summary"/></param>
    /// <param name="set">The domain to put in its place; <see langword="null"/> to remove the attribute.</param>
    public TransformSteps RewriteCookieDomain(string domain, string? set) =>
        Add(new RewriteCookieDomainTransform { RewriteCookieDomain = domain, Set = set, Remove = set is null });

    /// <inheritdoc cref="RewriteCookiePathTransform"/>
    /// <param name="path"><inheritdoc cref="RewriteCookiePathTransform.RewriteCookiePath" path="/summary"/></param>
    /// <param name="set"><inheritdoc cref="RewriteCookiePathTransform.Set" path="/summary"/></param>
    public TransformSteps RewriteCookiePath(string path, string set) => Add(new RewriteCookiePathTransform { RewriteCookiePath = path, Set = set });

    /// <inheritdoc cref="ResponseTrailersCopyTransform"/>
    /// <param name="copy"><inheritdoc cref="ResponseTrailersCopyTransform.ResponseTrailersCopy" path="/summary"/></param>
    public TransformSteps ResponseTrailersCopy(bool copy) => Add(new ResponseTrailersCopyTransform { ResponseTrailersCopy = copy });

    /// <inheritdoc cref="ResponseTrailersAllowedTransform"/>
    /// <param name="names"><inheritdoc cref="ResponseTrailersAllowedTransform.ResponseTrailersAllowed" path="/summary"/></param>
    public TransformSteps ResponseTrailersAllowed(params IEnumerable<string> names) =>
        Add(new ResponseTrailersAllowedTransform { ResponseTrailersAllowed = [.. names] });

    /// <inheritdoc cref="ResponseTrailerTransform"/>
    /// <param name="name"><inheritdoc cref="ResponseTrailerTransform.ResponseTrailer" path="/summary"/></param>
    /// <param name="set"><inheritdoc cref="ResponseTrailerTransform.Set" path="/summary"/></param>
    /// <param name="append"><inheritdoc cref="ResponseTrailerTransform.Append" path="/summary"/></param>
    /// <param name="when"><inheritdoc cref="ResponseTrailerTransform.When" path="/summary"/></param>
    public TransformSteps ResponseTrailer(string name, string? set = null, string? append = null, ResponseCondition when = ResponseCondition.Success) =>
        Add(new ResponseTrailerTransform { ResponseTrailer = name, Set = set, Append = append, When = when });

    /// <inheritdoc cref="ResponseTrailerRemoveTransform"/>
    /// <param name="name"><inheritdoc cref="ResponseTrailerRemoveTransform.ResponseTrailerRemove" path="/summary"/></param>
    /// <param name="when"><inheritdoc cref="ResponseTrailerRemoveTransform.When" path="/summary"/></param>
    public TransformSteps ResponseTrailerRemove(string name, ResponseCondition when = ResponseCondition.Success) =>
        Add(new ResponseTrailerRemoveTransform { ResponseTrailerRemove = name, When = when });

    internal IReadOnlyList<Transform> ToList() => _steps;
}
