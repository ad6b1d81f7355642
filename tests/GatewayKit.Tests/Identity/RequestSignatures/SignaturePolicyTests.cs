using GatewayKit.Identity.RequestSignatures;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Tests.Identity.RequestSignatures;

public sealed class SignaturePolicyTests
{
    [Theory]
    [InlineData("@method")]
    [InlineData("Content-Type")]
    [InlineData("")]
    [InlineData("a b")]
    public void Component_that_is_no_field_is_refused(string component) => Refuses(new() { Components = [component] }, "Components has");

    [Fact]
    public void Settings_have_ends()
    {
        Refuses(new() { MaxAge = TimeSpan.Zero }, "MaxAge is");
        Refuses(new() { MaxAge = TimeSpan.FromHours(2) }, "MaxAge is");
        Refuses(new() { ClockSkew = TimeSpan.FromMinutes(6) }, "ClockSkew is");
        Refuses(new() { Label = "" }, "Label must be");
        Refuses(new() { Scopes = ["a b"] }, "Scopes has");
        Refuses(new() { MaxBodyBytes = -1 }, "MaxBodyBytes");
    }

    [Theory]
    [InlineData("/a/%2e%2E/b?x=1&x=%20", "/a/%2e%2E/b", "?x=1&x=%20")]
    [InlineData("/a?", "/a", "?")]
    [InlineData("http://other.example/a?x", "/a", "?x")]
    [InlineData("http://other.example?x", "", "?x")]
    [InlineData("http://other.example", "", "")]
    [InlineData("*", "*", "")]
    public void Target_is_what_came(string target, string path, string query)
    {
        var context = new DefaultHttpContext();
        context.Features.Get<IHttpRequestFeature>()!.RawTarget = target;
        context.Request.Path = "/rewritten";
        context.Request.QueryString = new("?rewritten");
        var message = new IncomingMessage(context);
        Assert.Equal((path, query), (message.Path, message.Query));
    }

    private static void Refuses(SignaturePolicy policy, string message) => Assert.Contains(message, new SignaturePolicyValidator().Validate(null, policy).FailureMessage ?? string.Empty, StringComparison.Ordinal);
}
