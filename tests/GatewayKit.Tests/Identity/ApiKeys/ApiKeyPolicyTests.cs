using GatewayKit.Identity.ApiKeys;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace GatewayKit.Tests.Identity.ApiKeys;

public sealed class ApiKeyPolicyTests
{
    [Theory]
    [InlineData("")]
    [InlineData("X Api Key")]
    [InlineData("X-Api-Key:")]
    [InlineData("Cookie")]
    [InlineData("host")]
    [InlineData("Proxy-Authorization")]
    [InlineData("Connection")]
    public void Header_of_another_purpose_is_refused(string header) =>
        Assert.Contains("Header is", Fault(new() { Header = header }), StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\"b")]
    [InlineData("a\\b")]
    [InlineData("ä")]
    public void Scope_of_another_form_is_refused(string scope) =>
        Assert.Contains("Scopes has", Fault(new() { Scopes = [scope] }), StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("a&b")]
    [InlineData("a=b")]
    public void Parameter_of_another_form_is_refused(string parameter) =>
        Assert.Contains("QueryParameter is", Fault(new() { QueryParameter = parameter }), StringComparison.Ordinal);

    [Fact]
    public void Usual_settings_are_fine() =>
        Assert.Null(Fault(new() { Header = "Authorization", Scopes = ["orders:read", "https://example.com/scope"], QueryParameter = "api_key" }));

    [Fact]
    public void Prefix_and_rate_of_failures_are_checked()
    {
        var validator = new ApiKeyOptionsValidator();
        Assert.True(validator.Validate(null, new()).Succeeded);
        Assert.True(validator.Validate(null, new() { Prefix = "gk__x" }).Failed);
        Assert.True(validator.Validate(null, new() { FailuresPerMinute = -1 }).Failed);
        Assert.True(validator.Validate(null, new() { FailureBurst = 0 }).Failed);
    }

    private static string? Fault(ApiKeyPolicy policy)
    {
        try
        {
            new Endpoints().RequireApiKey(policy);
            return null;
        }
        catch (OptionsValidationException exception)
        {
            return exception.Message;
        }
    }

    private sealed class Endpoints : IEndpointConventionBuilder
    {
        public void Add(Action<EndpointBuilder> convention)
        {
        }
    }
}
