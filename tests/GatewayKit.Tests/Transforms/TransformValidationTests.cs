using GatewayKit.Pipeline;
using GatewayKit.Transforms;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace GatewayKit.Tests.Transforms;

public sealed class TransformValidationTests
{
    internal static string[] ErrorsOf(Action<TransformSteps> steps) =>
        [.. TransformPolicyValidator.Instance.Validate(null, TransformPolicy.Of(steps)).Failures ?? []];

    [Fact]
    public void Error_names_index_and_key() => Assert.Equal(
        "Transforms[1] 'RequestHeader': needs Set or Append.",
        Assert.Single(ErrorsOf(steps => steps.PathSet("/a").RequestHeader("X-A"))));

    [Fact]
    public void All_errors_are_found_at_once() =>
        Assert.Equal(3, ErrorsOf(steps => steps.PathSet("a").RequestHeader("X A", set: "x\ny")).Length);

    [Theory]
    [InlineData("Connection")]
    [InlineData("connection")]
    [InlineData("Keep-Alive")]
    [InlineData("Proxy-Authorization")]
    [InlineData("TE")]
    [InlineData("Trailer")]
    [InlineData("Transfer-Encoding")]
    [InlineData("Upgrade")]
    [InlineData("Content-Length")]
    [InlineData("Expect")]
    [InlineData("")]
    [InlineData("X A")]
    [InlineData("X:A")]
    [InlineData("Ü")]
    [InlineData(":path")]
    public void Header_that_nobody_may_set_is_refused_in_every_family(string name)
    {
        Assert.NotEmpty(ErrorsOf(steps => steps.RequestHeader(name, set: "a")));
        Assert.NotEmpty(ErrorsOf(steps => steps.RequestHeader(name, append: "a")));
        Assert.NotEmpty(ErrorsOf(steps => steps.RequestHeaderRemove(name)));
        Assert.NotEmpty(ErrorsOf(steps => steps.RequestHeaderRouteValue(name, set: "a")));
        Assert.NotEmpty(ErrorsOf(steps => steps.ClientCert(name)));
        Assert.NotEmpty(ErrorsOf(steps => steps.ResponseHeader(name, set: "a")));
        Assert.NotEmpty(ErrorsOf(steps => steps.ResponseHeaderRemove(name)));
        Assert.NotEmpty(ErrorsOf(steps => steps.ResponseTrailer(name, set: "a")));
        Assert.NotEmpty(ErrorsOf(steps => steps.ResponseTrailerRemove(name)));
    }

    [Fact]
    public void Host_as_a_header_names_the_right_transform() =>
        Assert.Contains("RequestHost", Assert.Single(ErrorsOf(steps => steps.RequestHeader("host", set: "a"))), StringComparison.Ordinal);

    [Theory]
    [InlineData("X-Forwarded-For")]
    [InlineData("x-forwarded-proto")]
    [InlineData("Forwarded")]
    public void Forwarding_field_as_a_header_needs_the_fields_taken_over(string name)
    {
        Assert.Contains("X-Forwarded or Forwarded", Assert.Single(ErrorsOf(steps => steps.RequestHeader(name, set: "a"))), StringComparison.Ordinal);
        Assert.Empty(ErrorsOf(steps => steps.XForwarded(ForwardedAction.Off).RequestHeader(name, set: "a")));
    }

    public static TheoryData<string, Action<TransformSteps>> Wrong => new()
    {
        { "set and append", steps => steps.RequestHeader("X-A", set: "a", append: "b") },
        { "line break in a header", steps => steps.ResponseHeader("X-A", set: "a\r\nSet-Cookie: x") },
        { "NUL in a header", steps => steps.ResponseTrailer("X-A", append: "a\0") },
        { "non-ASCII in a header", steps => steps.RequestHeader("X-A", set: "ü") },
        { "prefix without slash", steps => steps.PathPrefix("a") },
        { "prefix with slash at the end", steps => steps.PathRemovePrefix("/a/") },
        { "prefix that climbs", steps => steps.PathPrefix("/a/..") },
        { "authority as path", steps => steps.PathSet("//evil.example") },
        { "path with an encoded slash, which would be refused on every request", steps => steps.PathSet("/a%2Fb") },
        { "path with query", steps => steps.PathSet("/a?b") },
        { "path with space", steps => steps.PathSet("/a b") },
        { "path with route value", steps => steps.PathSet("/a/{id}") },
        { "pattern that is none", steps => steps.PathPattern("/a/{id") },
        { "pattern without slash", steps => steps.PathPattern("a/{id}") },
        { "pattern with constraint", steps => steps.PathPattern("/a/{id:int}") },
        { "pattern with space", steps => steps.PathPattern("/a b/{id}") },
        { "pattern that climbs", steps => steps.PathPattern("/a/../{id}") },
        { "query without name", steps => steps.QueryValueParameter("", set: "a") },
        { "query without value", steps => steps.QueryValueParameter("a") },
        { "query with both", steps => steps.QueryRouteParameter("a", set: "b", append: "c") },
        { "query removal without name", steps => steps.QueryRemoveParameter("") },
        { "method that is none", steps => steps.HttpMethodChange("GET", "P T") },
        { "method in lower case", steps => steps.HttpMethodChange("get", "POST") },
        { "method that is not forwarded", steps => steps.HttpMethodChange("GET", "TRACE") },
        { "host with path", steps => steps.RequestHost("a/b") },
        { "host with user", steps => steps.RequestHost("u@a") },
        { "host with line break", steps => steps.RequestHost("a\r\nX: y") },
        { "allow list of no names", steps => steps.RequestHeadersAllowed("a b") },
        { "two allow lists", steps => steps.RequestHeadersAllowed("a").RequestHeadersAllowed("b") },
        { "prefix that is no name", steps => steps.Add(new XForwardedTransform { XForwarded = ForwardedAction.Set, HeaderPrefix = "X Y" }) },
        { "two families", steps => steps.XForwarded(ForwardedAction.Set).Forwarded(ForwardedParameters.For) },
        { "no parameter", steps => steps.Forwarded(ForwardedParameters.None) },
        { "format without parameter", steps => steps.Forwarded(ForwardedParameters.For, byFormat: NodeFormat.Ip) },
        { "Forwarded removed", steps => steps.Add(new ForwardedTransform { Forwarded = ForwardedParameters.For, Action = ForwardedAction.Remove }) },
        { "cookie domain neither set nor removed", steps => steps.Add(new RewriteCookieDomainTransform { RewriteCookieDomain = "*" }) },
        { "cookie domain with attribute", steps => steps.RewriteCookieDomain("*", "a; Secure") },
        { "cookie path with attribute", steps => steps.RewriteCookiePath("/a", "/b;x") },
        { "location prefix without slash", steps => steps.RewriteLocation(to: "orders") },
        { "location host with path", steps => steps.RewriteLocation(hosts: "a/b") },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_cannot_work_is_an_error(string what, Action<TransformSteps> steps) => Assert.True(ErrorsOf(steps).Length == 1, what);

    [Theory]
    [InlineData("/orders/{id}", "/v2/{id}", null)]
    [InlineData("/orders/{id}", "/v2/{key}", "'{key}' is not a value of the route")]
    [InlineData("/orders/{id?}", "/v2/{id}", "may be absent")]
    [InlineData("/orders/{id?}", "/v2/{id?}", null)]
    [InlineData("/orders/{id?}", "/v2/{id=all}", null)]
    [InlineData("/orders/{id=1}", "/v2/{id}", null)]
    [InlineData("/orders/{**rest}", "/v2/{rest}", null)]
    public void Pattern_is_checked_against_the_route(string route, string pattern, string? error)
    {
        var endpoint = Exchange.EndpointOf(route, "orders");
        var policy = TransformPolicy.Of(steps => steps.PathPattern(pattern));
        if (error is null)
        {
            TransformPolicyValidator.ThrowIfUnfit(policy, endpoint, new());
            return;
        }

        var exception = Assert.Throws<OptionsValidationException>(() => TransformPolicyValidator.ThrowIfUnfit(policy, endpoint, new()));
        Assert.StartsWith("orders: Transforms[0] 'PathPattern': ", exception.Message, StringComparison.Ordinal);
        Assert.Contains(error, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Route_values_of_headers_and_query_are_checked_against_the_route()
    {
        var endpoint = Exchange.EndpointOf("/orders/{id}", "orders");
        var policy = TransformPolicy.Of(steps => steps
            .RequestHeaderRouteValue("X-Id", set: "id").RequestHeaderRouteValue("X-No", set: "no")
            .QueryRouteParameter("id", set: "id").QueryRouteParameter("no", append: "no"));
        var exception = Assert.Throws<OptionsValidationException>(() => TransformPolicyValidator.ThrowIfUnfit(policy, endpoint, new()));
        Assert.Equal(2, exception.Failures.Count());
    }

    [Fact]
    public void Appending_needs_somebody_to_trust()
    {
        var endpoint = Exchange.EndpointOf("/", "orders");
        var policy = TransformPolicy.Of(steps => steps.XForwarded(ForwardedAction.Append));
        var exception = Assert.Throws<OptionsValidationException>(() => TransformPolicyValidator.ThrowIfUnfit(policy, endpoint, new()));
        Assert.StartsWith("orders: Transforms[0] 'X-Forwarded': Append needs TrustedNetworks, or TrustedProxies", exception.Message, StringComparison.Ordinal);
        TransformPolicyValidator.ThrowIfUnfit(policy, endpoint, new() { TrustedProxies = [System.Net.IPNetwork.Parse("10.0.0.0/8")] });
        TransformPolicyValidator.ThrowIfUnfit(TransformPolicy.Of(steps => steps.XForwarded(ForwardedAction.Append, System.Net.IPNetwork.Parse("10.0.0.0/8"))), endpoint, new());
    }

    [Fact]
    public void Wrong_step_fails_at_the_call() => Assert.Throws<OptionsValidationException>(() =>
        new Conventions().WithTransforms(steps => steps.RequestHeader("X-A", set: "a\nb")));

    private sealed class Conventions : IEndpointConventionBuilder
    {
        public void Add(Action<EndpointBuilder> convention)
        {
        }
    }
}
